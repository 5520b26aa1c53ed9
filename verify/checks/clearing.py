"""How long money has waited where it only passes through: beyond its kind's limit it is named, with whose it is."""

from verify.check import ConsistencyCheck
from verify.checks.sql import differing_rows, named_rows
from verify.findings import Findings
from verify.snapshot import Databases

_TODAY = """
    SELECT coalesce((SELECT max(business_date) FROM proof.business_date),
                    (now() AT TIME ZONE 'Asia/Shanghai')::date) AS day
"""
# What our own clerks entered is never dated after the business date, which only moves on.
_FUTURE = f"""
    WITH today AS ({_TODAY}), entered AS (
        SELECT concat('receipt ', receipt_no) AS subject, region, received_on AS day, amount_fen FROM proof.cash_receipt
        UNION ALL SELECT concat('slip ', slip_no), region, deposited_on, amount_fen FROM proof.deposit_slip
        UNION ALL SELECT concat('bank line ', statement_no, ' ', line_no), region, booked_on, amount_fen
        FROM proof.bank_line
        UNION ALL SELECT concat('batch ', id), region,
                         greatest(remitted_on, received_on, certificate_issued_on, returned_on), amount_fen
        FROM proof.remittance_batch
    )
    SELECT subject, region, concat('not after ', today.day) AS expected, entered.day::text AS found, amount_fen AS fen
    FROM entered CROSS JOIN today WHERE entered.day > today.day
    UNION ALL
    SELECT 'business date', NULL, 'one day', concat(count(*), ' days'), 0 FROM proof.business_date HAVING count(*) > 1
    ORDER BY subject
"""  # noqa: S608 - a constant above
_TOO_OLD = """
    WITH batch AS (
        SELECT *, coalesce(moved_on, (recorded_at AT TIME ZONE 'Asia/Shanghai')::date) AS since
        FROM proof.remittance_batch
    ), waiting AS (
        SELECT 'receipts_unlisted' AS kind, concat('receipt ', receipt_no) AS subject, region, received_on AS since,
               amount_fen AS fen
        FROM proof.cash_receipt WHERE state = 'USED' AND batch_id IS NULL
        UNION ALL
        SELECT CASE state WHEN 'SUBMITTED' THEN 'statements_submitted' WHEN 'HELD' THEN 'batches_held'
                          WHEN 'SHORT' THEN 'collector_shortages'
                          WHEN 'REMITTED' THEN 'batches_in_transit' WHEN 'TREASURY_CONFIRMED' THEN 'batches_uncertified'
                          ELSE 'batches_before_remittance' END,
               concat('batch ', id, ' ', coalesce(statement_no, concat(channel, ' ', settlement_day)), ' ', state),
               region,
               CASE state WHEN 'REMITTED' THEN remitted_on WHEN 'TREASURY_CONFIRMED' THEN received_on ELSE since END,
               abs(CASE WHEN state IN ('SUBMITTED', 'HELD') THEN declared_fen
                        WHEN state = 'SHORT' THEN declared_fen - coalesce(counted_fen, 0) ELSE amount_fen END)
        FROM batch
        WHERE state IN ('SUBMITTED', 'HELD', 'SHORT', 'READY_TO_REMIT', 'AT_TAX_HALL', 'DETAIL_CONFIRMED', 'REMITTED',
                        'TREASURY_CONFIRMED')
        UNION ALL
        SELECT 'bank_lines_unexplained', concat('bank line ', statement_no, ' ', line_no), region, booked_on,
               abs(amount_fen)
        FROM proof.bank_line WHERE kind <> 'OTHER' AND batch_id IS NULL AND reversed_on IS NULL
        UNION ALL
        SELECT 'channel_unsettled', concat(min(payment.channel), ' ', payment.merchant_id, ' ', payment.paid_on),
               min(line.region), payment.paid_on, sum(line.amount_fen)
        FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
        WHERE line.settled_on IS NULL
          AND NOT EXISTS (SELECT FROM proof.unasked_refund AS unasked
                          WHERE (unasked.payment_line_id, unasked.amount_fen) = (line.id, line.amount_fen))
          AND NOT EXISTS (SELECT FROM proof.suspense AS suspense JOIN proof.refund AS refund
                            ON refund.suspense_id = suspense.id
                          WHERE suspense.payment_line_id = line.id AND refund.state = 'PAID')
        GROUP BY payment.channel, payment.merchant_id, payment.paid_on
        UNION ALL
        SELECT 'payouts_unsettled', concat('payout ', channel, ' ', merchant_id, ' ', paid_out_on, ' ', state), region,
               paid_out_on, abs(amount_fen)
        FROM proof.payout WHERE state IN ('AWAITED', 'HELD', 'SETTLING')
        UNION ALL
        SELECT 'suspense_held', concat('suspense ', id, ' ', reason), region, suspended_on, amount_fen
        FROM proof.suspense AS suspense
        WHERE state = 'HELD' AND NOT EXISTS (
            SELECT FROM proof.suspense_decision AS decision
            WHERE decision.suspense_id = suspense.id AND decision.kind = 'CARRY_OVER')
        UNION ALL
        SELECT 'refunds_under_way', concat('refund ', refund_no, ' ', state), region, requested_on, amount_fen
        FROM proof.refund WHERE state NOT IN ('PAID', 'WITHDRAWN')
        UNION ALL
        SELECT 'cash_refunds_under_way', concat('receipt ', receipt.receipt_no, ' ', refund.state), refund.region,
               refund.recalled_on, receipt.amount_fen
        FROM proof.cash_refund AS refund JOIN proof.cash_receipt AS receipt ON receipt.id = refund.receipt_id
        WHERE refund.state <> 'RETURNED'
    )
    SELECT concat(kind, ' · ', subject) AS subject, region,
           concat('at most ', n.days, ' days') AS expected,
           concat('since ', since, ', ', CAST(:today AS date) - since, ' days') AS found, fen::bigint AS fen
    FROM waiting JOIN unnest(CAST(:kinds AS text[]), CAST(:days AS integer[])) AS n (kind, days) USING (kind)
    WHERE since < CAST(:today AS date) - n.days
    ORDER BY since, subject
"""


async def ages(databases: Databases, findings: Findings) -> None:
    """No entry is dated after the business date; what has waited beyond its limit is named, the oldest first."""
    today = (await databases.payment.one(_TODAY))["day"]
    limits = databases.settings.clearing_days.model_dump()
    await differing_rows(databases.payment, findings, _FUTURE)
    kinds, days = list(limits), list(limits.values())
    await named_rows(databases.payment, findings, _TOO_OLD, today=today, kinds=kinds, days=days)
    findings.count_examined(findings.named_count)


CHECKS = (
    ConsistencyCheck(
        "CLEARING_AGE",
        "在途款项没有超过时限",
        "Nothing waits beyond its limit",
        "未列报收据、未比对与挂起的批次、收款人短款、待上解、在途、未对应流水、待查款项、退款 ↔ CANBAO_CLEARING_DAYS",
        ages,
    ),
)
