"""The channel's word: what payments and refunds say of a notice is what the notice says, to the day and the order."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

_DAY = "(({moment}) AT TIME ZONE 'Asia/Shanghai')::date"
# A payment names the notice that made it, or the line of the channel's bill where no notice ever came. What both say
# must be the same, and the day is that of the success.
_PAYMENT_AS_REPORTED = f"""
    SELECT concat('payment ', payment.id) AS subject, payment.region,
           coalesce(concat_ws(' ', notice.channel, notice.merchant_id, notice.transaction_id, notice.order_no,
                              notice.succeeded_at, {_DAY.format(moment="notice.succeeded_at")}), 'a notice')
           AS expected,
           concat_ws(' ', payment.channel, payment.merchant_id, payment.transaction_id, payment.order_no,
                     payment.paid_at, payment.paid_on) AS found, payment.amount_fen AS fen
    FROM proof.payment AS payment LEFT JOIN proof.notice AS notice
      ON notice.id = payment.notice_id AND notice.kind = 'PAYMENT' AND notice.outcome = 'SUCCESS'
    WHERE (payment.notice_id IS NOT NULL AND payment.bill_id IS NOT NULL)
       OR (notice.channel, notice.merchant_id, notice.transaction_id, notice.order_no, notice.succeeded_at,
           {_DAY.format(moment="notice.succeeded_at")})
          IS DISTINCT FROM (payment.channel, payment.merchant_id, payment.transaction_id, payment.order_no,
                            payment.paid_at, payment.paid_on)
      AND NOT EXISTS (
          SELECT FROM proof.bill_flow_line AS line JOIN proof.channel_bill AS bill ON bill.id = line.bill_id
          LEFT JOIN proof.bill_trade_line AS trade
            ON trade.kind = 'PAYMENT' AND trade.transaction_id = line.business_no
          WHERE payment.notice_id IS NULL AND line.bill_id = payment.bill_id AND line.line_no = payment.bill_line
            AND line.kind = 'PAYMENT' AND payment.paid_on IN (bill.bill_day, bill.bill_day - 1)
            AND (line.business_no, line.amount_fen, coalesce(trade.order_no, payment.order_no),
                 {_DAY.format(moment="payment.paid_at")})
                = (payment.transaction_id, payment.amount_fen, payment.order_no, payment.paid_on))
    ORDER BY payment.id
"""  # noqa: S608 - constants above
# What became of a notice: credited where all of its payment was, suspended where a part was; whatever else it is
# called, it made no payment, and a repetition repeats one that is booked.
_WHAT_BECAME = """
    SELECT concat('notice ', notice.id) AS subject, notice.region,
           CASE WHEN made.id IS NULL THEN 'no payment of its own'
                WHEN made.reasons IS NULL THEN 'CREDITED' ELSE concat('SUSPENDED ', made.reasons[1]) END AS expected,
           concat_ws(' ', notice.state, notice.reason) AS found, coalesce(notice.amount_fen, 0) AS fen
    FROM proof.notice AS notice
    LEFT JOIN (
        SELECT payment.notice_id AS id,
               array_agg(DISTINCT suspense.reason) FILTER (WHERE suspense.reason IS NOT NULL) AS reasons
        FROM proof.payment AS payment LEFT JOIN proof.payment_line AS line ON line.payment_id = payment.id
        LEFT JOIN proof.suspense AS suspense ON suspense.payment_line_id = line.id
        GROUP BY 1
    ) AS made ON made.id = notice.id
    LEFT JOIN proof.suspense AS claim ON claim.notice_id = notice.id AND claim.payment_line_id IS NULL
    WHERE notice.kind = 'PAYMENT' AND CASE
        WHEN made.id IS NOT NULL AND made.reasons IS NULL THEN notice.state <> 'CREDITED' OR notice.reason IS NOT NULL
        WHEN made.id IS NOT NULL THEN notice.state <> 'SUSPENDED' OR notice.reason IS NULL
                                      OR notice.reason <> ALL (made.reasons)
        WHEN notice.state = 'CREDITED' THEN true
        WHEN notice.state = 'SUSPENDED' THEN claim.id IS NULL OR claim.reason IS DISTINCT FROM notice.reason
        WHEN notice.state = 'REPEATED' THEN notice.reason IS NOT NULL OR NOT EXISTS (
            SELECT FROM proof.payment AS booked
            WHERE (booked.channel, booked.merchant_id, booked.transaction_id)
                  = (notice.channel, notice.merchant_id, notice.transaction_id))
        ELSE false END
    ORDER BY notice.id
"""
# Our numbers of a refund's attempts begin with the refund's own id; any of them may be the one that was paid.
_OF_REFUND = "left(notice.refund_no, 33) = concat('R', replace(refund.id::text, '-', ''))"
# A channel may say the sum of all refunds of the payment: then it holds this one.
_SUCCESS_OF_REFUND = f"""
    notice.kind = 'REFUND' AND notice.outcome = 'SUCCESS'
    AND (notice.channel, notice.merchant_id, notice.transaction_id)
        = (refund.channel, refund.merchant_id, refund.transaction_id)
    AND (notice.amount_fen = refund.amount_fen
         OR notice.event_type = 'REFUND.CUMULATIVE' AND notice.amount_fen > refund.amount_fen)
    AND {_DAY.format(moment="notice.succeeded_at")} = refund.refunded_on
"""
# One that was made in the channel's console has the console's number: a notice says it, or the channel's bill alone.
_REFUND_AS_REPORTED = f"""
    SELECT concat('refund ', refund.id) AS subject, refund.region,
           concat_ws(' ', 'success of', refund.transaction_id, refund.amount_fen, 'on', refund.refunded_on) AS expected,
           coalesce((SELECT concat_ws(' ', said.outcome, said.transaction_id, said.amount_fen, 'on',
                                      {_DAY.format(moment="said.succeeded_at")})
                     FROM proof.notice AS said WHERE said.kind = 'REFUND' AND said.refund_no = refund.refund_no
                     ORDER BY said.id LIMIT 1), 'no word') AS found, refund.amount_fen AS fen
    FROM proof.refund AS refund
    LEFT JOIN (
        SELECT refund.id FROM proof.notice AS notice JOIN proof.refund AS refund ON {_OF_REFUND}
        WHERE {_SUCCESS_OF_REFUND}
        UNION
        SELECT refund.id FROM proof.notice AS notice JOIN proof.refund AS refund USING (refund_no)
        WHERE {_SUCCESS_OF_REFUND}
        UNION
        SELECT refund.id FROM proof.bill_trade_line AS line JOIN proof.channel_bill AS bill ON bill.id = line.bill_id
        JOIN proof.refund AS refund USING (refund_no)
        WHERE line.kind = 'REFUND' AND line.outcome = 'SUCCESS'
          AND NOT starts_with(refund.refund_no, concat('R', replace(refund.id::text, '-', ''), 'T'))
          AND (bill.channel, bill.merchant_id, line.transaction_id, line.amount_fen)
              = (refund.channel, refund.merchant_id, refund.transaction_id, refund.amount_fen)
          AND bill.bill_day = refund.refunded_on
    ) AS reported ON reported.id = refund.id
    WHERE refund.state = 'PAID' AND reported.id IS NULL
    ORDER BY refund.id
"""  # noqa: S608 - constants above
_REFUND_APPLIED = f"""
    SELECT concat('notice ', notice.id) AS subject, notice.region, 'a refund that is paid' AS expected,
           concat_ws(' ', notice.state, notice.outcome, notice.refund_no, refund.state) AS found,
           coalesce(notice.amount_fen, 0) AS fen
    FROM proof.notice AS notice LEFT JOIN proof.refund AS refund ON {_OF_REFUND}
    WHERE notice.kind = 'REFUND' AND notice.state IN ('APPLIED', 'REPEATED') AND (
        refund.id IS NULL AND NOT EXISTS (
            SELECT FROM proof.refund AS adopted
            WHERE (adopted.channel, adopted.merchant_id, adopted.refund_no, adopted.transaction_id, adopted.state)
                  = (notice.channel, notice.merchant_id, notice.refund_no, notice.transaction_id, 'PAID')
        ) AND NOT EXISTS (
            SELECT FROM proof.payment AS paid JOIN proof.payment_line AS line ON line.payment_id = paid.id
            JOIN proof.unasked_refund AS unasked ON unasked.payment_line_id = line.id
            WHERE (paid.channel, paid.merchant_id, paid.transaction_id)
                  = (notice.channel, notice.merchant_id, notice.transaction_id)
        )
        OR notice.reason IS NOT NULL
        OR (notice.state = 'APPLIED' AND notice.outcome = 'SUCCESS' AND refund.state <> 'PAID'))
       OR notice.kind = 'REFUND' AND notice.state NOT IN ('APPLIED', 'REPEATED', 'RECEIVED', 'PARKED', 'QUARANTINED')
    ORDER BY notice.id
"""  # noqa: S608 - constants above


async def reported(databases: Databases, findings: Findings) -> None:
    """Each payment and each paid refund is what an authentic notice says, and each notice became what it says."""
    findings.count_examined(await count(databases.payment, "notice"))
    for sql in (_PAYMENT_AS_REPORTED, _WHAT_BECAME, _REFUND_AS_REPORTED, _REFUND_APPLIED):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "CHANNEL_WORD",
        "缴费与退费均以渠道通知为据",
        "Payments and refunds are what the channel said",
        "缴费、退费 ↔ 渠道通知（订单号、交易号、成功时间、金额）；通知的处理结果",
        reported,
    ),
)
