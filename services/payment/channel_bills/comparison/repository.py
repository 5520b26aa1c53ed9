"""Named queries that set a trade bill beside what we have of its day."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_bills.models import Compared, ComparedRefund
from shared.database.row import fetch_all, select_into

# What agrees is one row, what differs one row each. Our side of a day is by the moment that the channel named when it
# announced the payment; where its bill has another day, the payment is found by its transaction.
_COMPARE = select_into(
    Compared,
    """
    WITH asked AS MATERIALIZED (SELECT channel, merchant_id, bill_day FROM channel_bill WHERE id = :bill_id),
    sides AS (
        SELECT coalesce(t.transaction_id, o.transaction_id) AS transaction, coalesce(t.order_no, o.order_no) AS "order",
               t.line_no AS line, t.amount_fen AS theirs,
               coalesce(o.id, CASE WHEN o.id IS NULL THEN (
                   SELECT p.id FROM payment p JOIN asked a USING (channel, merchant_id)
                   WHERE p.transaction_id = t.transaction_id) END) AS payment,
               coalesce(o.amount_fen, CASE WHEN o.id IS NULL THEN (
                   SELECT p.amount_fen FROM payment p JOIN asked a USING (channel, merchant_id)
                   WHERE p.transaction_id = t.transaction_id) END) AS ours
        FROM (SELECT line_no, transaction_id, order_no, amount_fen
              FROM bill_trade_line WHERE bill_id = :bill_id AND kind = 'PAYMENT') t
        FULL JOIN (SELECT p.id, p.transaction_id, p.order_no, p.amount_fen
                   FROM payment p JOIN asked a ON p.channel = a.channel AND p.merchant_id = a.merchant_id
                                              AND p.paid_on = a.bill_day) o USING (transaction_id)
    ), classed AS (
        SELECT CASE WHEN ours = theirs THEN 1
                    WHEN ours IS NOT NULL AND theirs IS NOT NULL THEN 2
                    WHEN theirs IS NULL THEN 6
                    WHEN EXISTS (SELECT FROM payment_order r WHERE r.order_no = "order") THEN 3
                    ELSE 4 END AS class, *
        FROM sides
    )
    SELECT {fields} FROM classed
    GROUP BY class, CASE WHEN class <> 1 THEN transaction END
    ORDER BY class, 5 LIMIT :limit
    """,
    difference_class="class",
    payments="count(*)",
    ours_fen="CAST(coalesce(sum(ours), 0) AS bigint)",
    theirs_fen="CAST(coalesce(sum(theirs), 0) AS bigint)",
    transaction_id="CASE WHEN class <> 1 THEN transaction END",
    order_no='min("order") FILTER (WHERE class <> 1)',
    payment_id="(array_agg(payment) FILTER (WHERE class <> 1))[1]",
    line_no="min(line) FILTER (WHERE class <> 1)",
)
_COMPARE_REFUNDS = select_into(
    ComparedRefund,
    """
    WITH asked AS MATERIALIZED (SELECT channel, merchant_id, bill_day FROM channel_bill WHERE id = :bill_id),
    sides AS (
        SELECT t.line_no, t.refund_no, t.channel_refund_id, t.amount_fen AS theirs, t.outcome, r.id,
               r.amount_fen AS ours, r.state
        FROM bill_trade_line t
        LEFT JOIN refund r ON r.refund_no = t.refund_no
        WHERE t.bill_id = :bill_id AND t.kind = 'REFUND'
        UNION ALL
        SELECT NULL, r.refund_no, r.channel_refund_id, NULL, NULL, r.id, r.amount_fen, r.state
        FROM refund r JOIN asked a ON r.channel = a.channel AND r.merchant_id = a.merchant_id
                                  AND r.refunded_on = a.bill_day
        WHERE NOT EXISTS (SELECT FROM bill_trade_line t WHERE t.kind = 'REFUND' AND t.refund_no = r.refund_no)
    )
    SELECT {fields} FROM sides ORDER BY line_no, refund_no LIMIT :limit
    """,
    difference_class="""
        CASE WHEN line_no IS NULL THEN 6
             WHEN id IS NULL THEN 4
             WHEN theirs <> ours THEN 2
             WHEN outcome = 'SUCCESS' AND state = 'PAID' THEN 1
             WHEN outcome = 'SUCCESS' THEN 3
             WHEN state = 'PAID' AND outcome NOT IN ('PROCESSING', 'CHANGE') THEN 5
             WHEN state = 'PAY_FAILED' THEN 7
             ELSE 0 END
    """,
    ours_fen="ours",
    theirs_fen="theirs",
    refund_id="id",
)


async def compare(session: AsyncSession, bill_id: UUID, *, limit: int) -> list[Compared]:
    """The payments of a trade bill beside ours of its day: what agrees in one row, and each that differs, by class."""
    return await fetch_all(session, _COMPARE, Compared, {"bill_id": bill_id, "limit": limit})


async def compare_refunds(session: AsyncSession, bill_id: UUID, *, limit: int) -> list[ComparedRefund]:
    """The refunds of a trade bill beside ours, and ours of its day that stand in no bill."""
    return await fetch_all(session, _COMPARE_REFUNDS, ComparedRefund, {"bill_id": bill_id, "limit": limit})
