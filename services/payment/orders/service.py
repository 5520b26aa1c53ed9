"""Placed orders: shown, closed, asked about at their channel, and moved on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from services.payment.channels.channel import (
    ChannelRefused,
    ChannelUnavailable,
    Closing,
    OrderAnswer,
    PaymentChannel,
)
from services.payment.orders import life, repository
from services.payment.orders.questions import repository as questions
from services.payment.orders.state import OPEN_STATES, Order, OrderState
from services.payment.resources import PaymentResources
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext


class ChannelNotOffered(DomainError):
    """No merchant is configured for the channel."""

    code = ErrorCode.CHANNEL_NOT_OFFERED


class OrderPaid(DomainError):
    """The channel reports that the order has been paid; its notice will credit it."""

    code = ErrorCode.ORDER_PAID


class OrderNotOpen(DomainError):
    """The order has ended."""

    code = ErrorCode.ORDER_NOT_OPEN


async def cancel(context: ServiceContext[PaymentResources], order_no: str, region: str) -> Order:
    """Close an order at its channel so that nobody can pay it; raises NotFound, OrderPaid, OrderNotOpen.

    Who sees a line of it may: of an order over several towns, each of them.
    """
    order = await show(context, order_no, region)
    if order.state is OrderState.CANCELLED:
        return order
    with naming(order):
        if order.state is OrderState.CONFIRMED:
            raise OrderPaid
        if order.state not in OPEN_STATES:
            raise OrderNotOpen(f"订单状态 order {order.state}")
        closed = await close(context, order, region)
        if closed.state is OrderState.CONFIRMED:
            raise OrderPaid
        if closed.state is not OrderState.CANCELLED:
            raise OrderNotOpen(f"订单状态 order {closed.state}")
    return closed


async def close(context: ServiceContext[PaymentResources], order: Order, region: str) -> Order:
    """Close an open order, the channel first: money for an order that only we call closed would pay no bill.

    Returns the order as it then stands; a notice may have confirmed it meanwhile. Raises OrderPaid.
    """
    channel = channel_of(context.resources, order)
    if await channel.close(order.order_no) is Closing.PAID:
        await learn_payment(context, order, channel)
        raise OrderPaid
    if await turn(context, order, OrderState.CANCELLED):
        return replace(order, state=OrderState.CANCELLED)
    return await show(context, order.order_no, region)


async def learn_answer(context: ServiceContext[PaymentResources], order: Order, channel: PaymentChannel) -> OrderAnswer:
    """Ask the channel about an order; a payment goes the way of every notice: stored first, then credited.

    An order that has ended is asked until the answer is final. Paid, and nobody can read how, is none: it is asked
    again until the channel says it in a form that we know.
    """
    answer = await channel.query(order.order_no)
    if answer.paid is not None:
        await context.resources.notices.store(*answer.paid)
    if answer.is_final:
        async with context.database.transaction(order.region) as session:
            await questions.note_answered(session, order.order_no)
    return answer


async def learn_payment(context: ServiceContext[PaymentResources], order: Order, channel: PaymentChannel) -> None:
    """The channel says in passing that an order is paid, so its notice may be lost: ask now, else soon."""
    try:
        await learn_answer(context, order, channel)
    except (ChannelUnavailable, ChannelRefused):
        async with context.database.transaction(order.region) as session:
            await questions.ask_at(session, order.order_no, context.clock.now())


def channel_of(resources: PaymentResources, order: Order) -> PaymentChannel:
    """The channel through which an order collects; raises ChannelNotOffered."""
    channel = resources.channels.get((order.channel, order.merchant_id))
    if channel is None:
        raise ChannelNotOffered(f"商户 merchant {order.merchant_id}")
    return channel


async def show(context: ServiceContext[PaymentResources], order_no: str, region: str) -> Order:
    """One order as it stands; raises NotFound."""
    async with context.database.transaction(region) as session:
        order = await repository.get(session, order_no)
    if order is None:
        raise NotFound("没有该订单 · no such order")
    return order


@contextmanager
def naming(order: Order) -> Iterator[None]:
    """Let every refusal within say which order it is about: the caller has to look that one up."""
    try:
        yield
    except DomainError as refusal:
        refusal.order_no = order.order_no
        raise


async def turn(
    context: ServiceContext[PaymentResources],
    order: Order,
    state: OrderState,
    *,
    code_url: str | None = None,
    from_states: Sequence[OrderState] = OPEN_STATES,
) -> bool:
    """Move an open order on, and say whether it was open: a notice may have confirmed it while the channel was asked.

    It is turned in the region of all its lines: a caller who sees one of them may close it, and then each bill is free.
    """
    asked_at = life.ask_next(order, state, context.clock.now())
    async with context.database.transaction(order.region) as session:
        turned = await repository.transition(
            session, [order.id], state, from_states=from_states, code_url=code_url, next_ask_at=asked_at
        )
    return bool(turned)
