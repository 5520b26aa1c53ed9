"""The days of one money in their order: nobody pays in what was not received, nothing is remitted before it came.

The auditor's own statement of the order, over what the service shows of each line.
"""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

# Of money that a settlement or a deposit stands for; a held one contradicts itself by name and moves nothing.
_MATCHED = "batch.state NOT IN ('OPEN', 'SUBMITTED') AND batch.held_at IS DISTINCT FROM 'MATCH'"
_ONLINE_DAYS = """
    SELECT concat('payment line ', line.id) AS subject, line.region, concat('settled on or after ', payment.paid_on)
           AS expected, concat('settled on ', line.settled_on) AS found, line.amount_fen AS fen
    FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
    WHERE line.settled_on < payment.paid_on
    UNION ALL
    SELECT concat('remittance line ', line.batch_id, ' ', line.enrolment_id), line.region,
           concat('remitted on or after ', source.settled_on), concat('remitted on ', batch.remitted_on),
           line.amount_fen
    FROM proof.remittance_line AS line JOIN proof.remittance_batch AS batch ON batch.id = line.batch_id
    JOIN proof.payment_line AS source ON source.id = line.source_id
    WHERE batch.remitted_on < source.settled_on
    ORDER BY subject
"""
_CASH_DAYS = f"""
    SELECT concat('receipt ', receipt_no) AS subject, region, concat('deposited on or after ', received_on) AS expected,
           concat('deposited on ', deposited_on) AS found, amount_fen AS fen
    FROM proof.cash_receipt WHERE deposited_on < received_on
    UNION ALL
    SELECT concat('receipt ', receipt.receipt_no), receipt.region,
           concat('a slip of or after ', receipt.received_on), concat('slips until ', slip.last), receipt.amount_fen
    FROM proof.cash_receipt AS receipt JOIN proof.remittance_batch AS batch ON batch.id = receipt.batch_id
    JOIN (SELECT batch_id, max(deposited_on) AS last FROM proof.deposit_slip WHERE NOT withdrawn GROUP BY 1) AS slip
      ON slip.batch_id = receipt.batch_id
    WHERE {_MATCHED} AND receipt.deposited_on IS NOT NULL AND slip.last < receipt.received_on
    UNION ALL
    SELECT concat('slip ', slip.slip_no), slip.region, concat('booked on or after ', slip.deposited_on),
           concat('booked on ', line.booked_on), line.amount_fen
    FROM proof.deposit_slip AS slip JOIN proof.remittance_batch AS batch ON batch.id = slip.batch_id
    JOIN proof.bank_line AS line ON line.batch_id = slip.batch_id
     AND upper(normalize(line.reference, NFKC)) = upper(normalize(slip.slip_no, NFKC))
     AND line.kind = 'DEPOSIT' AND line.reversed_on IS NULL
    WHERE {_MATCHED} AND NOT slip.withdrawn AND line.booked_on < slip.deposited_on
    UNION ALL
    SELECT concat('remittance line ', line.batch_id, ' ', line.enrolment_id), line.region,
           concat('remitted on or after ', source.deposited_on), concat('remitted on ', batch.remitted_on),
           line.amount_fen
    FROM proof.remittance_line AS line JOIN proof.remittance_batch AS batch ON batch.id = line.batch_id
    JOIN proof.cash_receipt AS source ON source.id = line.source_id
    WHERE batch.remitted_on < source.deposited_on
    ORDER BY subject
"""  # noqa: S608 - a constant above
_BATCH_DAYS = """
    SELECT concat('batch ', batch.id) AS subject, batch.region,
           'booked ≤ sent back before ≤ remitted ≤ in the treasury ≤ certified, remitted ≤ returned' AS expected,
           concat_ws(', ', 'booked ' || booked.last, 'sent back before ' || previous.returned_on,
                     'remitted ' || batch.remitted_on, 'in the treasury ' || batch.received_on,
                     'certified ' || batch.certificate_issued_on, 'returned ' || batch.returned_on) AS found,
           batch.amount_fen AS fen
    FROM proof.remittance_batch AS batch
    LEFT JOIN proof.remittance_batch AS previous ON previous.id = batch.previous_batch_id
    LEFT JOIN (SELECT batch_id, max(booked_on) AS last FROM proof.bank_line WHERE reversed_on IS NULL GROUP BY 1)
         AS booked ON booked.batch_id = batch.id
    WHERE batch.remitted_on < booked.last OR batch.remitted_on < previous.returned_on
       OR batch.remitted_on < batch.settlement_day
       OR batch.received_on < batch.remitted_on OR batch.certificate_issued_on < batch.received_on
       OR batch.returned_on < batch.remitted_on
    ORDER BY subject
"""
_REFUND_DAYS = """
    SELECT concat('refund ', refund.refund_no) AS subject, refund.region,
           concat('refunded on or after ', suspense.suspended_on) AS expected,
           concat('refunded on ', refund.refunded_on) AS found, refund.amount_fen AS fen
    FROM proof.refund AS refund JOIN proof.suspense AS suspense ON suspense.id = refund.suspense_id
    WHERE refund.refunded_on < suspense.suspended_on
    UNION ALL
    SELECT concat('receipt ', receipt.receipt_no), receipt.region,
           'received ≤ recalled ≤ released ≤ fetched ≤ signed for',
           concat_ws(', ', receipt.received_on, refund.recalled_on, refund.approved_on, refund.fetched_on,
                     refund.returned_on), receipt.amount_fen
    FROM proof.cash_refund AS refund JOIN proof.cash_receipt AS receipt ON receipt.id = refund.receipt_id
    WHERE refund.recalled_on < receipt.received_on OR refund.approved_on < refund.recalled_on
       OR refund.fetched_on < refund.approved_on OR refund.returned_on < refund.fetched_on
    ORDER BY subject
"""
# A receipt of long ago was let in by a second person. The limit is the one that held when it was entered.
_LATE_RECEIPTS = """
    SELECT concat('receipt ', receipt.receipt_no) AS subject, receipt.region,
           concat('received within ', receipt.entry_days, ' days, or approved by a second person') AS expected,
           concat_ws(' ', 'received', receipt.received_on, 'entered', receipt.entered_on, 'approval', approval.state,
                     'by', approval.decided_by) AS found, receipt.amount_fen AS fen
    FROM proof.cash_receipt AS receipt LEFT JOIN proof.approval AS approval
      ON approval.id = receipt.late_approval AND approval.act = 'enter_late_receipts'
    WHERE (receipt.late_approval IS NULL AND receipt.received_on < receipt.entered_on - receipt.entry_days)
       OR receipt.entered_on < receipt.received_on
       OR (receipt.late_approval IS NOT NULL
           AND (approval.state IS DISTINCT FROM 'APPROVED' OR approval.decided_on <> receipt.entered_on
                OR approval.decided_by IN (approval.proposed_by, receipt.actor)))
    ORDER BY subject
"""


async def days(databases: Databases, findings: Findings) -> None:
    """Each line's days follow each other; a receipt of long ago was let in by a second person."""
    for table in ("payment_line", "cash_receipt", "remittance_line", "refund"):
        findings.count_examined(await count(databases.payment, table))
    for sql in (_ONLINE_DAYS, _CASH_DAYS, _BATCH_DAYS, _REFUND_DAYS, _LATE_RECEIPTS):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "CHRONOLOGY",
        "日期先后相合",
        "No day lies before one that it must follow",
        "收款 ≤ 缴存 ≤ 入账 ≤ 上解 ≤ 入库 ≤ 完税证明；缴费 ≤ 结算到账 ≤ 上解；缴费 ≤ 退款；迟录收据由第二人批准",
        days,
    ),
)
