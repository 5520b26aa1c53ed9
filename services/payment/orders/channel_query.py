"""Asking the channel about orders whose fate we do not know.

Three kinds: interrupted while being opened, superseded bills whose order is still open, and expired ones whose notice
may have been lost. A payment learnt by asking goes the way of every notice: stored first, then credited.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from services.payment.channels.channel import ChannelRefused, ChannelUnavailable, OrderAtChannel, PaymentChannel
from services.payment.orders import repository, service
from services.payment.orders.state import Order, OrderState
from services.payment.resources import PaymentResources
from shared.errors import DomainError
from shared.service import Job, ServiceContext

_AT_ONCE = 32
_IN_PARALLEL = 8
log = structlog.get_logger(__name__)


async def query_orders(
    context: ServiceContext[PaymentResources], *, patience_s: float = 15.0, again_after_s: float = 60.0
) -> int:
    """Ask about one batch of orders; returns how many."""
    async with context.database.transaction(context.settings.region) as session:
        due = await repository.claim_to_query(
            session, patience_s=patience_s, again_after_s=again_after_s, limit=_AT_ONCE
        )
    return await _each(context, due, _settle)


async def close_withdrawn(context: ServiceContext[PaymentResources], *, again_after_s: float = 60.0) -> int:
    """Close one batch of orders that would collect a superseded bill; returns how many."""
    async with context.database.transaction(context.settings.region) as session:
        withdrawn = await repository.claim_withdrawn(session, again_after_s=again_after_s, limit=_AT_ONCE)
    return await _each(context, withdrawn, _close)


async def _each(
    context: ServiceContext[PaymentResources],
    order_nos: Sequence[str],
    ask: Callable[[ServiceContext[PaymentResources], Order], Awaitable[None]],
) -> int:
    places = asyncio.Semaphore(_IN_PARALLEL)

    async def one(order_no: str) -> None:
        async with places:
            try:
                await ask(context, await service.show(context, order_no, context.settings.region))
            except DomainError as refusal:
                log.warning("the channel could not be asked about an order", order_no=order_no, why=refusal.code.name)

    await asyncio.gather(*(one(order_no) for order_no in order_nos))
    return len(order_nos)


async def _close(context: ServiceContext[PaymentResources], order: Order) -> None:
    try:
        await service.close(context, order, context.settings.region)
    except service.OrderPaid:
        log.info("an order of a withdrawn bill was paid", order_no=order.order_no)


async def _settle(context: ServiceContext[PaymentResources], order: Order) -> None:
    """Accept what the channel answers about one order."""
    channel = service.channel_of(context.resources, order)
    answer = await service.learn_answer(context, order, channel)
    if answer.paid is None and order.state in (OrderState.CREATED, OrderState.UNKNOWN):
        await _reopen_or_end(context, order, channel, answer.state)


async def _reopen_or_end(
    context: ServiceContext[PaymentResources], order: Order, channel: PaymentChannel, state: OrderAtChannel
) -> None:
    """An order that never got its code: the same request again gives one, unless the channel has ended it.

    One that was paid and refunded there without us has ended, too: its bill can be ordered again.
    """
    region = context.settings.region
    if state in (OrderAtChannel.PAYABLE, OrderAtChannel.UNKNOWN):
        try:
            await service.open_at_channel(context, order, channel)
        except (ChannelUnavailable, ChannelRefused):
            log.warning("an order could not be opened at the channel", order_no=order.order_no)
        return
    async with context.database.transaction(region) as session:
        await repository.transition(
            session, [order.id], OrderState.CANCELLED, from_states=(OrderState.CREATED, OrderState.UNKNOWN)
        )


JOBS = (
    Job("order queries", query_orders, interval_s=5.0),
    Job("orders of withdrawn bills", close_withdrawn, interval_s=5.0),
)
