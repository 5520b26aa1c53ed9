"""Cash whose import failed: owed, fetched and given back as recorded, and known to registration."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows, named_rows
from verify.comparison import Side
from verify.findings import Findings
from verify.in_flight import Flow, reconcile
from verify.snapshot import Databases

# A recalled receipt is owed, and nothing else is.
_OWED = """
    SELECT concat('receipt ', coalesce(receipt.receipt_no, refund.receipt_id::text)) AS subject,
           coalesce(receipt.region, refund.region) AS region,
           CASE WHEN receipt.state = 'RECALLED' THEN 'owed' ELSE concat(receipt.state, ', not owed') END AS expected,
           coalesce(refund.state, 'not owed') AS found, coalesce(receipt.amount_fen, 0) AS fen
    FROM proof.cash_receipt AS receipt FULL JOIN proof.cash_refund AS refund ON refund.receipt_id = receipt.id
    WHERE (receipt.state IS NOT DISTINCT FROM 'RECALLED') <> (refund.receipt_id IS NOT NULL)
    UNION ALL
    SELECT concat('receipt ', receipt.receipt_no), receipt.region, failed.effective_on::text,
           concat_ws(' ', refund.recalled_on, refund.approved_on, refund.fetched_on,
                     refund.returned_on), receipt.amount_fen
    FROM proof.cash_refund AS refund JOIN proof.cash_receipt AS receipt ON receipt.id = refund.receipt_id
    LEFT JOIN proof.transfer AS failed ON failed.kind = 'import_failed'
      AND (failed.batch_id, failed.enrolment_id) = (receipt.batch_id, receipt.enrolment_id)
    WHERE receipt.state = 'RECALLED' AND (
        failed.effective_on IS DISTINCT FROM refund.recalled_on
        OR refund.approved_on < refund.recalled_on OR refund.fetched_on < refund.approved_on
        OR refund.returned_on < refund.fetched_on OR refund.region <> receipt.region)
    ORDER BY subject
"""
# Each step that moves cash is one transfer of the receipt's amount on the day of the step.
_MOVED = """
    WITH said AS (
        SELECT receipt_id, 'refund_cash_fetched' AS kind, fetched_on AS day FROM proof.cash_refund
        WHERE fetched_on IS NOT NULL
        UNION ALL
        SELECT receipt_id, 'refund_cash_signed_for', returned_on FROM proof.cash_refund WHERE returned_on IS NOT NULL
    ), step AS (
        SELECT said.receipt_id, receipt.receipt_no, receipt.region, said.kind,
               concat(receipt.amount_fen, ' on ', said.day) AS facts, receipt.amount_fen AS fen
        FROM said JOIN proof.cash_receipt AS receipt ON receipt.id = said.receipt_id
    ), booked AS (
        SELECT caused_by AS receipt_id, region, kind, sum(amount_fen)::bigint AS fen,
               string_agg(concat(amount_fen, ' on ', effective_on), ', ' ORDER BY id) AS facts
        FROM proof.transfer WHERE kind IN ('refund_cash_fetched', 'refund_cash_signed_for') GROUP BY 1, 2, 3
    )
    SELECT concat('receipt ', coalesce(step.receipt_no, receipt_id::text), ' ', kind) AS subject, region,
           coalesce(step.facts, 'no such step') AS expected, coalesce(booked.facts, 'no such transfer') AS found,
           coalesce(booked.fen, 0) - coalesce(step.fen, 0) AS fen
    FROM step FULL JOIN booked USING (receipt_id, region, kind)
    WHERE step.facts IS DISTINCT FROM booked.facts
    ORDER BY subject
"""
_RETURNED = """
    SELECT receipt.enrolment_id::text AS key, max(receipt.region) AS region, 0::bigint AS fen,
           concat('cash given back on ', max(refund.returned_on)) AS facts
    FROM proof.cash_refund AS refund JOIN proof.cash_receipt AS receipt ON receipt.id = refund.receipt_id
    WHERE refund.returned_on IS NOT NULL GROUP BY 1
"""
_KNOWN = """
    SELECT id::text AS key, region, 0::bigint AS fen, concat('cash given back on ', cash_returned_on) AS facts
    FROM proof.enrolment WHERE cash_returned_on IS NOT NULL
"""
# Whose cash went back and who paid no other way is not enrolled by it; who paid otherwise stays enrolled.
_STATES = """
    SELECT concat('enrolment ', id) AS subject, region,
           CASE WHEN cash_returned_on IS NULL THEN 'no cash given back' ELSE 'IMPORT_FAILED_REFUNDED, or paid otherwise'
           END AS expected, state AS found, 0 AS fen
    FROM proof.enrolment
    WHERE live AND (state = 'IMPORT_FAILED_REFUNDED') <> (cash_returned_on IS NOT NULL AND paid_basis IS NULL)
    ORDER BY id
"""
_WAITING = """
    SELECT concat('receipt ', receipt.receipt_no) AS subject, receipt.region, 'given back' AS expected,
           concat(refund.state, ': ', receipt.recall_reason, ' of ', refund.recalled_on) AS found,
           receipt.amount_fen AS fen
    FROM proof.cash_refund AS refund JOIN proof.cash_receipt AS receipt ON receipt.id = refund.receipt_id
    WHERE refund.returned_on IS NULL ORDER BY subject
"""
_FLOWS = (Flow("payment", "registration", ("payment.cash_returned.v1",)),)


async def given_back(databases: Databases, findings: Findings) -> None:
    """Recalled receipts ↔ what is owed ↔ its transfers ↔ what registration knows; what still waits is named."""
    findings.count_examined(await count(databases.payment, "cash_receipt"))
    for sql in (_OWED, _MOVED):
        await differing_rows(databases.payment, findings, sql)
    await reconcile(
        databases, findings, Side(databases.payment, _RETURNED), Side(databases.registration_first, _KNOWN), _FLOWS
    )
    await differing_rows(databases.registration, findings, _STATES)
    await named_rows(databases.payment, findings, _WAITING)


CHECKS = (
    ConsistencyCheck(
        "CASH_GIVEN_BACK",
        "导入失败的现金逐笔退还",
        "Cash of a failed import goes back, once",
        "收回的收据 ↔ 应退现金 ↔ 领取与签收分录 ↔ 参保状态",
        given_back,
    ),
)
