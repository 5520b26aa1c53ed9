"""The rows of raw notices: kept as they come, taken off the queue, and marked with what became of them.

They are inserted in the driver's own form, one statement per group, because that is the hottest path of the service.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.payment.notices.notice import ChannelNotice, NoticeKind, PaymentNotice, RefundNotice, VerifiedNotice
from shared.database.bulk import ColumnMap, driver_insert, update_rows
from shared.database.row import fetch_all, select_into

Insert = Callable[[Sequence[VerifiedNotice]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ConcludedNotice:
    """What became of a notice, and why."""

    id: UUID
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class QuarantinedNotice:
    """A notice in quarantine, and why."""

    id: UUID
    channel: str
    merchant_id: str
    order_no: str | None
    transaction_id: str | None
    refund_no: str | None
    amount_fen: int | None
    currency: str | None
    succeeded_at: datetime | None
    reason: str
    region: str


@dataclass(frozen=True, slots=True)
class MoneyAtRisk:
    """Payments by their notices, worth how many fen, the oldest for how many seconds by the database's clock."""

    notices: int
    fen: int
    oldest_s: float


def _notice_of(
    id: UUID,  # noqa: A002 - the name of the column
    channel: str,
    merchant_id: str,
    notify_id: str,
    event_type: str,
    kind: str,
    payee_merchant_id: str,
    payee_appid: str,
    order_no: str,
    transaction_id: str,
    refund_no: str,
    outcome: str,
    amount_fen: int,
    currency: str,
    succeeded_at: datetime,
    region: str,
    correlation_id: UUID,
) -> ChannelNotice:
    """A notice of a payment or a refund holds all of its columns, another one none: its kind says so."""
    of_channel: dict[str, Any] = {
        "id": id,
        "channel": channel,
        "merchant_id": merchant_id,
        "region": region,
        "notify_id": notify_id,
        "event_type": event_type,
        "correlation_id": correlation_id,
    }
    of_money: dict[str, Any] = {
        "payee_merchant_id": payee_merchant_id,
        "order_no": order_no,
        "transaction_id": transaction_id,
        "outcome": outcome,
        "amount_fen": amount_fen,
        "succeeded_at": succeeded_at,
    }
    match NoticeKind(kind):
        case NoticeKind.PAYMENT:
            return PaymentNotice(payee_appid=payee_appid, currency=currency, **of_money, **of_channel)
        case NoticeKind.REFUND:
            return RefundNotice(refund_no=refund_no, **of_money, **of_channel)
        case other:
            return ChannelNotice(kind=other, **of_channel)


def _of_money(name: str) -> Callable[[VerifiedNotice], object]:
    """A value that not every kind of notice has."""
    return lambda verified: getattr(verified.notice, name, None)


_VERIFIED = ColumnMap[VerifiedNotice](
    {
        "id": ("uuid", "notice.id"),
        "channel": ("text", "notice.channel"),
        "merchant_id": ("text", "notice.merchant_id"),
        "notify_id": ("text", "notice.notify_id"),
        "source": ("text", "evidence.source"),
        "envelope": ("bytea", "evidence.envelope"),
        "serial": ("text", "evidence.serial"),
        "signed_at": ("timestamptz", "evidence.signed_at"),
        "event_type": ("text", "notice.event_type"),
        "kind": ("text", "notice.kind"),
        "payee_merchant_id": ("text", _of_money("payee_merchant_id")),
        "payee_appid": ("text", _of_money("payee_appid")),
        "order_no": ("text", _of_money("order_no")),
        "transaction_id": ("text", _of_money("transaction_id")),
        "refund_no": ("text", _of_money("refund_no")),
        "outcome": ("text", _of_money("outcome")),
        "amount_fen": ("bigint", _of_money("amount_fen")),
        "currency": ("text", _of_money("currency")),
        "succeeded_at": ("timestamptz", _of_money("succeeded_at")),
        "region": ("text", "notice.region"),
        "actor": ("text", "notice.actor"),
        "correlation_id": ("uuid", "notice.correlation_id"),
    }
)
_CONCLUDED = ColumnMap[ConcludedNotice]({"id": "uuid", "state": "text", "reason": "text"})

_INSERT = driver_insert("raw_notice", _VERIFIED, then="ON CONFLICT (channel, notify_id) DO NOTHING")
# A work queue: the next worker takes other rows. The order's and the bill's rows decide every race.
_CLAIM = select_into(
    _notice_of,
    "SELECT {fields} FROM raw_notice WHERE state = 'RECEIVED' ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED",
)
_WAITING = text("SELECT id FROM raw_notice WHERE state = 'RECEIVED' ORDER BY id LIMIT :limit")
_CLAIM_ONE = select_into(
    _notice_of, "SELECT {fields} FROM raw_notice WHERE id = :id AND state = 'RECEIVED' FOR UPDATE SKIP LOCKED"
)
_CONCLUDE = update_rows("raw_notice", _CONCLUDED, key="id")
_UNPARK = text(
    """
    UPDATE raw_notice SET state = 'RECEIVED', reason = NULL
    WHERE state = 'PARKED' AND transaction_id = ANY(CAST(:transactions AS text[]))
    """
)
_UNPARK_BOOKED = text(
    """
    UPDATE raw_notice n SET state = 'RECEIVED', reason = NULL
    WHERE n.state = 'PARKED' AND EXISTS (
        SELECT FROM payment p
        WHERE (p.channel, p.merchant_id, p.transaction_id) = (n.channel, n.merchant_id, n.transaction_id)
    )
    RETURNING n.id
    """
)
_RETRY = text(
    """
    UPDATE raw_notice SET state = 'RECEIVED', reason = NULL
    WHERE id = :id AND state = 'QUARANTINED' AND reason = ANY(CAST(:reasons AS text[])) RETURNING id
    """
)
_QUARANTINED = select_into(
    QuarantinedNotice,
    """
    SELECT {fields} FROM raw_notice
    WHERE state = 'QUARANTINED' AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """,
)
# Two branches, so that each has its partial index: the table holds every notice ever taken. A clock that was set back
# makes nothing wait for less than no time.
_AT_RISK = text(
    """
    SELECT count(*) AS notices, coalesce(sum(amount_fen), 0)::bigint AS fen,
           greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0))::float8 AS oldest_s
    FROM (
        SELECT amount_fen, recorded_at FROM raw_notice WHERE state = 'RECEIVED' AND kind = 'PAYMENT'
        UNION ALL
        SELECT amount_fen, recorded_at FROM raw_notice WHERE state = 'PARKED' AND kind = 'PAYMENT'
    ) AS waiting
    """
)


async def prepare_insert(connection: AsyncConnection, region: str) -> Insert:
    """Prepare a connection for inserting notices of one region; each call is one statement with its own commit."""
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None:
        raise ConnectionError("the connection has no driver")
    await driver.execute("SELECT set_config('canbao.region', $1, false)", region)
    statement = await driver.prepare(_INSERT)

    async def insert(notices: Sequence[VerifiedNotice]) -> None:
        await statement.fetch(*_VERIFIED.lists(notices))

    return insert


async def claim(session: AsyncSession, limit: int) -> list[ChannelNotice]:
    """Take the oldest notices that no worker holds."""
    return await fetch_all(session, _CLAIM, _notice_of, {"limit": limit})


async def waiting(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """The oldest notices that are not worked yet; a worker may hold them."""
    return (await session.execute(_WAITING, {"limit": limit})).scalars().all()


async def claim_one(session: AsyncSession, notice_id: UUID) -> list[ChannelNotice]:
    """Take this notice, unless another worker holds it or has worked it."""
    return await fetch_all(session, _CLAIM_ONE, _notice_of, {"id": notice_id})


async def conclude(session: AsyncSession, outcomes: Mapping[UUID, tuple[str, str | None]]) -> None:
    """Record what became of notices, and why."""
    concluded = [ConcludedNotice(id_, *outcomes[id_]) for id_ in sorted(outcomes)]
    await session.execute(_CONCLUDE, _CONCLUDED.arrays(concluded))


async def unpark(session: AsyncSession, transaction_ids: Sequence[str]) -> None:
    """Put refund notices that came before their payment back into the queue."""
    await session.execute(_UNPARK, {"transactions": sorted(set(transaction_ids))})


async def unpark_booked(session: AsyncSession) -> int:
    """Put parked refund notices whose payment has been booked meanwhile back into the queue; returns how many."""
    return len((await session.execute(_UNPARK_BOOKED)).all())


async def retry(session: AsyncSession, notice_id: UUID, reasons: Sequence[str]) -> bool:
    """Put a notice that was quarantined for one of these reasons back into the queue; whether there was one."""
    found = await session.execute(_RETRY, {"id": notice_id, "reasons": list(reasons)})
    return found.one_or_none() is not None


async def quarantined(session: AsyncSession, *, after: UUID | None, limit: int) -> list[QuarantinedNotice]:
    """Notices in quarantine, oldest first."""
    return await fetch_all(session, _QUARANTINED, QuarantinedNotice, {"after": after, "limit": limit})


async def money_at_risk(session: AsyncSession) -> MoneyAtRisk:
    """What the session's region has acknowledged and not yet credited."""
    (at_risk,) = await fetch_all(session, _AT_RISK, MoneyAtRisk)
    return at_risk
