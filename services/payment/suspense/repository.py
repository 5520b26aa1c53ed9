"""Writing and listing suspended money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.suspense.reasons import SuspenseReason
from services.payment.suspense.state import Suspended, SuspendedDirect, SuspenseState
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class ListedSuspense:
    """A suspended item in a list."""

    id: UUID
    channel: str
    merchant_id: str
    order_no: str | None
    transaction_id: str
    enrolment_id: UUID | None
    benefit_year: int | None
    region: str
    amount_fen: int
    reason: str
    suspended_on: date
    state: str


class SuspendedPayment(Protocol):
    """A payment of one line that is suspended as a whole."""

    @property
    def line_id(self) -> UUID:
        """Its line."""

    @property
    def channel(self) -> str:
        """Through which channel it came."""

    @property
    def merchant_id(self) -> str:
        """To which merchant."""

    @property
    def order_no(self) -> str:
        """Under which order."""

    @property
    def transaction_id(self) -> str:
        """Under which number of the channel."""

    @property
    def amount_fen(self) -> int:
        """How much it is."""

    @property
    def paid_on(self) -> date:
        """On which day it was paid."""

    @property
    def region(self) -> str:
        """Where it belongs."""

    @property
    def trace(self) -> Trace:
        """Its chain of causes."""


_ITEMS = ColumnMap[Suspended](
    {
        "id": "uuid",
        "payment_line_id": "uuid",
        "notice_id": ("uuid", "notice.id"),
        "channel": ("text", "notice.channel"),
        "merchant_id": ("text", "notice.merchant_id"),
        "order_no": ("text", "notice.order_no"),
        "transaction_id": ("text", "notice.transaction_id"),
        "enrolment_id": ("uuid", "dimensions.enrolment_id"),
        "person_token": ("text", "dimensions.person_token"),
        "benefit_year": ("integer", "dimensions.benefit_year"),
        "amount_fen": "bigint",
        "paid_fen": ("bigint", "notice.amount_fen"),
        "reason": "text",
        "suspended_on": ("date", "notice.paid_on"),
        "state": "text",
        "region": ("text", "dimensions.region"),
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_DIRECT = ColumnMap[SuspendedDirect](
    {
        "id": "uuid",
        "payment_line_id": "uuid",
        "direct_id": "uuid",
        "channel": "text",
        "merchant_id": ("text", "institution"),
        "transaction_id": "text",
        "enrolment_id": ("uuid", "dimensions.enrolment_id"),
        "person_token": ("text", "dimensions.person_token"),
        "benefit_year": ("integer", "dimensions.benefit_year"),
        "amount_fen": "bigint",
        "paid_fen": ("bigint", "amount_fen"),
        "reason": "text",
        "suspended_on": "date",
        "state": "text",
        "region": ("text", "dimensions.region"),
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_ONCE = "(channel, merchant_id, transaction_id, order_no, amount_fen) WHERE state = 'CONTESTED'"
_INSERT = insert_rows("suspense", _ITEMS, then=f"ON CONFLICT {_ONCE} DO NOTHING")
_INSERT_DIRECT = insert_rows("suspense", _DIRECT, order_by="n.id", then=f"ON CONFLICT {_ONCE} DO NOTHING")
_TAKE_BACK = text("UPDATE suspense SET state = 'REVERSED' WHERE id = ANY(CAST(:ids AS uuid[]))")
_INSERT_BILLED = text(
    """
    INSERT INTO suspense (id, payment_line_id, channel, merchant_id, order_no, transaction_id, amount_fen, paid_fen,
                          reason, suspended_on, state, region, actor, correlation_id)
    VALUES (:suspense_id, :line_id, :channel, :merchant_id, :order_no, :transaction_id, :amount_fen, :amount_fen,
            :reason, :paid_on, 'HELD', :region, :actor, :correlation_id)
    """
)
_TURN = text(
    """
    UPDATE suspense SET state = :state
    WHERE id = ANY(CAST(:ids AS uuid[])) AND state = :from_state RETURNING id
    """
)
_LIST = select_into(
    ListedSuspense,
    """
    SELECT {fields} FROM suspense
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND id > {after}
    ORDER BY id LIMIT :limit
    """,
)


async def insert(session: AsyncSession, items: Sequence[Suspended]) -> None:
    """Write suspended parts; the same claim to a booked transaction is written once."""
    await session.execute(_INSERT, _ITEMS.arrays(items))


async def insert_direct(session: AsyncSession, items: Sequence[SuspendedDirect]) -> None:
    """Write money that an institution collected; the same claim to a booked payment is written once."""
    await session.execute(_INSERT_DIRECT, _DIRECT.arrays(items))


async def take_back(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Note on items, whose payment lines are held, that the institution took the money back."""
    if ids:
        await session.execute(_TAKE_BACK, {"ids": sorted(ids)})


async def insert_billed(
    session: AsyncSession, suspense_id: UUID, payment: SuspendedPayment, reason: SuspenseReason
) -> None:
    """Write money that only a channel's bill names."""
    values = {
        "suspense_id": suspense_id,
        "line_id": payment.line_id,
        "channel": payment.channel,
        "merchant_id": payment.merchant_id,
        "order_no": payment.order_no,
        "transaction_id": payment.transaction_id,
        "amount_fen": payment.amount_fen,
        "reason": reason.value,
        "paid_on": payment.paid_on,
        "region": payment.region,
        "actor": payment.trace.actor,
        "correlation_id": payment.trace.correlation_id,
    }
    await session.execute(_INSERT_BILLED, values)


async def transition(
    session: AsyncSession, ids: Sequence[UUID], state: SuspenseState, *, from_state: SuspenseState
) -> list[UUID]:
    """Move items on; returns those that were in ``from_state``."""
    parameters = {"ids": sorted(ids), "state": state.value, "from_state": from_state.value}
    return list((await session.execute(_TURN, parameters)).scalars())


async def listed(
    session: AsyncSession, *, state: SuspenseState | None, after: UUID | None, limit: int
) -> list[ListedSuspense]:
    """Suspended items, oldest first."""
    parameters = {"state": state.value if state else None, "after": after, "limit": limit}
    return await fetch_all(session, _LIST, ListedSuspense, parameters)
