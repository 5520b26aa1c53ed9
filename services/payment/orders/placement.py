"""Placing an order: collecting what several enrolments owe today through one channel.

The channel is never called inside a database transaction. An order is written CREATED, then opened at the channel, then
AWAITING; whatever is interrupted in between is settled by asking the channel (``channel_query``).
"""

from dataclasses import replace

from services.payment.bills.refusals import why_without_bill
from services.payment.channels.channel import ChannelRefused, ChannelUnavailable, PaymentChannel
from services.payment.channels.prepayment import Prepayment
from services.payment.orders import life, repository, service
from services.payment.orders.new_order import OrderRequest, WithoutBill, due_today, enrolment_named, new_order, opened
from services.payment.orders.state import Order, OrderState, common_region
from services.payment.resources import PaymentResources
from shared.database.business_date import business_date
from shared.domain.clock import SHANGHAI
from shared.errors import DomainError, ErrorCode
from shared.messaging.outbox.publication import publish
from shared.service import ServiceContext

# Another process may have opened it meanwhile, and somebody may hold its code: then a refusal ends nothing.
_UNOPENED = (OrderState.CREATED, OrderState.UNKNOWN)
_DESCRIPTION = "城乡居民基本医疗保险个人缴费"


class OrderAlreadyOpen(DomainError):
    """Another order for the same bill was placed at the same moment."""

    code = ErrorCode.ORDER_ALREADY_OPEN


async def place(context: ServiceContext[PaymentResources], ask: OrderRequest) -> Order:
    """Open an order for what these enrolments owe today, and get the code to pay it with.

    An order that holds one of the bills is closed at its channel first. Raises ChannelNotAllowed, ChannelNotOffered,
    NothingToPay, one of WITHOUT_BILL, OrderPaid, OrderAlreadyOpen, ChannelRefused, and ChannelUnavailable (the order
    stays UNKNOWN until a query settles it).
    """
    context.resources.refuse_channel(ask.channel)
    if not context.resources.offers(ask.channel):
        raise service.ChannelNotOffered
    try:
        created = await _create(context, ask)
        if created is None:
            await _close_earlier(context, ask)
            created = await _create(context, ask)
        if created is None:
            raise await _already_open(context, ask)
    except WithoutBill as unbilled:
        raise await _why_without_bill(context, ask, unbilled) from None
    order, channel = created
    with service.naming(order):
        return await open_at_channel(context, order, channel)


async def open_at_channel(context: ServiceContext[PaymentResources], order: Order, channel: PaymentChannel) -> Order:
    """Ask the channel for the code of a written order; asking again for the same order is harmless."""
    try:
        code_url = await channel.prepay(
            Prepayment(
                order_no=order.order_no,
                description=_DESCRIPTION,
                amount_fen=order.amount_fen,
                expires_at=order.expires_at,
                notify_url=context.resources.notify_url(channel),
                trade_type=order.trade_type,
            )
        )
    except ChannelUnavailable:
        await service.turn(context, order, OrderState.UNKNOWN, from_states=_UNOPENED)
        raise
    except ChannelRefused as refused:
        if refused.already_paid:
            await service.turn(context, order, OrderState.UNKNOWN, from_states=_UNOPENED)
            await service.learn_payment(context, order, channel)
            raise service.OrderPaid from refused
        await service.turn(context, order, OrderState.REFUSED, from_states=_UNOPENED)
        raise
    if not await service.turn(context, order, OrderState.AWAITING, code_url=code_url):
        # It was cancelled while the channel was opening it: it must not stay open there alone.
        await channel.close(order.order_no)
        raise service.OrderNotOpen
    return replace(order, state=OrderState.AWAITING, code_url=code_url)


async def _create(context: ServiceContext[PaymentResources], ask: OrderRequest) -> tuple[Order, PaymentChannel] | None:
    """Write the order, at the merchant of its region; None where another one holds one of its bills open, and then
    nothing is written. Raises ChannelNotOffered.
    """
    try:
        async with context.database.transaction(ask.region) as session:
            today = await business_date(session, context.clock)
            due = await due_today(session, ask, today)
            if await repository.open_on_bills(session, [one.bill.id for one in due]):
                return None
            channel = context.resources.collecting(ask.channel, common_region([one.bill.region for one in due]))
            if channel is None:
                raise service.ChannelNotOffered
            order = new_order(context, ask, due, today, channel)
            asked_at = life.ask_next(order, order.state, order.opened_at)
            if not await repository.insert(session, order, channel.appid, asked_at):
                raise OrderAlreadyOpen
            await publish(session, [(opened(order, channel.appid), order.trace)])
    except OrderAlreadyOpen:
        raise await _already_open(context, ask) from None
    return order, channel


async def _already_open(context: ServiceContext[PaymentResources], ask: OrderRequest) -> OrderAlreadyOpen:
    """The refusal that names the order in the way, where the caller sees it; raises WithoutBill if that was paid."""
    earlier = await _earlier(context, ask)
    return OrderAlreadyOpen(order_no=earlier[0].order_no if earlier else None)


async def _earlier(context: ServiceContext[PaymentResources], ask: OrderRequest) -> list[Order]:
    async with context.database.transaction(ask.region) as session:
        due = await due_today(session, ask, await business_date(session, context.clock))
        return await repository.open_on_bills(session, [one.bill.id for one in due])


async def _close_earlier(context: ServiceContext[PaymentResources], ask: OrderRequest) -> None:
    """Close the orders that hold these bills; between transactions, because the channel is asked."""
    for order in await _earlier(context, ask):
        with service.naming(order):
            if (order.channel, order.merchant_id) in context.resources.channels:
                await service.close(context, order, ask.region)
            else:
                await _end_unreachable(context, order)


async def _end_unreachable(context: ServiceContext[PaymentResources], order: Order) -> None:
    """An order of a merchant that the settings no longer name: nobody can close it, and it ends by its time.

    Raises ChannelNotOffered while somebody may still pay it.
    """
    if context.clock.now() <= order.expires_at:
        until = f"{order.expires_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        raise service.ChannelNotOffered(f"商户 merchant {order.merchant_id}，订单有效至 payable until {until}")
    await service.turn(context, order, OrderState.EXPIRED)


async def _why_without_bill(
    context: ServiceContext[PaymentResources], ask: OrderRequest, unbilled: WithoutBill
) -> DomainError:
    """Held, rejected or not priced yet, as the bill says it; else there is just nothing to pay."""
    async with context.database.transaction(ask.region) as session:
        enrolment_id, now = unbilled.enrolment_id, context.clock.now()
        return await why_without_bill(session, enrolment_id, now, enrolment_named(enrolment_id)) or unbilled
