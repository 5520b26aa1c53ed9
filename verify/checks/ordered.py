"""Orders: what was ordered is what the bills asked, and what was paid is what was ordered, by the same person."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

_ORDER_SUMS = """
    SELECT concat('order ', placed.order_no) AS subject, placed.region, placed.amount_fen::text AS expected,
           concat(coalesce(lines.fen, 0), ' in ', coalesce(lines.lines, 0), ' lines') AS found,
           (coalesce(lines.fen, 0) - placed.amount_fen)::bigint AS fen
    FROM proof.payment_order AS placed
    LEFT JOIN (SELECT order_id, sum(amount_fen) AS fen, count(*) AS lines FROM proof.order_line GROUP BY 1) AS lines
      ON lines.order_id = placed.id
    WHERE lines.fen IS DISTINCT FROM placed.amount_fen
    ORDER BY placed.id
"""
# A line is of a bill of the same person, year and place, within its order, and open exactly as long as the order is.
_ORDER_LINES = """
    SELECT concat('order line ', line.order_id, ' ', line.enrolment_id) AS subject, line.region,
           coalesce(concat_ws(' ', bill.enrolment_id, bill.benefit_year, bill.region, placed.state), 'a bill')
           AS expected, concat_ws(' ', line.enrolment_id, line.benefit_year, line.region,
                                  CASE WHEN line.open THEN 'open' END) AS found, line.amount_fen AS fen
    FROM proof.order_line AS line
    LEFT JOIN proof.bill AS bill ON bill.id = line.bill_id
    LEFT JOIN proof.payment_order AS placed ON placed.id = line.order_id
    WHERE (bill.enrolment_id, bill.benefit_year, bill.region)
          IS DISTINCT FROM (line.enrolment_id, line.benefit_year, line.region)
       OR placed.id IS NULL OR placed.benefit_year <> line.benefit_year
       OR NOT starts_with(line.region, placed.region)
       OR line.open <> (placed.state IN ('CREATED', 'AWAITING', 'UNKNOWN'))
    ORDER BY line.order_id, line.enrolment_id
"""
# The payment names the order of its notice. What it credits is a line of that order; whose money it is follows.
_PAID_AS_ORDERED = """
    SELECT concat('payment ', payment.id) AS subject, payment.region,
           coalesce(concat_ws(' ', placed.id, placed.channel, placed.merchant_id, placed.region), 'no order')
           AS expected,
           concat_ws(' ', payment.order_id, payment.channel, payment.merchant_id, payment.region) AS found,
           payment.amount_fen AS fen
    FROM proof.payment AS payment LEFT JOIN proof.payment_order AS placed ON placed.order_no = payment.order_no
    WHERE placed.id IS DISTINCT FROM payment.order_id
       OR placed.id IS NOT NULL AND placed.region <> payment.region
    ORDER BY payment.id
"""
_CREDITED_AS_ORDERED = """
    SELECT concat('payment line ', line.id) AS subject, line.region, 'a line of its order' AS expected,
           concat_ws(' ', line.enrolment_id, line.bill_id, line.amount_fen, 'under', payment.order_no) AS found,
           line.amount_fen AS fen
    FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
    LEFT JOIN proof.payment_order AS placed ON placed.order_no = payment.order_no
    LEFT JOIN proof.order_line AS ordered
      ON ordered.order_id = placed.id AND ordered.enrolment_id = line.enrolment_id
         AND (ordered.amount_fen, ordered.benefit_year, ordered.region)
             = (line.amount_fen, line.benefit_year, line.region)
    WHERE line.state = 'CREDITED' AND NOT EXISTS (
        SELECT FROM proof.suspense AS held WHERE held.payment_line_id = line.id AND held.state = 'MATCHED'
    ) AND (
        ordered.order_id IS NULL OR placed.state <> 'CONFIRMED' OR (placed.channel, placed.merchant_id)
        <> (payment.channel, payment.merchant_id))
    ORDER BY line.id
"""
# Confirmed means paid, and paid means confirmed unless the money came in too late, or otherwise than ordered.
_CONFIRMED = """
    SELECT concat('order ', placed.order_no) AS subject, placed.region, 'paid' AS expected, 'CONFIRMED' AS found,
           placed.amount_fen AS fen
    FROM proof.payment_order AS placed
    WHERE placed.state = 'CONFIRMED'
      AND NOT EXISTS (SELECT FROM proof.payment AS payment
                      WHERE payment.order_no = placed.order_no AND payment.amount_fen = placed.amount_fen
                        AND (payment.channel, payment.merchant_id) = (placed.channel, placed.merchant_id))
    UNION ALL
    SELECT concat('order ', placed.order_no), placed.region, 'as its first payment says',
           concat(placed.state, ', ', suspense.reason), placed.amount_fen
    FROM proof.payment_order AS placed JOIN proof.suspense AS suspense ON suspense.order_no = placed.order_no
    WHERE placed.state <> 'CONFIRMED' AND suspense.reason IN ('SECOND_TRANSACTION', 'BILL_ALREADY_PAID')
    ORDER BY subject
"""
# Another app's money is so by the app of its order; what no order explains was judged by the settings of its day.
_OTHER_APPS = """
    SELECT concat('notice ', notice.id) AS subject, notice.region, concat('app ', placed.appid) AS expected,
           concat('app ', notice.payee_appid, ' ', notice.state, ' ', notice.reason) AS found,
           coalesce(notice.amount_fen, 0) AS fen
    FROM proof.notice AS notice JOIN proof.payment_order AS placed ON placed.order_no = notice.order_no
    WHERE notice.kind = 'PAYMENT' AND notice.outcome = 'SUCCESS'
      AND notice.payee_merchant_id IS NOT DISTINCT FROM notice.merchant_id AND notice.payee_provider_id IS NULL
      AND (placed.appid = notice.payee_appid) IS NOT DISTINCT FROM
          (notice.state = 'QUARANTINED' AND notice.reason = 'OTHER_APP')
      AND notice.state <> 'RECEIVED'
    ORDER BY notice.id
"""


async def ordered(databases: Databases, findings: Findings) -> None:
    """Order ↔ its lines ↔ the bills they pay ↔ the payment that came ↔ what it credited."""
    findings.count_examined(await count(databases.payment, "payment_order"))
    for sql in (
        _ORDER_SUMS,
        _ORDER_LINES,
        _PAID_AS_ORDERED,
        _CREDITED_AS_ORDERED,
        _CONFIRMED,
        _OTHER_APPS,
    ):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "PAID_AS_ORDERED",
        "缴费与订单逐笔一致",
        "What was paid is what was ordered",
        "订单 ↔ 订单明细 ↔ 缴费单 ↔ 通知所指订单 ↔ 缴费明细；订单状态与应用号",
        ordered,
    ),
)
