"""Named queries on payouts with something to resolve, and on refunds that nothing explains."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payments.counted.repository import COVERED, CoveredRange
from services.payment.refunds.deductions.repository import OURS_BY_CHANNELS_NUMBER, OURS_BY_TRADE_BILL
from services.payment.refunds.unasked.repository import IS_WHOLE, OF_MOVEMENT
from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class UnexplainedRefund:
    """A refund that a bill has and we do not."""

    channel_refund_id: str
    refund_no: str | None
    transaction_id: str
    amount_fen: int
    happened_at: datetime
    bill_id: UUID


# What a payout lacked and is there now; the batch that would count it is begun for it. Two people who closed the
# difference did not know of what came later: money is never left at the channel by their word. A refund is sought as it
# is deducted: asked for less, its payout would be tried for ever. The OFFSET keeps PostgreSQL from reading all trade
# bills once instead of some lines for each difference.
_MISSED = {
    "channel": "d.channel",
    "merchant_id": "d.merchant_id",
    "number": "d.channel_refund_id",
    "fen": "d.theirs_fen",
}
_TO_RESOLVE = text(
    f"""
    SELECT d.payout_id FROM settlement_difference d JOIN payout o ON o.id = d.payout_id AND o.state = 'MET'
    WHERE (d.state = 'OPEN' OR d.closed_because = 'DECIDED') AND d.ours_fen IS DISTINCT FROM 0 AND (
        (d.kind = 'PAYMENT' AND EXISTS (
            SELECT FROM payment p JOIN payment_line l ON l.payment_id = p.id
            WHERE p.channel = d.channel AND p.merchant_id = d.merchant_id AND p.transaction_id = d.transaction_id
              AND p.amount_fen = d.theirs_fen AND l.counted_by IS NULL AND l.settled_on IS NULL))
        OR (d.kind = 'REFUND' AND (
            EXISTS (SELECT FROM refund r WHERE {OURS_BY_CHANNELS_NUMBER.format(**_MISSED)} AND r.deducted_by IS NULL)
            OR EXISTS (SELECT FROM bill_trade_line t CROSS JOIN refund r
                       WHERE {OURS_BY_TRADE_BILL.format(**_MISSED)} AND r.deducted_by IS NULL OFFSET 0)
            OR EXISTS (SELECT FROM unasked_refund u WHERE {OF_MOVEMENT.format(**_MISSED)}
                       HAVING {IS_WHOLE.format(**_MISSED)} AND bool_or(u.deducted_by IS NULL))
            OR (d.class = 4 AND d.asked = 0 AND d.state = 'OPEN' AND EXISTS (
                SELECT FROM payment p WHERE p.channel = d.channel AND p.merchant_id = d.merchant_id
                  AND p.transaction_id = d.transaction_id AND p.recorded_at > d.recorded_at)))))
    ORDER BY d.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED
    """  # noqa: S608 - constant parts
)
# Refunds among a payout's movements that none of ours explains, with the numbers that the trade bill has for them.
_UNEXPLAINED = select_into(
    UnexplainedRefund,
    f"""
    WITH covered AS ({COVERED})
    SELECT {{fields}} FROM covered c JOIN LATERAL (
        SELECT t.transaction_id, t.refund_no, t.happened_at FROM bill_trade_line t
        WHERE t.kind = 'REFUND' AND t.channel_refund_id = c.business_no ORDER BY t.happened_at LIMIT 1
    ) AS t ON true
    WHERE c.kind = 'REFUND' AND c.amount_fen < 0
      AND NOT EXISTS (SELECT FROM refund r WHERE r.channel = :channel AND r.merchant_id = :merchant_id
                      AND (r.channel_refund_id = c.business_no OR r.refund_no = t.refund_no))
      AND NOT EXISTS (SELECT FROM unasked_refund u WHERE u.channel = :channel AND u.merchant_id = :merchant_id
                      AND u.channel_refund_id = c.business_no)
    ORDER BY c.bill_day, c.line_no
    """,  # noqa: S608 - constant parts
    channel_refund_id="c.business_no",
    amount_fen="-c.amount_fen",
)


async def lock_to_resolve(session: AsyncSession) -> UUID | None:
    """A payout that lacked something which is there now, held for this worker alone."""
    found: UUID | None = (await session.execute(_TO_RESOLVE)).scalar_one_or_none()
    return found


async def unexplained_refunds(session: AsyncSession, covered: CoveredRange) -> list[UnexplainedRefund]:
    """Refunds among a payout's movements that none of ours explains."""
    return await fetch_all(session, _UNEXPLAINED, UnexplainedRefund, asdict(covered))
