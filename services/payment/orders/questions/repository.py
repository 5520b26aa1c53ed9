"""Which orders the channel is asked about next, when, and how fast."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channels.merchant_account import merchant_columns
from services.payment.orders.repository import order_of, read_orders
from services.payment.orders.state import Order
from shared.database.bulk import ColumnMap, update_rows
from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class ClaimedOrder:
    """An order that is being asked about, and when it is asked again if nothing else is learnt."""

    id: UUID
    queried_at: datetime
    next_ask_at: datetime


@dataclass(frozen=True, slots=True)
class UnansweredOrders:
    """A merchant's orders whose time to be asked about has come, and for how many seconds the longest waits."""

    channel: str
    merchant_id: str
    orders: int
    oldest_s: float


_CLAIMED = ColumnMap[ClaimedOrder]({"id": "uuid", "queried_at": "timestamptz", "next_ask_at": "timestamptz"})

_CLAIM_DUE = select_into(
    order_of,
    """
    SELECT {fields} FROM payment_order
    WHERE next_ask_at IS NOT NULL AND next_ask_at <= :now AND merchant_id = :merchant_id AND channel = :channel
    ORDER BY coalesce(queried_at, opened_at), id LIMIT :limit FOR UPDATE SKIP LOCKED
    """,
)

_ANY_DUE = text(
    """
    SELECT EXISTS (
        SELECT FROM payment_order
        WHERE next_ask_at IS NOT NULL AND next_ask_at <= :now AND merchant_id = :merchant_id AND channel = :channel
    )
    """
)

_NOTE_CLAIMED = update_rows("payment_order", _CLAIMED, key="id")

# The merchant's row says how far its rate is used up, and one process at a time adds to it.
_LOCK_PACE = text(
    """
    INSERT INTO question_pace (channel, merchant_id, used_until) VALUES (:channel, :merchant_id, :fresh)
    ON CONFLICT (channel, merchant_id) DO UPDATE SET used_until = question_pace.used_until RETURNING used_until
    """
)

_NOTE_PACE = text(
    "UPDATE question_pace SET used_until = :used_until WHERE channel = :channel AND merchant_id = :merchant_id"
)

_WITHDRAWN = text(
    """
    SELECT DISTINCT o.order_no
    FROM order_line l
    JOIN bill b ON b.id = l.bill_id AND b.state = 'SUPERSEDED'
    JOIN payment_order o ON o.id = l.order_id
    WHERE l.open AND o.state = 'AWAITING' AND (o.channel, o.merchant_id) IN (
          SELECT * FROM unnest(CAST(:channels AS text[]), CAST(:merchants AS text[]))
      )
      AND (o.queried_at IS NULL OR o.queried_at < :asked_before)
    ORDER BY o.order_no LIMIT :limit
    """
)

_ASK_ALL_OPEN = text("UPDATE payment_order SET next_ask_at = now() WHERE state IN ('CREATED', 'AWAITING', 'UNKNOWN')")

_NOTE_ASKED = text("UPDATE payment_order SET queried_at = :now WHERE order_no = ANY(CAST(:order_nos AS text[]))")

_ASK_AT = text("UPDATE payment_order SET next_ask_at = :at WHERE order_no = :order_no AND state <> 'CONFIRMED'")

# An open order is asked about until it ends, whatever was answered.
_NOTE_ANSWERED = text(
    """
    UPDATE payment_order SET next_ask_at = NULL
    WHERE order_no = :order_no AND state NOT IN ('CREATED', 'AWAITING', 'UNKNOWN')
    """
)

_UNANSWERED = select_into(
    UnansweredOrders,
    """
    SELECT {fields} FROM (
        SELECT channel, merchant_id, count(*) AS orders,
               greatest(0, extract(epoch FROM CAST(:now AS timestamptz) - min(next_ask_at)))::float8 AS oldest_s
        FROM payment_order WHERE next_ask_at IS NOT NULL AND next_ask_at <= :now
        GROUP BY channel, merchant_id
    ) AS waiting ORDER BY channel, merchant_id
    """,
)


async def lock_pace(session: AsyncSession, channel: str, merchant_id: str, fresh: datetime) -> datetime:
    """Until when a merchant's questions are used up, locked; ``fresh`` where none was asked yet."""
    values = {"channel": channel, "merchant_id": merchant_id, "fresh": fresh}
    used_until: datetime = (await session.execute(_LOCK_PACE, values)).scalar_one()
    return used_until


async def note_pace(session: AsyncSession, channel: str, merchant_id: str, used_until: datetime) -> None:
    """Note until when a merchant's questions are used up."""
    values = {"channel": channel, "merchant_id": merchant_id, "used_until": used_until}
    await session.execute(_NOTE_PACE, values)


async def any_due(session: AsyncSession, channel: str, merchant_id: str, now: datetime) -> bool:
    """Whether there are orders of a merchant to ask about now."""
    values = {"channel": channel, "merchant_id": merchant_id, "now": now}
    return bool((await session.execute(_ANY_DUE, values)).scalar_one())


async def claim_due(session: AsyncSession, channel: str, merchant_id: str, now: datetime, limit: int) -> list[Order]:
    """A merchant's orders to ask about now, the longest unasked first, that no other process holds."""
    values = {"channel": channel, "merchant_id": merchant_id, "now": now, "limit": limit}
    return await read_orders(session, _CLAIM_DUE, values)


async def note_claimed(session: AsyncSession, claimed: Sequence[ClaimedOrder]) -> None:
    """Note locked orders as asked, and when each is asked again."""
    await session.execute(_NOTE_CLAIMED, _CLAIMED.arrays(claimed))


async def claim_withdrawn(
    session: AsyncSession, merchants: Collection[tuple[str, str]], now: datetime, asked_before: datetime, limit: int
) -> list[str]:
    """Numbers of these merchants' open orders that would collect a superseded bill, noted as asked."""
    values = merchant_columns(merchants) | {"asked_before": asked_before, "limit": limit}
    withdrawn = list((await session.execute(_WITHDRAWN, values)).scalars())
    await session.execute(_NOTE_ASKED, {"order_nos": withdrawn, "now": now})
    return withdrawn


async def ask_at(session: AsyncSession, order_no: str, at: datetime) -> None:
    """Let the channel be asked about an order then, unless it is settled."""
    await session.execute(_ASK_AT, {"order_no": order_no, "at": at})


async def ask_all_open(session: AsyncSession) -> int:
    """Let the channel be asked about every open order, whose payment may have been lost; returns how many."""
    result = await session.execute(_ASK_ALL_OPEN)
    return result.rowcount if isinstance(result, CursorResult) else 0


async def note_answered(session: AsyncSession, order_no: str) -> None:
    """Note that the channel has given its final answer about an order that has ended."""
    await session.execute(_NOTE_ANSWERED, {"order_no": order_no})


async def unanswered(session: AsyncSession, now: datetime) -> list[UnansweredOrders]:
    """Orders that are to be asked about by now, by merchant."""
    return await fetch_all(session, _UNANSWERED, UnansweredOrders, {"now": now})
