"""Frauds with people: who is who, who is enrolled, and how they are counted."""

from tests.verify.inventions.invention import Invention, done_in

PEOPLE = (
    # Who is who.
    Invention(
        "the unpaid takes the name of the paid",
        "PAID_AS_BILLED",
        done_in(
            "registration",
            "DROP INDEX enrolment_one_live_per_person_and_year",
            "UPDATE enrolment AS e SET person_token = o.person_token, document_number = o.document_number,"
            " person_name = o.person_name FROM enrolment AS o"
            " WHERE e.id <> o.id AND e.paid_fen IS NOT DISTINCT FROM CASE o.state WHEN 'PENDING_PAYMENT' THEN 18000 END"
            " AND (e.state = 'PENDING_PAYMENT' AND o.paid_fen = 18000 OR e.paid_fen = 18000 AND o.state ="
            " 'PENDING_PAYMENT')",
        ),
    ),
    Invention(
        "a stranger assessed in the place of a poor person",
        "ASSESSMENTS_KNOWN",
        done_in(
            "subsidy",
            "UPDATE assessment SET person_token = 'stranger' WHERE identities::text LIKE '%DIBAO%'",
            "UPDATE roster_line SET person_token = 'stranger' WHERE identity = 'DIBAO'",
        ),
    ),
    Invention(
        "a roster line entered after the assessment that counts it",
        "IDENTITIES_CERTIFIED",
        done_in("subsidy", "UPDATE roster_line SET recorded_at = now() WHERE identity = 'DIBAO'"),
    ),
    # Enrolments and counters.
    Invention(
        "a paid enrolment ended by registrations login to free the person",
        "PAID_AS_BILLED",
        done_in("registration", "UPDATE enrolment SET state = 'TERMINATED' WHERE paid_fen = 18000"),
        service=True,
    ),
    Invention(
        "a villages figures moved to the next by quotas login",
        "COUNTERS_RECOMPUTED",
        done_in(
            "quota",
            "UPDATE village_counter SET enrolled = enrolled + CASE region WHEN '411521101201' THEN -1 ELSE 1 END",
        ),
        service=True,
    ),
    Invention(
        "a target lowered with the total that the notice declares",
        "SAID_AS_STORED",
        done_in(
            "quota",
            "UPDATE town_target SET target = target - 1 WHERE region = '411521101'",
            "UPDATE target_set SET declared_total = declared_total - 1",
        ),
    ),
)
