"""The rows of raw notices: kept as they come, taken off the queue, and marked with what became of them.

They are inserted in the driver's own form, one statement per group, because that is the hottest path of the service.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.payment.notices.notice import ChannelNotice, Evidence, NoticeKind, PaymentNotice, RefundNotice

VerifiedNotice = tuple[ChannelNotice, Evidence]
Insert = Callable[[Sequence[VerifiedNotice]], Awaitable[None]]

_COLUMNS: Final = {
    "id": "uuid",
    "channel": "text",
    "merchant_id": "text",
    "notify_id": "text",
    "source": "text",
    "envelope": "bytea",
    "serial": "text",
    "signed_at": "timestamptz",
    "event_type": "text",
    "kind": "text",
    "payee_merchant_id": "text",
    "payee_appid": "text",
    "order_no": "text",
    "transaction_id": "text",
    "refund_no": "text",
    "outcome": "text",
    "amount_fen": "bigint",
    "currency": "text",
    "succeeded_at": "timestamptz",
    "region": "text",
    "actor": "text",
    "correlation_id": "uuid",
}
_NAMES = ", ".join(_COLUMNS)
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_COLUMNS.values(), start=1))
_INSERT = f"""
    INSERT INTO raw_notice ({_NAMES})
    SELECT {_NAMES} FROM unnest({_ARRAYS}) AS new ({_NAMES})
    ON CONFLICT (channel, notify_id) DO NOTHING
"""  # noqa: S608 - constant columns

_NOTICE = """id, channel, merchant_id, notify_id, event_type, kind, payee_merchant_id, payee_appid, order_no,
             transaction_id, refund_no, outcome, amount_fen, currency, succeeded_at, region, correlation_id"""
# A work queue: the next worker takes other rows. The order's and the bill's rows decide every race.
_CLAIM = text(
    f"""
    SELECT {_NOTICE}
    FROM raw_notice WHERE state = 'RECEIVED' ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    """  # noqa: S608 - constant columns
)
_WAITING = text("SELECT id FROM raw_notice WHERE state = 'RECEIVED' ORDER BY id LIMIT :limit")
_CLAIM_ONE = text(
    f"SELECT {_NOTICE} FROM raw_notice WHERE id = :id AND state = 'RECEIVED' FOR UPDATE SKIP LOCKED"  # noqa: S608
)
_CONCLUDE = text(
    """
    UPDATE raw_notice SET state = done.state, reason = done.reason
    FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:reasons AS text[])) AS done (id, state, reason)
    WHERE raw_notice.id = done.id
    """
)
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
_QUARANTINED = text(
    """
    SELECT id, channel, merchant_id, order_no, transaction_id, refund_no, amount_fen, currency, succeeded_at, reason,
           region
    FROM raw_notice
    WHERE state = 'QUARANTINED' AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """
)
# Two branches, so that each has its partial index: the table holds every notice ever taken.
_AT_RISK = text(
    """
    SELECT count(*) AS notices, coalesce(sum(amount_fen), 0)::bigint AS fen,
           coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8 AS oldest_s
    FROM (
        SELECT amount_fen, recorded_at FROM raw_notice WHERE state = 'RECEIVED' AND kind = 'PAYMENT'
        UNION ALL
        SELECT amount_fen, recorded_at FROM raw_notice WHERE state = 'PARKED' AND kind = 'PAYMENT'
    ) AS waiting
    """
)


@dataclass(frozen=True, slots=True)
class MoneyAtRisk:
    """Payments by their notices, worth how many fen, the oldest for how many seconds by the database's clock."""

    notices: int
    fen: int
    oldest_s: float


async def prepare_insert(connection: AsyncConnection, region: str) -> Insert:
    """Prepare a connection for inserting notices of one region; each call is one statement with its own commit."""
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None:
        raise ConnectionError("the connection has no driver")
    await driver.execute("SELECT set_config('canbao.region', $1, false)", region)
    statement = await driver.prepare(_INSERT)

    async def insert(notices: Sequence[VerifiedNotice]) -> None:
        await statement.fetch(*map(list, zip(*(_values(*verified) for verified in notices), strict=True)))

    return insert


async def claim(session: AsyncSession, limit: int) -> list[ChannelNotice]:
    """Take the oldest notices that no worker holds."""
    return [_notice(row) for row in await session.execute(_CLAIM, {"limit": limit})]


async def waiting(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """The oldest notices that are not worked yet; a worker may hold them."""
    return (await session.execute(_WAITING, {"limit": limit})).scalars().all()


async def claim_one(session: AsyncSession, notice_id: UUID) -> list[ChannelNotice]:
    """Take this notice, unless another worker holds it or has worked it."""
    return [_notice(row) for row in await session.execute(_CLAIM_ONE, {"id": notice_id})]


async def conclude(session: AsyncSession, outcomes: Mapping[UUID, tuple[str, str | None]]) -> None:
    """Record what became of notices, and why."""
    ids = sorted(outcomes)
    await session.execute(
        _CONCLUDE,
        {"ids": ids, "states": [outcomes[id_][0] for id_ in ids], "reasons": [outcomes[id_][1] for id_ in ids]},
    )


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


async def quarantined(session: AsyncSession, *, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Notices in quarantine, oldest first."""
    return (await session.execute(_QUARANTINED, {"after": after, "limit": limit})).all()


async def money_at_risk(session: AsyncSession) -> MoneyAtRisk:
    """What the session's region has acknowledged and not yet credited."""
    row = (await session.execute(_AT_RISK)).one()
    return MoneyAtRisk(row.notices, row.fen, max(0.0, row.oldest_s))


def _values(notice: ChannelNotice, evidence: Evidence) -> tuple[object, ...]:
    """A notice's row, in the order of the columns."""
    payment = notice if isinstance(notice, PaymentNotice) else None
    refund = notice if isinstance(notice, RefundNotice) else None
    money = payment or refund
    return (
        notice.id, notice.channel, notice.merchant_id, notice.notify_id, evidence.source, evidence.envelope,
        evidence.serial, evidence.signed_at, notice.event_type, notice.kind, money and money.payee_merchant_id,
        payment and payment.payee_appid, money and money.order_no, money and money.transaction_id,
        refund and refund.refund_no, money and money.outcome, money and money.amount_fen, payment and payment.currency,
        money and money.succeeded_at, notice.region, notice.trace.actor, notice.correlation_id,
    )  # fmt: skip


def _notice(row: Row[Any]) -> ChannelNotice:
    kind = NoticeKind(row.kind)
    values: dict[str, Any] = {
        "id": row.id,
        "channel": row.channel,
        "merchant_id": row.merchant_id,
        "region": row.region,
        "notify_id": row.notify_id,
        "event_type": row.event_type,
        "correlation_id": row.correlation_id,
    }
    if kind not in (NoticeKind.PAYMENT, NoticeKind.REFUND):
        return ChannelNotice(kind=kind, **values)
    values |= {
        "payee_merchant_id": row.payee_merchant_id,
        "order_no": row.order_no,
        "transaction_id": row.transaction_id,
        "outcome": row.outcome,
        "amount_fen": row.amount_fen,
        "succeeded_at": row.succeeded_at,
    }
    if kind is NoticeKind.PAYMENT:
        return PaymentNotice(payee_appid=row.payee_appid, currency=row.currency, **values)
    return RefundNotice(refund_no=row.refund_no, **values)
