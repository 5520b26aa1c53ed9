"""What registration says of a paid enrolment: day, channel, version, due, aid and cover, by payment and by subsidy."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.comparison import Side
from verify.findings import Findings
from verify.in_flight import Flow, reconcile
from verify.snapshot import Databases

_BILLED = """
    SELECT enrolment_id::text AS key, region, coalesce(due_fen, 0) AS fen,
           concat_ws(' ', benefit_year, 'version', version, state, paid_on, paid_through, aided_fen, 'of',
                     person) AS facts
    FROM proof.bill WHERE state <> 'SUPERSEDED'
"""
_SHOWN = """
    SELECT id::text AS key, region, coalesce(paid_fen, 0) AS fen,
           concat_ws(' ', benefit_year, 'version', CASE WHEN NOT enrolled THEN bill_version ELSE paid_version END,
                     CASE WHEN NOT enrolled THEN 'OPEN' WHEN paid_basis = 'NOTHING_DUE' THEN 'NOTHING_DUE'
                          WHEN bill_version IS DISTINCT FROM paid_version
                          THEN concat('PAID, billed ', bill_version) ELSE 'PAID' END,
                     CASE WHEN paid_basis <> 'NOTHING_DUE' THEN paid_on END, channel,
                     CASE WHEN paid_basis <> 'NOTHING_DUE' THEN aided_fen END, 'of',
                     left(encode(sha256(convert_to(person_token, 'UTF8')), 'hex'), 16)) AS facts
    FROM proof.enrolment WHERE enrolled OR live AND outcome = 'PRICED' AND bill_version = assessment_version
"""
_FLOWS = (
    Flow(
        "payment",
        "registration",
        ("payment.bill_issued.v1", "payment.contribution_paid.v1", "payment.contribution_reversed.v1"),
    ),
    Flow("subsidy", "registration", ("subsidy.contribution_assessed.v1",)),
    Flow("subsidy", "payment", ("subsidy.contribution_assessed.v1",)),
    Flow(
        "registration",
        "payment",
        (
            "registration.enrolment_paid.v1",
            "registration.enrolment_payment_reversed.v1",
            "registration.enrolment_terminated.v1",
        ),
    ),
)
# Cover begins the day after a wait that is counted from the day of payment, where the row says so, else as the row
# says; a wait that outlasts the row's period leaves no cover. A month more ends on the same day or on the month's last.
_COVER_BY_RULE = """
    SELECT paid.id::text AS key, paid.region, coalesce(line.due_fen, -1) AS fen,
           concat_ws(' ', paid.paid_on, 'aid', (
               SELECT coalesce(sum(share.amount_fen), 0) FROM proof.pricing_share AS share
               WHERE share.pricing_id = paid.pricing_id AND share.row_no = paid.row_no),
               CASE WHEN cover.begins <= line.cover_until
                    THEN concat('cover ', cover.begins, '…', line.cover_until) END,
               CASE WHEN cover.begins > line.cover_until THEN 'WAITING_EXCEEDS_BENEFIT_PERIOD' END,
               line.wait) AS facts
    FROM proof.paid_enrolment AS paid
    LEFT JOIN proof.pricing_row AS line ON line.pricing_id = paid.pricing_id AND line.row_no = paid.row_no
    LEFT JOIN LATERAL (
        SELECT CASE line.cover_rule WHEN 'DAY_AFTER_WAIT' THEN greatest(
            line.cover_from, (paid.paid_on + make_interval(months => line.wait_months))::date + line.wait_days + 1)
            ELSE line.cover_from END AS begins
    ) AS cover ON true
"""
_COVER_SHOWN = """
    SELECT id::text AS key, region, coalesce(due_fen, 0) AS fen,
           concat_ws(' ', paid_on, 'aid', aided_fen,
               CASE WHEN benefit_start IS NOT NULL THEN concat('cover ', benefit_start, '…', benefit_end) END,
               benefit_held, benefit_wait) AS facts
    FROM proof.enrolment WHERE enrolled
"""
_TO_SUBSIDY = (
    Flow(
        "registration",
        "subsidy",
        (
            "registration.enrolment_paid.v1",
            "registration.enrolment_payment_corrected.v1",
            "registration.enrolment_payment_reversed.v1",
            "registration.enrolment_terminated.v1",
        ),
    ),
)
# The row under which an enrolment is paid holds the day, unless nothing was due then any more.
_ROW_OF_THE_DAY = """
    SELECT concat('enrolment ', paid.id) AS subject, paid.region,
           coalesce(concat(line.pay_from, '…', line.pay_until), 'a row') AS expected, paid.paid_on::text AS found,
           coalesce(line.due_fen, 0) AS fen
    FROM proof.paid_enrolment AS paid
    LEFT JOIN proof.pricing_row AS line ON line.pricing_id = paid.pricing_id AND line.row_no = paid.row_no
    WHERE line.pricing_id IS NULL OR paid.paid_on > line.pay_until
       OR paid.paid_on < line.pay_from AND line.due_fen > 0
       OR NOT EXISTS (SELECT FROM proof.assessment AS assessed
                      WHERE assessed.enrolment_id = paid.id AND assessed.pricing_id = paid.pricing_id)
    ORDER BY paid.id
"""
# The rows of a price follow each other without a gap and without a day in two of them.
_ROWS_IN_ORDER = """
    SELECT concat('pricing ', left(pricing_id, 12), ' row ', row_no) AS subject, NULL AS region,
           concat('from ', until + 1) AS expected, concat(pay_from, '…', pay_until) AS found, 0 AS fen
    FROM (
        SELECT *, lag(pay_until) OVER (PARTITION BY pricing_id ORDER BY row_no) AS until FROM proof.pricing_row
    ) AS line
    WHERE pay_from <= until OR pay_until < pay_from OR due_fen < 0 OR cover_until < cover_from
    UNION ALL
    SELECT concat('pricing ', left(line.pricing_id, 12), ' row ', line.row_no), NULL,
           (line.standard_fen - line.due_fen)::text, sum(share.amount_fen)::text, 0
    FROM proof.pricing_row AS line JOIN proof.pricing_share AS share USING (pricing_id, row_no)
    GROUP BY line.pricing_id, line.row_no, line.standard_fen, line.due_fen
    HAVING sum(share.amount_fen) > line.standard_fen - line.due_fen OR count(*) <> count(DISTINCT share.funder)
    ORDER BY subject
"""
_UNCERTIFIED = """
    SELECT concat('enrolment ', enrolment_id) AS subject, region, 'certified on a roster' AS expected,
           concat('version ', version, ' of ', assessed_on) AS found, 0 AS fen
    FROM proof.assessment WHERE latest AND NOT certified ORDER BY enrolment_id
"""


async def billed(databases: Databases, findings: Findings) -> None:
    """Version, day, channel and aid of each paid enrolment are those of the bill that was paid."""
    await reconcile(
        databases,
        findings,
        Side(databases.payment, _BILLED),
        Side(databases.registration_first, _SHOWN),
        _FLOWS,
    )


async def covered(databases: Databases, findings: Findings) -> None:
    """Due, aid, wait and cover of each paid enrolment are those of the row of the day on which it was paid."""
    await reconcile(
        databases,
        findings,
        Side(databases.registration, _COVER_SHOWN),
        Side(databases.subsidy, _COVER_BY_RULE),
        _TO_SUBSIDY,
    )
    for sql in (_ROW_OF_THE_DAY, _ROWS_IN_ORDER):
        await differing_rows(databases.subsidy, findings, sql)


async def certified(databases: Databases, findings: Findings) -> None:
    """Who is counted under an identity stands on a roster that certified it by the day of the assessment."""
    findings.count_examined(await count(databases.subsidy, "assessment"))
    await differing_rows(databases.subsidy, findings, _UNCERTIFIED)


CHECKS = (
    ConsistencyCheck(
        "PAID_AS_BILLED",
        "参保所记缴费 = 缴费单",
        "What registration says was paid is what was billed",
        "参保登记的版本、缴费日、渠道、资助 ↔ 已缴的缴费单",
        billed,
    ),
    ConsistencyCheck(
        "COVER_AS_PRICED",
        "待遇期 = 按缴费日重新计算",
        "Cover is what the row of the day of payment gives",
        "参保登记的应缴、资助、等待期、待遇期 ↔ 核定档位按缴费日重新计算",
        covered,
    ),
    ConsistencyCheck(
        "IDENTITIES_CERTIFIED",
        "身份均有名册",
        "Identities counted are on a roster",
        "核定所依据的身份 ↔ 核定日在册名单",
        certified,
    ),
)
