"""Breaks of enrolments, counters and targets: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break
from tests.verify.breaks.statements import update_one

BREAKS = (
    Break(
        "an enrolment set PAID",
        "PAID_MEANS_CREDITED",
        "registration",
        (
            (
                "UPDATE enrolment SET state = 'PAID', paid_basis = 'CONTRIBUTION', paid_on = '2023-10-08',"
                " paid_fen = 38000, due_fen = 38000, aided_fen = 0 WHERE state = 'PENDING_PAYMENT'"
            ),
        ),
        38_000,
    ),
    Break(
        "an enrolment's payment forgotten",
        "PAID_MEANS_CREDITED",
        "registration",
        (update_one("enrolment", "state = 'PENDING_PAYMENT'", "paid_fen = 18000"),),
    ),
    Break(
        "a paid enrolment in another village",
        "PAID_MEANS_CREDITED",
        "registration",
        ("UPDATE enrolment SET region = '411521102299' WHERE paid_fen = 18000",),
    ),
    Break(
        "an enrolment paid with less than it owed",
        "PAID_MEANS_CREDITED",
        "registration",
        ("UPDATE enrolment SET due_fen = due_fen + 1 WHERE paid_fen = 18000",),
        1,
        "_BASIS",
    ),
    Break(
        "a name that payment compares with another one",
        "NAMES_AGREE",
        "payment",
        (
            (
                "UPDATE person_name SET name_token = repeat('0', 64) WHERE enrolment_id ="
                " (SELECT enrolment_id FROM person_name ORDER BY enrolment_id LIMIT 1)"
            ),
        ),
        0,
    ),
    Break(
        "a registered person whom payment takes for a stranger",
        "NAMES_AGREE",
        "payment",
        ("DELETE FROM person_name WHERE enrolment_id = (SELECT min(enrolment_id::text)::uuid FROM person_name)",),
    ),
    Break(
        "one person enrolled twice",
        "ONE_ENROLMENT_PER_PERSON",
        "registration",
        (
            "DROP INDEX enrolment_one_live_per_person_and_year",
            (
                "UPDATE enrolment SET person_token = (SELECT person_token FROM enrolment WHERE paid_fen = 18000)"
                " WHERE state = 'PENDING_PAYMENT'"
            ),
        ),
        query="_TWICE",
    ),
    Break(
        "an unpaid person covered",
        "ONE_ENROLMENT_PER_PERSON",
        "registration",
        (
            (
                "UPDATE enrolment SET benefit_start = '2024-01-01', benefit_end = '2024-12-31'"
                " WHERE state = 'PENDING_PAYMENT'"
            ),
        ),
        query="_COVER",
    ),
    Break(
        "a certificate that registration never saw",
        "TREASURY_KNOWN",
        "registration",
        ("UPDATE enrolment SET certificate_no = NULL WHERE paid_fen = 18000",),
    ),
    Break(
        "a counter changed",
        "COUNTERS_RECOMPUTED",
        "quota",
        ("UPDATE village_counter SET enrolled = enrolled - 1 WHERE region = '411521101201'",),
    ),
    Break(
        "a counter lost",
        "COUNTERS_RECOMPUTED",
        "quota",
        ("DELETE FROM village_counter WHERE region = '411521102201'",),
    ),
    Break(
        "targets that no longer sum",
        "TARGETS_SUM",
        "quota",
        ("UPDATE town_target SET target = target + 1 WHERE region = '411521101'",),
        query="_TARGETS",
    ),
    Break(
        "a count of enrolments that was forged",
        "ENROLMENT_COUNTS",
        "registration",
        ("INSERT INTO enrolment_count_delta VALUES ('411521101201', 2024, 'PAID', NULL, NULL, 1)",),
        query="_ENROLMENT_COUNTS",
    ),
)
