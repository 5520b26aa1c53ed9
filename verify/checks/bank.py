"""The bank's statement of the pending account: what a channel or village paid in is what it had collected."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows, named_rows
from verify.findings import Findings
from verify.snapshot import Databases

_MATCHED = "batch.state NOT IN ('OPEN', 'SUBMITTED') AND batch.held_at IS DISTINCT FROM 'MATCH'"
# A channel pays out what it took on a day less what it gave back that day: a fee kept back is a difference.
_SETTLEMENTS = f"""
    WITH taken AS (
        SELECT payment.channel, payment.merchant_id, payment.paid_on AS day, sum(line.amount_fen) AS fen
        FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
        LEFT JOIN (
            SELECT suspense.payment_line_id, min(refund.refunded_on) AS day FROM proof.refund AS refund
            JOIN proof.suspense AS suspense ON suspense.id = refund.suspense_id WHERE refund.state = 'PAID' GROUP BY 1
        ) AS returned ON returned.payment_line_id = line.id
        WHERE line.settled_on IS NOT NULL OR returned.day <= payment.paid_on
        GROUP BY 1, 2, 3
    ), given_back AS (
        SELECT channel, merchant_id, refunded_on AS day, sum(amount_fen) AS fen FROM proof.refund
        WHERE state = 'PAID' GROUP BY 1, 2, 3
    ), paid_out AS (
        SELECT batch_id, sum(amount_fen) AS fen FROM proof.bank_line
        WHERE kind = 'SETTLEMENT' AND reversed_on IS NULL GROUP BY 1
    )
    SELECT concat('settlement ', batch.channel, ' ', batch.merchant_id, ' ', batch.settlement_day) AS subject,
           batch.region, (coalesce(taken.fen, 0) - coalesce(given_back.fen, 0))::text AS expected,
           coalesce(paid_out.fen, 0)::text AS found,
           (coalesce(paid_out.fen, 0) - coalesce(taken.fen, 0) + coalesce(given_back.fen, 0))::bigint AS fen
    FROM proof.remittance_batch AS batch
    LEFT JOIN paid_out ON paid_out.batch_id = batch.id
    LEFT JOIN taken ON (taken.channel, taken.merchant_id, taken.day) =
          (batch.channel, batch.merchant_id, batch.settlement_day)
    LEFT JOIN given_back
      ON (given_back.channel, given_back.merchant_id, given_back.day) =
            (batch.channel, batch.merchant_id, batch.settlement_day)
    WHERE batch.kind = 'ONLINE' AND batch.previous_batch_id IS NULL AND {_MATCHED}
      AND coalesce(paid_out.fen, 0) <> coalesce(taken.fen, 0) - coalesce(given_back.fen, 0)
    ORDER BY subject
"""  # noqa: S608 - constants above
_DEPOSITS = f"""
    WITH paid_in AS (
        SELECT batch_id, sum(amount_fen) AS fen FROM proof.bank_line
        WHERE kind = 'DEPOSIT' AND reversed_on IS NULL GROUP BY 1
    ), receipts AS (
        SELECT batch_id, sum(amount_fen) AS fen FROM proof.cash_receipt
        WHERE deposited_on IS NOT NULL AND state IN ('WRITTEN_OFF', 'RECALLED') GROUP BY 1
    )
    SELECT concat('collection statement ', batch.statement_no) AS subject, batch.region,
           coalesce(receipts.fen, 0)::text AS expected, coalesce(paid_in.fen, 0)::text AS found,
           (coalesce(paid_in.fen, 0) - coalesce(receipts.fen, 0))::bigint AS fen
    FROM proof.remittance_batch AS batch
    LEFT JOIN paid_in ON paid_in.batch_id = batch.id LEFT JOIN receipts ON receipts.batch_id = batch.id
    WHERE batch.kind = 'ENTRUSTED_CASH' AND batch.previous_batch_id IS NULL AND {_MATCHED}
      AND coalesce(paid_in.fen, 0) <> coalesce(receipts.fen, 0)
    ORDER BY subject
"""  # noqa: S608 - constants above
_UNEXPLAINED = """
    SELECT concat('bank line ', statement_no, ' ', line_no) AS subject, region, 'a deposit slip or settlement'
           AS expected, concat(kind, ' ', reference, ' of ', booked_on) AS found, amount_fen AS fen
    FROM proof.bank_line WHERE batch_id IS NULL AND reversed_on IS NULL
    UNION ALL
    SELECT concat('batch ', id), region, 'statement, receipts, slip and bank agree',
           concat(kind, ' HELD at ', held_at, ' ', coalesce(statement_no, concat(channel, ' ', settlement_day))),
           declared_fen
    FROM proof.remittance_batch WHERE state = 'HELD'
    ORDER BY subject
"""

# A reversal is two people's: the approval is of this line, approved, by neither its proposer nor who entered the line.
_REVERSED = """
    SELECT concat('bank line ', line.statement_no, ' ', line.line_no) AS subject, line.region,
           'an approval of two people' AS expected, concat_ws(' ', 'reversed on', line.reversed_on, approval.state,
           'by', approval.decided_by) AS found, line.amount_fen AS fen
    FROM proof.bank_line AS line LEFT JOIN proof.approval AS approval
      ON approval.id = line.reversed_by AND approval.act = 'reverse_bank_line' AND approval.subject = line.id::text
    WHERE line.reversed_on IS NOT NULL
      AND (approval.state IS DISTINCT FROM 'APPROVED' OR approval.decided_on <> line.reversed_on
           OR approval.decided_on NOT BETWEEN approval.proposed_on AND approval.expires_on
           OR approval.region <> line.region OR approval.decided_by IN (approval.proposed_by, line.actor))
    UNION ALL
    SELECT concat('approval ', approval.id), approval.region, 'a reversed bank line', 'the line stands', 0
    FROM proof.approval AS approval
    LEFT JOIN proof.bank_line AS line ON line.reversed_by = approval.id AND line.reversed_on IS NOT NULL
    WHERE approval.act = 'reverse_bank_line' AND approval.state = 'APPROVED' AND line.id IS NULL
    ORDER BY subject
"""


async def bank(databases: Databases, findings: Findings) -> None:
    """Each matched line of the bank's statement is what was collected; what is unmatched or held is named."""
    findings.count_examined(await count(databases.payment, "bank_line"))
    for sql in (_SETTLEMENTS, _DEPOSITS, _REVERSED):
        await differing_rows(databases.payment, findings, sql)
    await named_rows(databases.payment, findings, _UNEXPLAINED)


CHECKS = (
    ConsistencyCheck(
        "BANK_STATEMENT",
        "银行对账单 = 收款",
        "What the bank booked is what was collected",
        "待报解账户流水 ↔ 渠道结算（收款 − 退款）、缴款单与收据",
        bank,
    ),
)
