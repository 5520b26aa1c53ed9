"""Payouts and the lines of the bank that they wait for. No other package writes these tables."""

from dataclasses import asdict
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payments.counted.repository import COVERED, CoveredRange
from services.payment.payouts.models import Payout
from shared.database.row import fetch_all, fetch_one, select_into

_SUM_UNUSUAL = text(
    f"SELECT coalesce(sum(c.amount_fen), 0)::bigint FROM ({COVERED}) AS c WHERE c.kind IN ('FEE', 'OTHER')"  # noqa: S608
)
_LIST = select_into(
    Payout,
    """
    SELECT {fields} FROM payout
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """,
)
# The payout whose movements end on the day that the bank names, else the one that was paid out then or a day later.
_OF_DAY = "(until_day = :day OR paid_out_on BETWEEN :day AND :day + 1)"
_FIND_AWAITED = select_into(
    Payout,
    f"""
    SELECT {{fields}} FROM payout
    WHERE channel = :channel AND merchant_id = :merchant_id AND state = 'AWAITED'
      AND amount_fen - unusual_fen = :amount_fen AND {_OF_DAY}
    ORDER BY until_day = :day DESC, paid_out_on, line_no LIMIT 1 FOR UPDATE
    """,  # noqa: S608 - constant parts
)
_AWAITED_FEN = text(
    f"""
    SELECT coalesce(sum(amount_fen - unusual_fen), 0)::bigint FROM payout
    WHERE channel = :channel AND merchant_id = :merchant_id AND state IN ('AWAITED', 'HELD') AND {_OF_DAY}
    """  # noqa: S608 - constant parts
)
_IS_WORKED = text(
    """
    SELECT EXISTS (SELECT FROM channel_bill b JOIN worked_bill w ON w.bill_id = b.id
                   WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
                     AND b.bill_day = :day)
    """
)
_BY_BILL = text(
    """
    SELECT EXISTS (SELECT FROM billed_merchant
                   WHERE channel = :channel AND merchant_id = :merchant_id AND first_day <= :day)
    """
)
_FIND = select_into(Payout, "SELECT {fields} FROM payout WHERE id = :id FOR UPDATE")
_AWAIT = text("UPDATE payout SET state = 'AWAITED', batch_id = NULL WHERE id = :id AND state = 'MET'")


async def lock_awaited(
    session: AsyncSession, channel: str, merchant_id: str, day: date, amount_fen: int
) -> Payout | None:
    """The payout of a day and amount that the bank has not shown yet, held until the transaction ends."""
    values = {"channel": channel, "merchant_id": merchant_id, "day": day, "amount_fen": amount_fen}
    return await fetch_one(session, _FIND_AWAITED, Payout, values)


async def awaited_fen(session: AsyncSession, channel: str, merchant_id: str, day: date) -> int:
    """What the bills say that the bank should show for a day and has not."""
    values = {"channel": channel, "merchant_id": merchant_id, "day": day}
    found: int = (await session.execute(_AWAITED_FEN, values)).scalar_one()
    return found


async def is_worked(session: AsyncSession, channel: str, merchant_id: str, day: date) -> bool:
    """Whether the payouts of a day's bill are known."""
    values = {"channel": channel, "merchant_id": merchant_id, "day": day}
    return bool((await session.execute(_IS_WORKED, values)).scalar_one())


async def is_by_bill(session: AsyncSession, channel: str, merchant_id: str, day: date) -> bool:
    """Whether a merchant's day is settled by the channel's bills."""
    values = {"channel": channel, "merchant_id": merchant_id, "day": day}
    return bool((await session.execute(_BY_BILL, values)).scalar_one())


async def lock(session: AsyncSession, payout_id: UUID) -> Payout | None:
    """A payout, held until the transaction ends."""
    return await fetch_one(session, _FIND, Payout, {"id": payout_id})


async def unusual_fen(session: AsyncSession, covered: CoveredRange) -> int:
    """What the movements that are neither payments nor refunds add up to; a fee is less than nothing."""
    found: int = (await session.execute(_SUM_UNUSUAL, asdict(covered))).scalar_one()
    return found


async def listed(session: AsyncSession, *, state: str | None, after: UUID | None, limit: int) -> list[Payout]:
    """Payouts in the order in which they were taken out of their bills."""
    return await fetch_all(session, _LIST, Payout, {"state": state, "after": after, "limit": limit})


async def await_again(session: AsyncSession, payout_id: UUID) -> None:
    """The bank's line of a payout was reversed: it waits for the right one."""
    await session.execute(_AWAIT, {"id": payout_id})
