"""The rows of raw notices: kept as they come, taken off the queue, and marked with what became of them.

They are inserted in the driver's own form, one statement per group, because that is the hottest path of the service.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
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
class MoneyAtRisk:
    """Payments by their notices, worth how many fen, the oldest for how many seconds by the database's clock."""

    notices: int
    fen: int
    oldest_s: float


class _NoticeRow(NamedTuple):
    """A notice as it is stored; what it says about money is there only where it is about a payment or a refund."""

    id: UUID
    channel: str
    merchant_id: str
    notify_id: str
    event_type: str
    kind: str
    payee_merchant_id: str | None
    payee_provider_id: str | None
    payee_appid: str | None
    order_no: str | None
    transaction_id: str | None
    refund_no: str | None
    channel_refund_id: str | None
    outcome: str | None
    amount_fen: int | None
    currency: str | None
    succeeded_at: datetime | None
    region: str
    correlation_id: UUID

    def notice(self) -> ChannelNotice:
        """The notice of its kind; one that lacks what its kind says is none that we can read."""
        match kind := NoticeKind(self.kind):
            case NoticeKind.PAYMENT:
                return self._payment() or self._of_no_money(NoticeKind.UNREADABLE)
            case NoticeKind.REFUND:
                return self._refund() or self._of_no_money(NoticeKind.UNREADABLE)
            case _:
                return self._of_no_money(kind)

    def _payment(self) -> PaymentNotice | None:
        if (
            self.payee_merchant_id is None
            or self.payee_appid is None
            or self.order_no is None
            or self.transaction_id is None
            or self.outcome is None
            or self.amount_fen is None
            or self.currency is None
            or self.succeeded_at is None
        ):
            return None
        return PaymentNotice(
            id=self.id,
            channel=self.channel,
            merchant_id=self.merchant_id,
            region=self.region,
            notify_id=self.notify_id,
            event_type=self.event_type,
            correlation_id=self.correlation_id,
            payee_merchant_id=self.payee_merchant_id,
            payee_provider_id=self.payee_provider_id,
            payee_appid=self.payee_appid,
            order_no=self.order_no,
            transaction_id=self.transaction_id,
            outcome=self.outcome,
            amount_fen=self.amount_fen,
            currency=self.currency,
            succeeded_at=self.succeeded_at,
        )

    def _refund(self) -> RefundNotice | None:
        if (
            self.payee_merchant_id is None
            or self.order_no is None
            or self.transaction_id is None
            or self.refund_no is None
            or self.outcome is None
            or self.amount_fen is None
        ):
            return None
        return RefundNotice(
            id=self.id,
            channel=self.channel,
            merchant_id=self.merchant_id,
            region=self.region,
            notify_id=self.notify_id,
            event_type=self.event_type,
            correlation_id=self.correlation_id,
            payee_merchant_id=self.payee_merchant_id,
            payee_provider_id=self.payee_provider_id,
            order_no=self.order_no,
            transaction_id=self.transaction_id,
            refund_no=self.refund_no,
            channel_refund_id=self.channel_refund_id,
            outcome=self.outcome,
            amount_fen=self.amount_fen,
            succeeded_at=self.succeeded_at,
        )

    def _of_no_money(self, kind: NoticeKind) -> ChannelNotice:
        return ChannelNotice(
            id=self.id,
            kind=kind,
            channel=self.channel,
            merchant_id=self.merchant_id,
            region=self.region,
            notify_id=self.notify_id,
            event_type=self.event_type,
            order_no=self.order_no,
            correlation_id=self.correlation_id,
        )


def _of_money(name: str) -> Callable[[VerifiedNotice], object]:
    """A value that not every kind of notice has."""
    return lambda verified: getattr(verified.notice, name, None)


NOTICE_COLUMNS = ColumnMap[VerifiedNotice](
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
        "payee_provider_id": ("text", _of_money("payee_provider_id")),
        "payee_appid": ("text", _of_money("payee_appid")),
        "order_no": ("text", _of_money("order_no")),
        "transaction_id": ("text", _of_money("transaction_id")),
        "refund_no": ("text", _of_money("refund_no")),
        "channel_refund_id": ("text", _of_money("channel_refund_id")),
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

_INSERT = driver_insert("raw_notice", NOTICE_COLUMNS, then="ON CONFLICT (channel, notify_id) DO NOTHING")
# A work queue: the next worker takes other rows. The order's and the bill's rows decide every race.
_CLAIM = select_into(
    _NoticeRow,
    "SELECT {fields} FROM raw_notice WHERE state = 'RECEIVED' ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED",
)
_WAITING = text("SELECT id FROM raw_notice WHERE state = 'RECEIVED' ORDER BY id LIMIT :limit")
_CLAIM_ONE = select_into(
    _NoticeRow, "SELECT {fields} FROM raw_notice WHERE id = :id AND state = 'RECEIVED' FOR UPDATE SKIP LOCKED"
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
# What is not credited yet may be credited still, and what cannot be read may be about anything. A branch for each
# state, so that each has its partial index.
_MAY_BRING = text(
    """
    SELECT EXISTS (
        SELECT FROM (
            SELECT channel, merchant_id, transaction_id, order_no, event_type, kind FROM raw_notice
            WHERE state = 'RECEIVED'
            UNION ALL
            SELECT channel, merchant_id, transaction_id, order_no, event_type, kind FROM raw_notice
            WHERE state = 'PARKED'
            UNION ALL
            SELECT channel, merchant_id, transaction_id, order_no, event_type, kind FROM raw_notice
            WHERE state = 'QUARANTINED'
        ) AS waiting
        WHERE channel = :channel AND merchant_id = :merchant_id AND event_type = 'TRANSACTION.SUCCESS'
          AND (transaction_id = :transaction_id OR order_no = :order_no OR kind = 'UNREADABLE' AND order_no IS NULL))
    """
)
# A success of our own order in quarantine is money that we hold and have credited to nobody, until the order is paid.
# Where its transaction cannot be read, it is credited if the order is confirmed.
ORDER_OF_NOTICE = """
    o.order_no = n.order_no AND o.channel = n.channel AND o.merchant_id = coalesce(n.payee_merchant_id, n.merchant_id)
"""
UNPAID_SUCCESS = """
    n.event_type = 'TRANSACTION.SUCCESS' AND n.payee_provider_id IS NULL AND coalesce(n.outcome, 'SUCCESS') = 'SUCCESS'
    AND (n.transaction_id IS NOT NULL OR o.state <> 'CONFIRMED')
    AND NOT EXISTS (
        SELECT FROM payment p
        WHERE (p.channel, p.merchant_id, p.transaction_id) = (o.channel, o.merchant_id, n.transaction_id)
          AND p.order_id = o.id
    )
"""
# A branch for each state, so that each has its partial index: the table holds every notice ever taken. A clock that was
# set back makes nothing wait for less than no time. Where an amount cannot be read it is the order's.
_AT_RISK = text(
    f"""
    SELECT count(*) AS notices, coalesce(sum(amount_fen), 0)::bigint AS fen,
           greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0))::float8 AS oldest_s
    FROM (
        SELECT amount_fen, recorded_at FROM raw_notice WHERE state = 'RECEIVED' AND kind = 'PAYMENT'
        UNION ALL
        SELECT amount_fen, recorded_at FROM raw_notice WHERE state = 'PARKED' AND kind = 'PAYMENT'
        UNION ALL
        SELECT CASE n.currency WHEN 'CNY' THEN n.amount_fen ELSE o.amount_fen END, n.recorded_at
        FROM raw_notice n JOIN payment_order o ON {ORDER_OF_NOTICE}
        WHERE n.state = 'QUARANTINED' AND {UNPAID_SUCCESS}
    ) AS waiting
    """  # noqa: S608 - constants above
)


async def prepare_insert(connection: AsyncConnection, region: str) -> Insert:
    """Prepare a connection for inserting notices of one region; each call is one statement with its own commit."""
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None:
        raise ConnectionError("the connection has no driver")
    await driver.execute("SELECT set_config('canbao.region', $1, false)", region)
    statement = await driver.prepare(_INSERT)

    async def insert(notices: Sequence[VerifiedNotice]) -> None:
        await statement.fetch(*NOTICE_COLUMNS.lists(notices))

    return insert


async def claim(session: AsyncSession, limit: int) -> list[ChannelNotice]:
    """Take the oldest notices that no worker holds."""
    return [row.notice() for row in await fetch_all(session, _CLAIM, _NoticeRow, {"limit": limit})]


async def waiting(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """The oldest notices that are not worked yet; a worker may hold them."""
    return (await session.execute(_WAITING, {"limit": limit})).scalars().all()


async def claim_one(session: AsyncSession, notice_id: UUID) -> list[ChannelNotice]:
    """Take this notice, unless another worker holds it or has worked it."""
    return [row.notice() for row in await fetch_all(session, _CLAIM_ONE, _NoticeRow, {"id": notice_id})]


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


async def may_bring(
    session: AsyncSession, channel: str, merchant_id: str, transaction_id: str | None, order_no: str | None
) -> bool:
    """Whether a notice that waits, in quarantine too, is about a payment, or may be because it cannot be read."""
    values = {"channel": channel, "merchant_id": merchant_id, "transaction_id": transaction_id, "order_no": order_no}
    return bool((await session.execute(_MAY_BRING, values)).scalar_one())


async def money_at_risk(session: AsyncSession) -> MoneyAtRisk:
    """What the session's region has acknowledged and not yet credited."""
    (at_risk,) = await fetch_all(session, _AT_RISK, MoneyAtRisk)
    return at_risk
