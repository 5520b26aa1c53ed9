"""A new order: who orders what, what is due of it today, and how it is announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import service as billing
from services.payment.bills.state import Bill, BillState
from services.payment.channels.channel import PaymentChannel
from services.payment.channels.prepayment import TradeType
from services.payment.orders import life
from services.payment.orders.given_back import repository as given_back
from services.payment.orders.state import Order, OrderLine, OrderState, common_region
from services.payment.resources import PaymentResources
from shared.contracts.event import Trace
from shared.contracts.payment import OrderedLine, OrderOpened
from shared.domain.clock import SHANGHAI
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode
from shared.policy.vocabulary import Channel
from shared.service import ServiceContext


class NothingToPay(DomainError):
    """An enrolment has no bill that can be paid today."""

    code = ErrorCode.NOTHING_TO_PAY


class WithoutBill(NothingToPay):
    """An enrolment has no bill in force; why, can be asked once no bill is locked any more."""

    def __init__(self, enrolment_id: UUID) -> None:
        super().__init__(enrolment_named(enrolment_id))
        self.enrolment_id = enrolment_id


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """Who orders what, and through which channel it is to be paid."""

    enrolment_ids: tuple[UUID, ...]
    channel: Channel
    region: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class Due:
    """What a bill asks for today, and until which day that is so."""

    bill: Bill
    amount_fen: int
    last_day: date


def enrolment_named(enrolment_id: UUID) -> str:
    """An enrolment as a refusal names it."""
    return f"参保 enrolment {enrolment_id}"


async def due_today(session: AsyncSession, ask: OrderRequest, today: date) -> list[Due]:
    """What the locked bills ask for today; raises NothingToPay, and its kind WithoutBill."""
    bills = await billing.lock_live(session, ask.enrolment_ids)
    paid = [bill.enrolment_id for bill in bills.values() if bill.state is BillState.PAID]
    missing = await given_back.missing(session, paid)
    due = []
    for enrolment_id in ask.enrolment_ids:
        bill = bills.get(enrolment_id)
        if bill is None:
            raise WithoutBill(enrolment_id)
        one = _asked(bill, today, missing.get(enrolment_id, 0))
        if one is None:
            raise NothingToPay(enrolment_named(enrolment_id))
        due.append(one)
    if len({one.bill.benefit_year for one in due}) != 1:
        raise NothingToPay("一个订单只收一个参保年度 · an order collects for one benefit year")
    return due


def _asked(bill: Bill, today: date, missing_fen: int) -> Due | None:
    """An open bill asks for its row of the day; of a paid one, what was given back unasked can be paid on any day."""
    if bill.state is BillState.PAID and missing_fen:
        return Due(bill, missing_fen, today + timedelta(days=1))
    row = bill.row_in_force(today) if bill.state is BillState.OPEN else None
    return Due(bill, row.row.due_fen, row.row.pay_until) if row is not None and row.row.due_fen else None


def new_order(
    context: ServiceContext[PaymentResources],
    ask: OrderRequest,
    due: Sequence[Due],
    today: date,
    channel: PaymentChannel,
) -> Order:
    """The order for what is due, as it is written first; raises NothingToPay where it could not be paid in time."""
    order_id, now, trade_type = new_id(), context.clock.now(), TradeType.NATIVE
    last_day = min(one.last_day for one in due)
    expires_at = life.expiry(now, channel.lives[trade_type], today, last_day)
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


def opened(order: Order, appid: str) -> OrderOpened:
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
