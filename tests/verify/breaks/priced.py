"""Breaks of assessments, prices and cover: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break

BREAKS = (
    Break(
        "an assessment that registration never saw",
        "ASSESSMENTS_KNOWN",
        "registration",
        ("UPDATE enrolment SET assessment_version = 7 WHERE state = 'PENDING_PAYMENT'",),
    ),
    Break(
        "a bill that vanished",
        "ASSESSMENTS_KNOWN",
        "payment",
        ("DELETE FROM bill WHERE state = 'OPEN'",),
    ),
    Break(
        "an assessment that vanished",
        "ASSESSMENTS_KNOWN",
        "subsidy",
        ("DELETE FROM assessment WHERE enrolment_id = (SELECT min(enrolment_id::text)::uuid FROM assessment)",),
    ),
    Break(
        "aid of another amount",
        "AID_AS_ASSESSED",
        "payment",
        ("UPDATE transfer SET amount_fen = 19000 WHERE kind = 'aid_earned' AND amount_fen = 20000",),
        1_000,
    ),
    Break(
        "aid of another funder",
        "AID_AS_ASSESSED",
        "payment",
        ("UPDATE transfer SET debit = 'funder:nobody' WHERE kind = 'aid_earned' AND amount_fen = 38000",),
    ),
    Break(
        "a bill of another due",
        "AID_AS_ASSESSED",
        "payment",
        ("UPDATE bill SET due_fen = 17000 WHERE due_fen = 18000",),
        1_000,
    ),
    Break(
        "an open bill of an old version",
        "AID_AS_ASSESSED",
        "payment",
        ("UPDATE bill SET version = 9 WHERE state = 'OPEN'",),
    ),
    Break(
        "an enrolment paid through another channel",
        "PAID_AS_BILLED",
        "registration",
        ("UPDATE enrolment SET channel = 'VILLAGE_CASH' WHERE paid_fen = 18000",),
    ),
    Break(
        "a price that nobody was informed of",
        "COVER_AS_PRICED",
        "subsidy",
        (
            (
                "DELETE FROM assessment WHERE enrolment_id = (SELECT id FROM enrolment WHERE paid_on IS NOT NULL"
                " ORDER BY id LIMIT 1)"
            ),
        ),
        query="_ROW_OF_THE_DAY",
    ),
    Break(
        "aid of more than the standard",
        "COVER_AS_PRICED",
        "subsidy",
        (
            (
                "UPDATE pricing SET schedule = jsonb_set(schedule::jsonb, '{0,standard_fen}', '1')::json WHERE"
                " schedule::jsonb #>> '{0,shares}' <> '[]'"
            ),
        ),
        query="_ROWS_IN_ORDER",
    ),
    Break(
        "an identity without a roster",
        "IDENTITIES_CERTIFIED",
        "subsidy",
        ("DELETE FROM roster_line",),
        query="_UNCERTIFIED",
    ),
    Break(
        "a count of people by price that was forged",
        "PRICE_COUNTS",
        "subsidy",
        ("INSERT INTO enrolment_count_delta VALUES ('411521101201', 2024, 'X', NULL, true, 1)",),
        query="_PRICE_COUNTS",
    ),
    Break(
        "a count of roster lines that was forged",
        "PRICE_COUNTS",
        "subsidy",
        ("INSERT INTO roster_line_count_delta (region, identity, people) VALUES ('411521101201', 'DIBAO', 1)",),
        query="_ROSTER_LINES",
    ),
)
