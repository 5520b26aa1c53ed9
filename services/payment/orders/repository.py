"""Reading, locking, writing and ending orders."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channels.merchant_account import merchant_columns
from services.payment.channels.prepayment import TradeType
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


def order_of(
    id: UUID,  # noqa: A002 - the name of the column
    order_no: str,
    channel: str,
    merchant_id: str,
    trade_type: str,
    state: str,
    amount_fen: int,
    benefit_year: int,
    region: str,
    opened_at: datetime,
    expires_at: datetime,
    last_day: date,
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
        trade_type=TradeType(trade_type),
        state=OrderState(state),
        amount_fen=amount_fen,
        benefit_year=benefit_year,
        region=region,
        opened_at=opened_at,
        expires_at=expires_at,
        last_day=last_day,
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
        "trade_type": "text",
        "benefit_year": "integer",
        "state": "text",
        "amount_fen": "bigint",
        "opened_at": "timestamptz",
        "expires_at": "timestamptz",
        "last_day": "date",
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
    order_of,
    "SELECT {fields} FROM payment_order WHERE order_no = ANY(CAST(:order_nos AS text[])) ORDER BY order_no FOR UPDATE",
)
_ORDERED_WITH = select_into(
    OrderedWith, "SELECT {fields} FROM payment_order WHERE order_no = ANY(CAST(:order_nos AS text[]))"
)
_GET = select_into(order_of, "SELECT {fields} FROM payment_order WHERE order_no = :order_no")
_LINES = select_into(
    _LineRow,
    "SELECT {fields} FROM order_line WHERE order_id = ANY(CAST(:ids AS uuid[])) ORDER BY order_id, bill_id",
)
_OPEN_ON_BILLS = select_into(
    order_of,
    """
    SELECT {fields} FROM payment_order
    WHERE id IN (SELECT order_id FROM order_line WHERE bill_id = ANY(CAST(:bills AS uuid[])) AND open)
    ORDER BY order_no LIMIT 1000
    """,
)
_INSERT = insert_rows("payment_order", _ORDER, given={"appid": "text", "next_ask_at": "timestamptz"})
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
    UPDATE payment_order SET state = :state, code_url = coalesce(:code_url, code_url), next_ask_at = :next_ask_at
    WHERE id = ANY(CAST(:ids AS uuid[])) AND state = ANY(CAST(:from_states AS text[])) RETURNING id
    """
)
# The business date has gone past their price's last day: they are ended as soon as the job comes to them. Those that it
# has come to already, or soon will, are left to it.
_HURRY_LAPSED = text(
    """
    WITH lapsed AS (
        SELECT id FROM payment_order
        WHERE state IN ('CREATED', 'AWAITING', 'UNKNOWN') AND last_day < :today AND next_ask_at > :soon
        ORDER BY last_day, id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE payment_order SET next_ask_at = :now FROM lapsed WHERE payment_order.id = lapsed.id
    RETURNING payment_order.id
    """
)
# Nobody can close these at their channel. It takes no payment past their end either, so their bills are free; they stay
# to be asked about, for the day on which the settings name their merchant again.
_END_UNREACHABLE = text(
    """
    WITH over AS (
        SELECT id FROM payment_order
        WHERE state IN ('CREATED', 'AWAITING', 'UNKNOWN') AND expires_at < :now
          AND NOT EXISTS (
              SELECT FROM unnest(CAST(:channels AS text[]), CAST(:merchants AS text[])) AS known (channel, merchant_id)
              WHERE (known.channel, known.merchant_id) = (payment_order.channel, payment_order.merchant_id)
          )
        ORDER BY expires_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
    ), ended AS (
        UPDATE payment_order SET state = 'EXPIRED', next_ask_at = :now FROM over WHERE payment_order.id = over.id
        RETURNING payment_order.id
    ), released AS (
        UPDATE order_line SET open = false FROM ended WHERE order_line.order_id = ended.id
    )
    SELECT count(*) FROM ended
    """
)
_RELEASE = text("UPDATE order_line SET open = false WHERE order_id = ANY(CAST(:ids AS uuid[])) AND open")


async def lock(session: AsyncSession, order_nos: Sequence[str]) -> dict[str, Order]:
    """Lock orders, sorted; by number."""
    orders = await read_orders(session, _LOCK, {"order_nos": sorted(set(order_nos))})
    return {order.order_no: order for order in orders}


async def appids(session: AsyncSession, order_nos: Sequence[str]) -> dict[str, OrderedWith]:
    """With what these orders were opened, which never changes; by number, unknown ones are missing."""
    if not order_nos:
        return {}
    found = await fetch_all(session, _ORDERED_WITH, OrderedWith, {"order_nos": sorted(set(order_nos))})
    return {one.order_no: one for one in found}


async def get(session: AsyncSession, order_no: str) -> Order | None:
    """One order as it stands."""
    return next(iter(await read_orders(session, _GET, {"order_no": order_no})), None)


async def open_on_bills(session: AsyncSession, bill_ids: Sequence[UUID]) -> list[Order]:
    """The orders that hold these bills open."""
    return await read_orders(session, _OPEN_ON_BILLS, {"bills": sorted(set(bill_ids))})


async def insert(
    session: AsyncSession, order: Order, appid: str, next_ask_at: datetime | None, *, opens: bool = True
) -> bool:
    """Write an order with its lines; false where another order holds one of its bills open already.

    One that has ended ``opens`` no bill.
    """
    await session.execute(_INSERT, _ORDER.arrays([order]) | {"appid": appid, "next_ask_at": next_ask_at})
    given = {
        "order_id": order.id,
        "open": opens,
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
    next_ask_at: datetime | None = None,
) -> list[UUID]:
    """Move orders on from one of the given states; returns those that were. Closed orders let go of their bills.

    The channel is asked about them at ``next_ask_at``, or never again.
    """
    turned = await session.execute(
        _TURN,
        {
            "ids": sorted(order_ids),
            "state": state.value,
            "code_url": code_url,
            "next_ask_at": next_ask_at,
            "from_states": [one.value for one in from_states],
        },
    )
    ids = list(turned.scalars())
    if ids and state not in (OrderState.AWAITING, OrderState.UNKNOWN):
        await session.execute(_RELEASE, {"ids": ids})
    return ids


async def hurry_lapsed(session: AsyncSession, today: date, now: datetime, soon: datetime, limit: int) -> int:
    """Let open orders whose price's last day is over be ended now; returns how many."""
    values = {"today": today, "now": now, "soon": soon, "limit": limit}
    return len((await session.execute(_HURRY_LAPSED, values)).all())


async def end_unreachable(session: AsyncSession, known: Collection[tuple[str, str]], now: datetime, limit: int) -> int:
    """End lapsed orders of merchants that are not known, and release their bills; returns how many."""
    values = merchant_columns(known) | {"now": now, "limit": limit}
    return int((await session.execute(_END_UNREACHABLE, values)).scalar_one())


async def read_orders(session: AsyncSession, statement: TextClause, values: Mapping[str, object]) -> list[Order]:
    """The orders that a statement selects, with their lines."""
    orders = await fetch_all(session, statement, order_of, values)
    if not orders:
        return []
    lines: dict[UUID, list[OrderLine]] = defaultdict(list)
    for row in await fetch_all(session, _LINES, _LineRow, {"ids": sorted(order.id for order in orders)}):
        lines[row.order_id].append(row.line())
    return [replace(order, lines=tuple(lines[order.id])) for order in orders]
