"""Asking the channel about orders, and ending those whose life is over.

Open orders are asked about as they grow older; at its end an order is closed at the channel and asked about once more,
and so is one that was cancelled, some minutes later. Interrupted ones and withdrawn ones are settled the same way. A
payment learnt by asking goes the way of every notice: stored first, then credited.

What a process was doing when it died is asked again: an order is noted as asked before, and with when it is asked next.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial

import structlog

from services.payment.channels.channel import (
    ChannelRefused,
    ChannelUnavailable,
    Closing,
    OrderAtChannel,
    PaymentChannel,
)
from services.payment.orders import life, pace, placement, repository, service
from services.payment.orders.questions import repository as questions
from services.payment.orders.questions.repository import ClaimedOrder
from services.payment.orders.state import OPEN_STATES, Order, OrderState
from services.payment.resources import PaymentResources
from shared.database.business_date import business_date
from shared.errors import DomainError
from shared.service import Job, ServiceContext

_QUERIES = "order queries"
_AT_ONCE = 100
_WITHDRAWN_AT_ONCE = 32
# A payment that the channel has just reported is credited within that time, or never.
_CREDITED_WITHIN = timedelta(minutes=5)
log = structlog.get_logger(__name__)


async def query_orders(context: ServiceContext[PaymentResources]) -> int:
    """Ask about one batch of each merchant's orders; returns how many.

    Where only the rate holds back what is due, the job goes on as soon as some more may be asked: what a restoration
    has to learn is bounded by the merchant's rate, and not by how often a job looks.
    """
    asked, pauses = 0, []
    for channel in context.resources.channels.values():
        claimed = await _claim(context, channel)
        if claimed is None:
            continue
        today, due = claimed
        in_parallel = pace.in_parallel(channel.questions_per_second)
        await _each(due, partial(_settle, context, channel, today), in_parallel=in_parallel)
        asked += len(due)
        if not due:
            pauses.append(pace.pause_s(channel.questions_per_second))
    if pauses and not asked:
        context.wake_in(_QUERIES, min(pauses))
    return asked


async def close_withdrawn(context: ServiceContext[PaymentResources]) -> int:
    """Close one batch of orders that would collect a superseded bill; returns how many."""
    region, now = context.settings.region, context.clock.now()
    async with context.database.transaction(region) as session:
        merchants = list(context.resources.channels)
        numbers = await questions.claim_withdrawn(session, merchants, now, now - life.RETRY, _WITHDRAWN_AT_ONCE)
    orders = [await service.show(context, order_no, region) for order_no in numbers]
    await _each(orders, partial(_close_withdrawn, context), in_parallel=pace.LEAST_IN_PARALLEL)
    return len(orders)


async def _claim(
    context: ServiceContext[PaymentResources], channel: PaymentChannel
) -> tuple[date, Sequence[Order]] | None:
    """The business date, and a merchant's orders to ask about now, as many as its rate allows; None: none due."""
    per_second, now = channel.questions_per_second, context.clock.now()
    async with context.database.transaction(context.settings.region) as session:
        today = await business_date(session, context.clock)
        if not await questions.any_due(session, channel.name, channel.merchant_id, now):
            return None
        used_until = await questions.lock_pace(session, channel.name, channel.merchant_id, pace.fresh(now))
        free, began = pace.allowance(used_until, now, per_second)
        due = await questions.claim_due(session, channel.name, channel.merchant_id, now, min(free, _AT_ONCE))
        if due:
            claimed = [ClaimedOrder(order.id, now, life.ask_again(order, now, today)) for order in due]
            await questions.note_claimed(session, claimed)
            used_until = pace.used(began, len(due), per_second)
            await questions.note_pace(session, channel.name, channel.merchant_id, used_until)
    return today, due


async def _each(orders: Sequence[Order], ask: Callable[[Order], Awaitable[None]], *, in_parallel: int) -> None:
    places = asyncio.Semaphore(in_parallel)

    async def one(order: Order) -> None:
        async with places:
            try:
                await ask(order)
            except DomainError as refusal:
                log.warning(
                    "the channel could not be asked about an order", order_no=order.order_no, why=refusal.code.name
                )

    await asyncio.gather(*(one(order) for order in orders))


async def _close_withdrawn(context: ServiceContext[PaymentResources], order: Order) -> None:
    try:
        await service.close(context, order, context.settings.region)
    except service.OrderPaid:
        log.info("an order of a withdrawn bill was paid", order_no=order.order_no)


async def _settle(
    context: ServiceContext[PaymentResources], channel: PaymentChannel, today: date, order: Order
) -> None:
    """Ask about one order, and do what its answer and its age want."""
    if order.state not in OPEN_STATES:
        await _ask_ended(context, order, channel)
    elif order.is_over(context.clock.now(), today):
        await _end(context, order, channel)
    else:
        await _ask_open(context, order, channel)


async def _ask_open(context: ServiceContext[PaymentResources], order: Order, channel: PaymentChannel) -> None:
    """One that never got its code gets it by the same request again, unless the channel has ended it.

    While somebody pays it, or where the channel's word is not clear, it is only asked about again. An order that the
    channel has ended, or that was paid and refunded there without us, gives its bills free.
    """
    answer = await service.learn_answer(context, order, channel)
    if answer.state is OrderAtChannel.ENDED:
        async with context.database.transaction(order.region) as session:
            await repository.transition(session, [order.id], OrderState.CANCELLED, from_states=OPEN_STATES)
    elif order.state is not OrderState.AWAITING and answer.may_open:
        try:
            await placement.open_at_channel(context, order, channel)
        except (ChannelUnavailable, ChannelRefused):
            log.warning("an order could not be opened at the channel", order_no=order.order_no)


async def _end(context: ServiceContext[PaymentResources], order: Order, channel: PaymentChannel) -> None:
    """Close an order whose life is over, then ask once more; its bills are free.

    One that is paid is left to crediting. Where its money pays no bill, its bills are not held for ever.
    """
    now = context.clock.now()
    closing = await _closed(order, channel)
    if closing is Closing.CLOSED:
        await service.turn(context, order, OrderState.EXPIRED)
        await _ask_ended(context, order, channel)
        return
    answer = await service.learn_answer(context, order, channel)
    waits = answer.state is OrderAtChannel.PAYING or (answer.state is OrderAtChannel.PAID and _is_fresh(order, now))
    if not waits and now > order.expires_at:
        # The channel would not close it, and takes no payment past its end all the same.
        await service.turn(context, order, OrderState.EXPIRED)
        if answer.is_final:
            async with context.database.transaction(order.region) as session:
                await questions.note_answered(session, order.order_no)


async def _ask_ended(context: ServiceContext[PaymentResources], order: Order, channel: PaymentChannel) -> None:
    """Ask about an order that ended here; one that can still be paid there is closed, and asked about again."""
    answer = await service.learn_answer(context, order, channel)
    if answer.state is OrderAtChannel.PAYABLE:
        await _closed(order, channel)
    if not answer.is_final:
        async with context.database.transaction(order.region) as session:
            await questions.ask_at(session, order.order_no, context.clock.now() + life.RETRY)


async def _closed(order: Order, channel: PaymentChannel) -> Closing | None:
    """Close an order at its channel; None where the channel will not."""
    try:
        return await channel.close(order.order_no)
    except ChannelRefused as refused:
        log.warning("the channel does not close an order", order_no=order.order_no, why=refused.reason)
        return None


def _is_fresh(order: Order, now: datetime) -> bool:
    return now <= order.expires_at + _CREDITED_WITHIN


JOBS = (
    Job(_QUERIES, query_orders, interval_s=2.0),
    Job("orders of withdrawn bills", close_withdrawn, interval_s=5.0),
)
