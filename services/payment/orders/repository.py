"""Reading, locking and writing orders."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions
from services.payment.orders.state import Order, OrderLine, OrderState
from shared.contracts.event import Trace

_COLUMNS = """id, order_no, channel, merchant_id, state, amount_fen, benefit_year, region, expires_at, code_url, actor,
              correlation_id"""

_LOCK = text(
    f"""
    SELECT {_COLUMNS} FROM payment_order WHERE order_no = ANY(CAST(:order_nos AS text[])) ORDER BY order_no FOR UPDATE
    """  # noqa: S608 - constant columns
)
_GET = text(f"SELECT {_COLUMNS} FROM payment_order WHERE order_no = :order_no")  # noqa: S608
_LINES = text(
    """
    SELECT order_id, bill_id, enrolment_id, person_token, benefit_year, region, amount_fen FROM order_line
    WHERE order_id = ANY(CAST(:ids AS uuid[])) ORDER BY order_id, bill_id
    """
)
_OPEN_ON_BILLS = text(
    f"""
    SELECT {_COLUMNS} FROM payment_order
    WHERE id IN (SELECT order_id FROM order_line WHERE bill_id = ANY(CAST(:bills AS uuid[])) AND open)
    ORDER BY order_no LIMIT 1000
    """  # noqa: S608
)
_INSERT = text(
    """
    INSERT INTO payment_order (id, order_no, channel, merchant_id, appid, benefit_year, state, amount_fen,
                               expires_at, region, actor, correlation_id)
    VALUES (:id, :order_no, :channel, :merchant_id, :appid, :benefit_year, :state, :amount_fen, :expires_at, :region,
            :actor, :correlation_id)
    """
)
# The unique index over open lines decides which of two orders for a bill comes first.
_INSERT_LINES = text(
    """
    INSERT INTO order_line (order_id, bill_id, enrolment_id, person_token, benefit_year, region, amount_fen, open,
                            actor, correlation_id)
    SELECT :order_id, bill_id, enrolment_id, person_token, benefit_year, region, amount_fen, true, :actor,
           CAST(:correlation_id AS uuid)
    FROM unnest(
             CAST(:bills AS uuid[]), CAST(:enrolments AS uuid[]), CAST(:persons AS text[]),
             CAST(:benefit_years AS integer[]), CAST(:regions AS text[]), CAST(:amounts AS bigint[])
         ) AS line (bill_id, enrolment_id, person_token, benefit_year, region, amount_fen)
    ORDER BY bill_id
    ON CONFLICT (bill_id) WHERE open DO NOTHING
    RETURNING bill_id
    """
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
    rows = (await session.execute(_LOCK, {"order_nos": sorted(set(order_nos))})).all()
    return {order.order_no: order for order in await _orders(session, rows)}


async def get(session: AsyncSession, order_no: str) -> Order | None:
    """One order as it stands."""
    rows = (await session.execute(_GET, {"order_no": order_no})).all()
    return next(iter(await _orders(session, rows)), None)


async def open_on_bills(session: AsyncSession, bill_ids: Sequence[UUID]) -> list[Order]:
    """The orders that hold these bills open."""
    rows = (await session.execute(_OPEN_ON_BILLS, {"bills": sorted(set(bill_ids))})).all()
    return await _orders(session, rows)


async def insert(session: AsyncSession, order: Order, appid: str) -> bool:
    """Write an order with its lines; false where another order holds one of its bills open already."""
    trace = {"actor": order.trace.actor, "correlation_id": order.trace.correlation_id}
    await session.execute(
        _INSERT,
        {
            "id": order.id,
            "order_no": order.order_no,
            "channel": order.channel,
            "merchant_id": order.merchant_id,
            "appid": appid,
            "benefit_year": order.benefit_year,
            "state": order.state.value,
            "amount_fen": order.amount_fen,
            "expires_at": order.expires_at,
            "region": order.region,
            **trace,
        },
    )
    written = await session.execute(
        _INSERT_LINES,
        {
            "order_id": order.id,
            "bills": [line.bill_id for line in order.lines],
            "enrolments": [line.dimensions.enrolment_id for line in order.lines],
            "persons": [line.dimensions.person_token for line in order.lines],
            "benefit_years": [line.dimensions.benefit_year for line in order.lines],
            "regions": [line.dimensions.region for line in order.lines],
            "amounts": [line.amount_fen for line in order.lines],
            **trace,
        },
    )
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


async def note_answered(session: AsyncSession, order_no: str) -> None:
    """Note that the channel has answered about an order."""
    await session.execute(_NOTE_ANSWERED, {"order_no": order_no})


async def expire(session: AsyncSession, instant: datetime, limit: int) -> int:
    """End orders that lapsed before an instant and release their bills; returns how many."""
    return int((await session.execute(_EXPIRE, {"instant": instant, "limit": limit})).scalar_one())


async def _orders(session: AsyncSession, rows: Sequence[Row[Any]]) -> list[Order]:
    if not rows:
        return []
    lines: dict[UUID, list[OrderLine]] = defaultdict(list)
    for line in await session.execute(_LINES, {"ids": sorted(row.id for row in rows)}):
        whose = Dimensions(line.region, line.enrolment_id, line.person_token, line.benefit_year)
        lines[line.order_id].append(OrderLine(line.bill_id, line.amount_fen, whose))
    return [_order(row, tuple(lines[row.id])) for row in rows]


def _order(row: Row[Any], lines: tuple[OrderLine, ...]) -> Order:
    expires_at: datetime = row.expires_at
    return Order(
        id=row.id,
        order_no=row.order_no,
        channel=row.channel,
        merchant_id=row.merchant_id,
        state=OrderState(row.state),
        amount_fen=row.amount_fen,
        benefit_year=row.benefit_year,
        region=row.region,
        expires_at=expires_at,
        lines=lines,
        trace=Trace(row.actor, row.correlation_id),
        code_url=row.code_url,
    )
