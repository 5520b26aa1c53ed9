"""Asking the channel about orders whose fate we do not know.

Three kinds: interrupted while being opened, superseded bills whose order is still open, and expired ones whose notice
may have been lost. What the channel says was paid goes the way of every notice: stored first, then credited.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import orjson
import structlog
from sqlalchemy import text

from services.payment.callbacks.repository import RawNotice
from services.payment.channels.wechat import CHANNEL
from services.payment.channels.wechat.client import Answer, ChannelRefused, ChannelUnavailable
from services.payment.channels.wechat.notice import parse
from services.payment.orders import repository, service
from services.payment.orders.state import Order, OrderState
from services.payment.resources import PaymentResources
from shared.errors import DomainError
from shared.service import Running

_AT_ONCE = 32
_IN_PARALLEL = 8
log = structlog.get_logger(__name__)

# An order is asked about once; if the channel cannot say, again after a pause by the database's clock.
_DUE = text(
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
_ASKED = text("UPDATE payment_order SET queried_at = now() WHERE order_no = ANY(CAST(:order_nos AS text[]))")
_ANSWERED = text("UPDATE payment_order SET to_be_queried = false WHERE order_no = :order_no")


async def query_orders(running: Running, *, patience_s: float = 15.0, again_after_s: float = 60.0) -> int:
    """Ask about one batch of orders; returns how many."""
    async with running.database.transaction(running.settings.region) as session:
        timing = {"patience_s": patience_s, "again_after_s": again_after_s, "limit": _AT_ONCE}
        due = list((await session.execute(_DUE, timing)).scalars())
    return await _each(running, due, _settle)


async def close_withdrawn(running: Running, *, again_after_s: float = 60.0) -> int:
    """Close one batch of orders that would collect a superseded bill; returns how many."""
    async with running.database.transaction(running.settings.region) as session:
        timing = {"again_after_s": again_after_s, "limit": _AT_ONCE}
        withdrawn = list((await session.execute(_WITHDRAWN, timing)).scalars())
        await session.execute(_ASKED, {"order_nos": withdrawn})
    return await _each(running, withdrawn, _close)


async def _each(running: Running, order_nos: Sequence[str], ask: Callable[[Running, Order], Awaitable[None]]) -> int:
    places = asyncio.Semaphore(_IN_PARALLEL)

    async def one(order_no: str) -> None:
        async with places:
            try:
                await ask(running, await service.show(running, order_no, running.settings.region))
            except DomainError as refusal:
                log.warning("the channel could not be asked about an order", order_no=order_no, why=refusal.code.name)

    await asyncio.gather(*(one(order_no) for order_no in order_nos))
    return len(order_nos)


async def _close(running: Running, order: Order) -> None:
    try:
        await service.close(running, order, running.settings.region)
    except service.OrderPaid:
        await _settle(running, order)


async def _settle(running: Running, order: Order) -> None:
    """Take the channel's word on one order."""
    resources: PaymentResources = running.resources
    client = resources.wechat.get(order.mchid)
    if client is None:
        raise service.ChannelNotOffered(f"商户 merchant {order.mchid}")
    answer = await client.query(order.order_no)
    state = "UNKNOWN_THERE" if answer is None else str(answer.value.get("trade_state"))
    if answer is not None and state == "SUCCESS":
        await resources.intake.store(_as_notice(order, answer))
    elif order.state in (OrderState.CREATED, OrderState.UNKNOWN):
        await _reopen_or_end(running, order, state)
    async with running.database.transaction(running.settings.region) as session:
        await session.execute(_ANSWERED, {"order_no": order.order_no})


async def _reopen_or_end(running: Running, order: Order, state: str) -> None:
    """An order that never got its code: the same request again gives one, unless the channel has ended it.

    One that was paid and refunded there without us is over, too: its bill can be ordered anew.
    """
    region = running.settings.region
    if state in ("NOTPAY", "USERPAYING", "UNKNOWN_THERE"):
        try:
            await service.open_at_channel(running, order, running.resources.wechat[order.mchid], region)
        except (ChannelUnavailable, ChannelRefused):
            log.warning("an order could not be opened at the channel", order_no=order.order_no)
        return
    async with running.database.transaction(region) as session:
        await repository.turn(
            session, [order.id], OrderState.CANCELLED, from_states=(OrderState.CREATED, OrderState.UNKNOWN)
        )


def _as_notice(order: Order, answer: Answer) -> RawNotice:
    """A payment learnt by asking, in the form of a notice; of the answer only what is needed is kept."""
    notice = parse(f"query:{order.order_no}", "TRANSACTION.SUCCESS", answer.content)
    kept = {"order_no": notice.order_no, "transaction_id": notice.transaction_id, "amount_fen": notice.amount_fen}
    return RawNotice(
        channel=CHANNEL,
        mchid=order.mchid,
        source="QUERY",
        envelope=orjson.dumps(kept),
        serial=answer.signed.serial,
        signed_at=answer.signed.signed_at,
        notice=notice,
    )
