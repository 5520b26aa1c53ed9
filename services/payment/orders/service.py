"""Ordering: collecting what several enrolments owe today through one channel.

The channel is never called inside a database transaction. An order is written CREATED, then opened at the channel, then
AWAITING; whatever is interrupted in between is settled by asking the channel (``channel_query``).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import service as billing
from services.payment.bills.refusals import why_without_bill
from services.payment.bills.state import Bill, BillState
from services.payment.channels.channel import (
    ChannelRefused,
    ChannelUnavailable,
    Closing,
    OrderAnswer,
    PaymentChannel,
)
from services.payment.orders import life, repository
from services.payment.orders.given_back import repository as given_back
from services.payment.orders.questions import repository as questions
from services.payment.orders.state import OPEN_STATES, Order, OrderLine, OrderState, TradeType, common_region
from services.payment.resources import PaymentResources
from shared.contracts.event import Trace
from shared.contracts.payment import OrderedLine, OrderOpened
from shared.database.business_date import business_date
from shared.domain.clock import SHANGHAI
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode, NotFound
from shared.messaging.outbox.publication import publish
from shared.policy.vocabulary import Channel
from shared.service import ServiceContext

_DESCRIPTION = "城乡居民基本医疗保险个人缴费"


class ChannelNotOffered(DomainError):
    """No merchant is configured for the channel."""

    code = ErrorCode.CHANNEL_NOT_OFFERED


class NothingToPay(DomainError):
    """An enrolment has no bill that can be paid today."""

    code = ErrorCode.NOTHING_TO_PAY


@dataclass(frozen=True, slots=True)
class _Due:
    """What a bill asks for today, and until which day that is so."""

    bill: Bill
    amount_fen: int
    last_day: date


class _NoBill(NothingToPay):
    """An enrolment has no bill in force; why, can be asked once no bill is locked any more."""

    def __init__(self, enrolment_id: UUID) -> None:
        super().__init__(_enrolment(enrolment_id))
        self.enrolment_id = enrolment_id


class OrderAlreadyOpen(DomainError):
    """Another order for the same bill was placed at the same moment."""

    code = ErrorCode.ORDER_ALREADY_OPEN


class OrderPaid(DomainError):
    """The channel reports that the order has been paid; its notice will credit it."""

    code = ErrorCode.ORDER_PAID


class OrderNotOpen(DomainError):
    """The order has ended."""

    code = ErrorCode.ORDER_NOT_OPEN


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """Who orders what."""

    enrolment_ids: tuple[UUID, ...]
    region: str
    trace: Trace


async def place(context: ServiceContext[PaymentResources], ask: OrderRequest) -> Order:
    """Open an order for what these enrolments owe today, and get the code to pay it with.

    An order that holds one of the bills is closed at its channel first. Raises ChannelNotAllowed, ChannelNotOffered,
    NothingToPay, one of WITHOUT_BILL, OrderPaid, OrderAlreadyOpen, ChannelRefused, and ChannelUnavailable (the order
    stays UNKNOWN until a query settles it).
    """
    context.resources.refuse_channel(Channel.WECHAT)
    channel = context.resources.collecting
    if channel is None:
        raise ChannelNotOffered
    try:
        order = await _create(context, ask, channel)
        if order is None:
            await _close_earlier(context, ask)
            order = await _create(context, ask, channel)
        if order is None:
            raise await _already_open(context, ask)
    except _NoBill as unbilled:
        raise await _why_without_bill(context, ask, unbilled) from None
    with _naming(order):
        return await open_at_channel(context, order, channel)


async def open_at_channel(context: ServiceContext[PaymentResources], order: Order, channel: PaymentChannel) -> Order:
    """Ask the channel for the code of a written order; asking again for the same order is harmless."""
    try:
        code_url = await channel.prepay(
            order_no=order.order_no,
            description=_DESCRIPTION,
            amount_fen=order.amount_fen,
            expires_at=order.expires_at,
            notify_url=context.resources.notify_url(order.merchant_id),
        )
    except ChannelUnavailable:
        await turn(context, order, OrderState.UNKNOWN)
        raise
    except ChannelRefused as refused:
        if refused.already_paid:
            await turn(context, order, OrderState.UNKNOWN)
            await _learn_payment(context, order, channel)
            raise OrderPaid from refused
        await turn(context, order, OrderState.REFUSED)
        raise
    if not await turn(context, order, OrderState.AWAITING, code_url=code_url):
        # It was cancelled while the channel was opening it: it must not stay open there alone.
        await channel.close(order.order_no)
        raise OrderNotOpen
    return replace(order, state=OrderState.AWAITING, code_url=code_url)


async def cancel(context: ServiceContext[PaymentResources], order_no: str, region: str) -> Order:
    """Close an order at its channel so that nobody can pay it; raises NotFound, OrderPaid, OrderNotOpen.

    Who sees a line of it may: of an order over several towns, each of them.
    """
    order = await show(context, order_no, region)
    if order.state is OrderState.CANCELLED:
        return order
    with _naming(order):
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
        await _learn_payment(context, order, channel)
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


async def _learn_payment(context: ServiceContext[PaymentResources], order: Order, channel: PaymentChannel) -> None:
    """The channel says in passing that an order is paid, so its notice may be lost: ask now, else soon."""
    try:
        await learn_answer(context, order, channel)
    except (ChannelUnavailable, ChannelRefused):
        async with context.database.transaction(order.region) as session:
            await questions.ask_at(session, order.order_no, context.clock.now())


def channel_of(resources: PaymentResources, order: Order) -> PaymentChannel:
    """The channel through which an order collects; raises ChannelNotOffered."""
    channel = resources.channels.get(order.merchant_id)
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


async def _create(
    context: ServiceContext[PaymentResources], ask: OrderRequest, channel: PaymentChannel
) -> Order | None:
    """Write the order; None where another one holds one of its bills open, and then nothing is written."""
    try:
        async with context.database.transaction(ask.region) as session:
            today = await business_date(session, context.clock)
            due = await _due(session, ask, today)
            if await repository.open_on_bills(session, [one.bill.id for one in due]):
                return None
            order = _new_order(context, ask, due, today, channel)
            asked_at = life.ask_next(order, order.state, order.opened_at)
            if not await repository.insert(session, order, channel.appid, asked_at):
                raise OrderAlreadyOpen
            await publish(session, [(_opened(order, channel.appid), order.trace)])
    except OrderAlreadyOpen:
        raise await _already_open(context, ask) from None
    return order


async def _already_open(context: ServiceContext[PaymentResources], ask: OrderRequest) -> OrderAlreadyOpen:
    """The refusal that names the order in the way, where the caller sees it; raises _NoBill if that was paid."""
    earlier = await _earlier(context, ask)
    return OrderAlreadyOpen(order_no=earlier[0].order_no if earlier else None)


async def _earlier(context: ServiceContext[PaymentResources], ask: OrderRequest) -> list[Order]:
    async with context.database.transaction(ask.region) as session:
        due = await _due(session, ask, await business_date(session, context.clock))
        return await repository.open_on_bills(session, [one.bill.id for one in due])


@contextmanager
def _naming(order: Order) -> Iterator[None]:
    """Let every refusal within say which order it is about: the caller has to look that one up."""
    try:
        yield
    except DomainError as refusal:
        refusal.order_no = order.order_no
        raise


async def _close_earlier(context: ServiceContext[PaymentResources], ask: OrderRequest) -> None:
    """Close the orders that hold these bills; between transactions, because the channel is asked."""
    for order in await _earlier(context, ask):
        with _naming(order):
            if order.merchant_id in context.resources.channels:
                await close(context, order, ask.region)
            else:
                await _end_unreachable(context, order)


async def _end_unreachable(context: ServiceContext[PaymentResources], order: Order) -> None:
    """An order of a merchant that the settings no longer name: nobody can close it, and it ends by its time.

    Raises ChannelNotOffered while somebody may still pay it.
    """
    if context.clock.now() <= order.expires_at:
        until = f"{order.expires_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        raise ChannelNotOffered(f"商户 merchant {order.merchant_id}，订单有效至 payable until {until}")
    await turn(context, order, OrderState.EXPIRED)


async def _why_without_bill(
    context: ServiceContext[PaymentResources], ask: OrderRequest, unbilled: _NoBill
) -> DomainError:
    """Held, rejected or not priced yet, as the bill says it; else there is just nothing to pay."""
    async with context.database.transaction(ask.region) as session:
        enrolment_id, now = unbilled.enrolment_id, context.clock.now()
        return await why_without_bill(session, enrolment_id, now, _enrolment(enrolment_id)) or unbilled


def _enrolment(enrolment_id: UUID) -> str:
    return f"参保 enrolment {enrolment_id}"


async def _due(session: AsyncSession, ask: OrderRequest, today: date) -> list[_Due]:
    """What the locked bills ask for today; raises NothingToPay, and its kind _NoBill."""
    bills = await billing.lock_live(session, ask.enrolment_ids)
    paid = [bill.enrolment_id for bill in bills.values() if bill.state is BillState.PAID]
    missing = await given_back.missing(session, paid)
    due = []
    for enrolment_id in ask.enrolment_ids:
        bill = bills.get(enrolment_id)
        if bill is None:
            raise _NoBill(enrolment_id)
        one = _asked(bill, today, missing.get(enrolment_id, 0))
        if one is None:
            raise NothingToPay(_enrolment(enrolment_id))
        due.append(one)
    if len({one.bill.benefit_year for one in due}) != 1:
        raise NothingToPay("一个订单只收一个参保年度 · an order collects for one benefit year")
    return due


def _asked(bill: Bill, today: date, missing_fen: int) -> _Due | None:
    """An open bill asks for its row of the day; of a paid one, what was given back unasked can be paid on any day."""
    if bill.state is BillState.PAID and missing_fen:
        return _Due(bill, missing_fen, today + timedelta(days=1))
    row = bill.row_in_force(today) if bill.state is BillState.OPEN else None
    return _Due(bill, row.row.due_fen, row.row.pay_until) if row is not None and row.row.due_fen else None


def _new_order(
    context: ServiceContext[PaymentResources],
    ask: OrderRequest,
    due: Sequence[_Due],
    today: date,
    channel: PaymentChannel,
) -> Order:
    order_id, now, trade_type = new_id(), context.clock.now(), TradeType.NATIVE
    last_day = min(one.last_day for one in due)
    expires_at = life.expiry(now, life.lives(context.settings)[trade_type], today, last_day)
    if expires_at < now + life.SHORTEST:
        raise NothingToPay(f"缴费截止 payable until {expires_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}")
    return Order(
        id=order_id,
        order_no=order_id.hex,
        channel=channel.name,
        merchant_id=channel.merchant_id,
        trade_type=trade_type,
        state=OrderState.CREATED,
        amount_fen=sum(one.amount_fen for one in due),
        benefit_year=due[0].bill.benefit_year,
        region=common_region([one.bill.region for one in due]),
        opened_at=now,
        expires_at=expires_at,
        last_day=last_day,
        lines=tuple(OrderLine(one.bill.id, one.amount_fen, one.bill.dimensions) for one in due),
        trace=ask.trace,
    )


def _opened(order: Order, appid: str) -> OrderOpened:
    """The order as it is announced, before its channel can know it."""
    return OrderOpened(
        region=order.region,
        benefit_year=order.benefit_year,
        order_id=order.id,
        order_no=order.order_no,
        channel=order.channel,
        merchant_id=order.merchant_id,
        appid=appid,
        trade_type=order.trade_type.value,
        amount_fen=order.amount_fen,
        expires_at=order.expires_at,
        lines=tuple(
            OrderedLine(
                enrolment_id=line.dimensions.enrolment_id, amount_fen=line.amount_fen, region=line.dimensions.region
            )
            for line in order.lines
            if line.dimensions.enrolment_id is not None
        ),
    )


async def turn(
    context: ServiceContext[PaymentResources], order: Order, state: OrderState, *, code_url: str | None = None
) -> bool:
    """Move an open order on, and say whether it was open: a notice may have confirmed it while the channel was asked.

    It is turned in the region of all its lines: a caller who sees one of them may close it, and then each bill is free.
    """
    asked_at = life.ask_next(order, state, context.clock.now())
    async with context.database.transaction(order.region) as session:
        turned = await repository.transition(
            session, [order.id], state, from_states=OPEN_STATES, code_url=code_url, next_ask_at=asked_at
        )
    return bool(turned)
