"""Reading, locking and writing orders."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions
from services.payment.orders.state import Order, OrderLine, OrderState
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class _LineRow:
    order_id: UUID
    bill_id: UUID
    enrolment_id: UUID
    person_token: str
    benefit_year: int
    region: str
    amount_fen: int

    def line(self) -> OrderLine:
        """The line without its order."""
        whose = Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)
        return OrderLine(self.bill_id, self.amount_fen, whose)


@dataclass(frozen=True, slots=True)
class OrderedWith:
    """With which merchant and application an order was opened."""

    order_no: str
    merchant_id: str
    appid: str


def _order_of(
    id: UUID,  # noqa: A002 - the name of the column
    order_no: str,
    channel: str,
    merchant_id: str,
    state: str,
    amount_fen: int,
    benefit_year: int,
    region: str,
    expires_at: datetime,
    code_url: str | None,
    actor: str,
    correlation_id: UUID,
) -> Order:
    """An order; its lines are read for all orders at once."""
    return Order(
        id=id,
        order_no=order_no,
        channel=channel,
        merchant_id=merchant_id,
        state=OrderState(state),
        amount_fen=amount_fen,
        benefit_year=benefit_year,
        region=region,
        expires_at=expires_at,
        lines=(),
        trace=Trace(actor, correlation_id),
        code_url=code_url,
    )


_ORDER = ColumnMap[Order](
    {
        "id": "uuid",
        "order_no": "text",
        "channel": "text",
        "merchant_id": "text",
        "benefit_year": "integer",
        "state": "text",
        "amount_fen": "bigint",
        "expires_at": "timestamptz",
        "region": "text",
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_LINE = ColumnMap[OrderLine](
    {
        "bill_id": "uuid",
        "enrolment_id": ("uuid", "dimensions.enrolment_id"),
        "person_token": ("text", "dimensions.person_token"),
        "benefit_year": ("integer", "dimensions.benefit_year"),
        "region": ("text", "dimensions.region"),
        "amount_fen": "bigint",
    }
)

_LOCK = select_into(
    _order_of,
    "SELECT {fields} FROM payment_order WHERE order_no = ANY(CAST(:order_nos AS text[])) ORDER BY order_no FOR UPDATE",
)
_ORDERED_WITH = select_into(
    OrderedWith, "SELECT {fields} FROM payment_order WHERE order_no = ANY(CAST(:order_nos AS text[]))"
)
_GET = select_into(_order_of, "SELECT {fields} FROM payment_order WHERE order_no = :order_no")
_LINES = select_into(
    _LineRow,
    "SELECT {fields} FROM order_line WHERE order_id = ANY(CAST(:ids AS uuid[])) ORDER BY order_id, bill_id",
)
_OPEN_ON_BILLS = select_into(
    _order_of,
    """
    SELECT {fields} FROM payment_order
    WHERE id IN (SELECT order_id FROM order_line WHERE bill_id = ANY(CAST(:bills AS uuid[])) AND open)
    ORDER BY order_no LIMIT 1000
    """,
)
_INSERT = insert_rows("payment_order", _ORDER, given={"appid": "text"})
# The unique index over open lines decides which of two orders for a bill comes first.
_INSERT_LINES = insert_rows(
    "order_line",
    _LINE,
    given={"order_id": "uuid", "open": "boolean", "actor": "text", "correlation_id": "uuid"},
    order_by="n.bill_id",
    then="ON CONFLICT (bill_id) WHERE open DO NOTHING RETURNING bill_id",
)
_TURN = text(
    """
    UPDATE payment_order SET state = :state, code_url = coalesce(:code_url, code_url)
    WHERE id = ANY(CAST(:ids AS uuid[])) AND state = ANY(CAST(:from_states AS text[])) RETURNING id
    """
)
# An order is asked about once; if the channel cannot answer, again after a pause by the database's clock.
_CLAIM_TO_QUERY = text(
    """
    WITH due AS (
        SELECT id FROM payment_order
        WHERE (state IN ('CREATED', 'UNKNOWN') AND recorded_at < now() - make_interval(secs => :patience_s)
               OR to_be_queried)
          AND (queried_at IS NULL OR queried_at < now() - make_interval(secs => :again_after_s))
        ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE payment_order SET queried_at = now() FROM due WHERE payment_order.id = due.id
    RETURNING payment_order.order_no
    """
)
_WITHDRAWN = text(
    """
    SELECT DISTINCT o.order_no
    FROM order_line l
    JOIN bill b ON b.id = l.bill_id AND b.state = 'SUPERSEDED'
    JOIN payment_order o ON o.id = l.order_id
    WHERE l.open AND o.state = 'AWAITING'
      AND (o.queried_at IS NULL OR o.queried_at < now() - make_interval(secs => :again_after_s))
    ORDER BY o.order_no LIMIT :limit
    """
)
_NOTE_ASKED = text("UPDATE payment_order SET queried_at = now() WHERE order_no = ANY(CAST(:order_nos AS text[]))")
_ASK_SOON = text("UPDATE payment_order SET to_be_queried = true, queried_at = NULL WHERE order_no = :order_no")
_ASK_ALL_OPEN = text(
    """
    UPDATE payment_order SET to_be_queried = true, queried_at = NULL
    WHERE state IN ('CREATED', 'AWAITING', 'UNKNOWN') AND NOT to_be_queried
    """
)
_NOTE_ANSWERED = text("UPDATE payment_order SET to_be_queried = false WHERE order_no = :order_no")
# The notice of a payment made in time may still come, or be lost: the order is asked about once, and a success dated
# before its expiry is credited all the same.
_EXPIRE = text(
    """
    WITH over AS (
        SELECT id FROM payment_order WHERE state = 'AWAITING' AND expires_at <= :instant
        ORDER BY order_no LIMIT :limit FOR UPDATE
    ), expired AS (
        UPDATE payment_order SET state = 'EXPIRED', to_be_queried = true FROM over WHERE payment_order.id = over.id
        RETURNING payment_order.id
    ), released AS (
        UPDATE order_line SET open = false FROM expired WHERE order_line.order_id = expired.id
    )
    SELECT count(*) FROM expired
    """
)
_RELEASE = text("UPDATE order_line SET open = false WHERE order_id = ANY(CAST(:ids AS uuid[])) AND open")


async def lock(session: AsyncSession, order_nos: Sequence[str]) -> dict[str, Order]:
    """Lock orders, sorted; by number."""
    orders = await _orders(session, _LOCK, {"order_nos": sorted(set(order_nos))})
    return {order.order_no: order for order in orders}


async def appids(session: AsyncSession, order_nos: Sequence[str]) -> dict[str, OrderedWith]:
    """With what these orders were opened, which never changes; by number, unknown ones are missing."""
    if not order_nos:
        return {}
    found = await fetch_all(session, _ORDERED_WITH, OrderedWith, {"order_nos": sorted(set(order_nos))})
    return {one.order_no: one for one in found}


async def get(session: AsyncSession, order_no: str) -> Order | None:
    """One order as it stands."""
    return next(iter(await _orders(session, _GET, {"order_no": order_no})), None)


async def open_on_bills(session: AsyncSession, bill_ids: Sequence[UUID]) -> list[Order]:
    """The orders that hold these bills open."""
    return await _orders(session, _OPEN_ON_BILLS, {"bills": sorted(set(bill_ids))})


async def insert(session: AsyncSession, order: Order, appid: str) -> bool:
    """Write an order with its lines; false where another order holds one of its bills open already."""
    await session.execute(_INSERT, _ORDER.arrays([order]) | {"appid": appid})
    given = {
        "order_id": order.id,
        "open": True,
        "actor": order.trace.actor,
        "correlation_id": order.trace.correlation_id,
    }
    written = await session.execute(_INSERT_LINES, _LINE.arrays(order.lines) | given)
    return len(written.all()) == len(order.lines)


async def transition(
    session: AsyncSession,
    order_ids: Sequence[UUID],
    state: OrderState,
    *,
    from_states: Sequence[OrderState],
    code_url: str | None = None,
) -> list[UUID]:
    """Move orders on from one of the given states; returns those that were. Closed orders let go of their bills."""
    turned = await session.execute(
        _TURN,
        {
            "ids": sorted(order_ids),
            "state": state.value,
            "code_url": code_url,
            "from_states": [one.value for one in from_states],
        },
    )
    ids = list(turned.scalars())
    if ids and state not in (OrderState.AWAITING, OrderState.UNKNOWN):
        await session.execute(_RELEASE, {"ids": ids})
    return ids


async def claim_to_query(session: AsyncSession, *, patience_s: float, again_after_s: float, limit: int) -> list[str]:
    """Numbers of orders to ask the channel about now, noted as asked."""
    timing = {"patience_s": patience_s, "again_after_s": again_after_s, "limit": limit}
    return list((await session.execute(_CLAIM_TO_QUERY, timing)).scalars())


async def claim_withdrawn(session: AsyncSession, *, again_after_s: float, limit: int) -> list[str]:
    """Numbers of open orders that would collect a superseded bill, noted as asked."""
    withdrawn = list((await session.execute(_WITHDRAWN, {"again_after_s": again_after_s, "limit": limit})).scalars())
    await session.execute(_NOTE_ASKED, {"order_nos": withdrawn})
    return withdrawn


async def ask_soon(session: AsyncSession, order_no: str) -> None:
    """Let the channel be asked about an order as soon as the job comes to it."""
    await session.execute(_ASK_SOON, {"order_no": order_no})


async def ask_all_open(session: AsyncSession) -> int:
    """Let the channel be asked about every open order, whose payment may have been lost; returns how many."""
    result = await session.execute(_ASK_ALL_OPEN)
    return result.rowcount if isinstance(result, CursorResult) else 0


async def note_answered(session: AsyncSession, order_no: str) -> None:
    """Note that the channel has answered about an order."""
    await session.execute(_NOTE_ANSWERED, {"order_no": order_no})


async def expire(session: AsyncSession, instant: datetime, limit: int) -> int:
    """End orders that lapsed before an instant and release their bills; returns how many."""
    return int((await session.execute(_EXPIRE, {"instant": instant, "limit": limit})).scalar_one())


async def _orders(session: AsyncSession, statement: TextClause, values: Mapping[str, object]) -> list[Order]:
    orders = await fetch_all(session, statement, _order_of, values)
    if not orders:
        return []
    lines: dict[UUID, list[OrderLine]] = defaultdict(list)
    for row in await fetch_all(session, _LINES, _LineRow, {"ids": sorted(order.id for order in orders)}):
        lines[row.order_id].append(row.line())
    return [replace(order, lines=tuple(lines[order.id])) for order in orders]
