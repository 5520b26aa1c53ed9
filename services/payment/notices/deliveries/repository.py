"""Deliveries as they are looked up: kept notices with what became of them, and refused ones as counts per minute."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.notices.notice import ChannelNotice, Evidence, NoticeKind, NoticeSource, VerifiedNotice
from shared.database.row import fetch_all, fetch_one, select_into

KEPT_FOR: Final = timedelta(days=3)
_DROPPED_AT_ONCE = 1_000
_LAST: Final = UUID(int=(1 << 128) - 1)


class RefusedKey(NamedTuple):
    """Refusals of one outcome in one minute."""

    minute: datetime
    channel: str
    merchant_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class RefusedCount:
    """How many callbacks were refused in a minute, and why."""

    minute: datetime
    channel: str
    merchant_id: str
    outcome: str
    times: int


@dataclass(frozen=True, slots=True)
class KeptDelivery:
    """A callback that was kept; from ``signed_at`` to ``recorded_at`` it was under way and made durable."""

    id: UUID
    channel: str
    merchant_id: str
    notify_id: str
    event_type: str
    state: str
    reason: str | None
    signed_at: datetime
    recorded_at: datetime

    @property
    def latency_s(self) -> float:
        """Seconds from the channel's signature until it was durable; clocks that differ are in it."""
        return (self.recorded_at - self.signed_at).total_seconds()


def _kept(
    id: UUID,  # noqa: A002 - the column's name
    kind: str,
    channel: str,
    merchant_id: str,
    notify_id: str,
    event_type: str,
    region: str,
    order_no: str | None,
    correlation_id: UUID,
    envelope: bytes,
    serial: str,
    signed_at: datetime,
) -> VerifiedNotice:
    notice = ChannelNotice(
        id=id,
        kind=NoticeKind(kind),
        channel=channel,
        merchant_id=merchant_id,
        notify_id=notify_id,
        event_type=event_type,
        region=region,
        order_no=order_no,
        correlation_id=correlation_id,
    )
    return VerifiedNotice(notice, Evidence(NoticeSource.NOTICE, envelope, serial, signed_at))


_DELIVERIES = select_into(
    KeptDelivery,
    "SELECT {fields} FROM raw_notice WHERE source = 'NOTICE' AND id <= :until ORDER BY id DESC LIMIT :limit",
)
_DELIVERY = select_into(KeptDelivery, "SELECT {fields} FROM raw_notice WHERE id = :id AND source = 'NOTICE'")
_KEPT = select_into(_kept, "SELECT {fields} FROM raw_notice WHERE id = :id AND source = 'NOTICE'")
_REFUSED = select_into(
    RefusedCount,
    """
    SELECT {fields} FROM refused_callback WHERE minute >= CAST(:since AS timestamptz)
    ORDER BY minute DESC, channel, merchant_id, outcome LIMIT :limit
    """,
)
_ADD = text(
    """
    INSERT INTO refused_callback (minute, channel, merchant_id, outcome, times, region)
    VALUES (CAST(:minute AS timestamptz), :channel, :merchant_id, :outcome, CAST(:times AS bigint), :region)
    ON CONFLICT (minute, region, channel, merchant_id, outcome)
    DO UPDATE SET times = refused_callback.times + excluded.times
    """
)
_DROP = text(
    """
    DELETE FROM refused_callback r USING (
        SELECT minute, region, channel, merchant_id, outcome FROM refused_callback
        WHERE minute < CAST(:before AS timestamptz) ORDER BY minute LIMIT :limit
    ) AS old
    WHERE (r.minute, r.region, r.channel, r.merchant_id, r.outcome)
        = (old.minute, old.region, old.channel, old.merchant_id, old.outcome)
    """
)


async def deliveries(session: AsyncSession, limit: int) -> list[KeptDelivery]:
    """The callbacks that were kept last, newest first."""
    return await fetch_all(session, _DELIVERIES, KeptDelivery, {"limit": limit, "until": _LAST})


async def delivery(session: AsyncSession, notice_id: UUID) -> KeptDelivery | None:
    """One callback that was kept."""
    return await fetch_one(session, _DELIVERY, KeptDelivery, {"id": notice_id})


async def kept_message(session: AsyncSession, notice_id: UUID) -> VerifiedNotice | None:
    """A kept callback with the message that it came in; what it says of money is in the message."""
    return await fetch_one(session, _KEPT, _kept, {"id": notice_id})


async def refused(session: AsyncSession, now: datetime, limit: int) -> list[RefusedCount]:
    """The refusals of the last minutes, newest first."""
    return await fetch_all(session, _REFUSED, RefusedCount, {"limit": limit, "since": now - KEPT_FOR})


async def add_refused(session: AsyncSession, region: str, counts: Mapping[RefusedKey, int]) -> None:
    """Add counts to their minutes; in one order, so that two processes never wait for each other in a circle."""
    rows = [{**key._asdict(), "times": counts[key], "region": region} for key in sorted(counts)]
    await session.execute(_ADD, rows)


async def drop_old(session: AsyncSession, now: datetime) -> None:
    """Forget refusals of days ago, some at a time."""
    await session.execute(_DROP, {"before": now - KEPT_FOR, "limit": _DROPPED_AT_ONCE})
