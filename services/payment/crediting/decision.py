"""Deciding what a payment notice means. Pure, so that the same notice decides the same way in ten years."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.payment.bills.state import Bill, BillState
from services.payment.ledger.transfer import Dimensions
from services.payment.notices.notice import PaymentNotice, RefundNotice
from services.payment.orders.state import Order, OrderLine, OrderState
from services.payment.suspense.reasons import SuspenseReason

CURRENCY = "CNY"


class Quarantine(StrEnum):
    """An authentic message about money that is not ours, or that we cannot read: kept, no transfer."""

    OTHER_MERCHANT = "OTHER_MERCHANT"
    OTHER_APP = "OTHER_APP"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    UNREADABLE = "UNREADABLE"
    UNPROCESSABLE = "UNPROCESSABLE"
    UNKNOWN_MERCHANT = "UNKNOWN_MERCHANT"
    REFUND_NOT_ASKED = "REFUND_NOT_ASKED"
    REFUND_DIFFERS = "REFUND_DIFFERS"
    REFUND_TOO_EARLY = "REFUND_TOO_EARLY"


# Quarantined for a reason on our side, not in the message: once that is removed, it can be worked again. What could not
# be read is read again from the message itself.
RETRYABLE_QUARANTINE = (Quarantine.UNPROCESSABLE, Quarantine.UNKNOWN_MERCHANT, Quarantine.OTHER_APP)


@dataclass(frozen=True, slots=True)
class LineCredit:
    """What becomes of one part of a payment: it pays a bill, or it is suspended for a reason."""

    amount_fen: int
    dimensions: Dimensions
    bill: Bill | None = None
    reason: SuspenseReason | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """What becomes of a payment: its lines sum to its amount."""

    notice: PaymentNotice
    order: Order | None
    lines: tuple[LineCredit, ...]

    @property
    def reason(self) -> SuspenseReason | None:
        """The first reason for which a part was suspended; None where all was credited."""
        return next((line.reason for line in self.lines if line.reason is not None), None)

    @property
    def settles_order(self) -> bool:
        """Whether the order has been paid with this, whatever became of its bills."""
        return self.order is not None and self.reason in _ORDER_IS_PAID


# The whole order's amount came in time; which bill a part pays is a question of its own.
_ORDER_IS_PAID = (
    None,
    SuspenseReason.BILL_ALREADY_PAID,
    SuspenseReason.BILL_SUPERSEDED,
    SuspenseReason.OUTSIDE_EVERY_ROW,
    SuspenseReason.AMOUNT_NOT_DUE_THAT_DAY,
)


def is_another_merchants(notice: PaymentNotice | RefundNotice) -> bool:
    """Whether the money is another merchant's: paid to it, or collected for it by a service provider (服务商)."""
    return notice.payee_provider_id is not None or notice.payee_merchant_id != notice.merchant_id


def quarantine_of(notice: PaymentNotice, appid: str) -> Quarantine | None:
    """Why a notice is about money that is not ours; None where it is ours."""
    if is_another_merchants(notice):
        return Quarantine.OTHER_MERCHANT
    if notice.payee_appid != appid:
        return Quarantine.OTHER_APP
    if notice.currency != CURRENCY:
        return Quarantine.OTHER_CURRENCY
    return None


def decide_credit(notice: PaymentNotice, order: Order | None, bills: Mapping[UUID, Bill]) -> Credit:
    """Credit each line to its bill under the row of the payment's day, or give the reason why it cannot be.

    ``bills`` are those in force now, by enrolment; the later of two payments finds its bill paid.
    """
    refusal = _refusal_of_order(notice, order)
    if order is None or refusal in (SuspenseReason.WRONG_AMOUNT, SuspenseReason.ORDER_OF_OTHER_MERCHANT):
        return Credit(notice, order, (_whole(notice, order, refusal),))
    if refusal is not None and order.amount_fen != notice.amount_fen:
        return Credit(notice, order, (_whole(notice, order, refusal),))
    return Credit(
        notice,
        order,
        tuple(_line(line, _bill_of(line, bills), notice.paid_on, refusal) for line in order.lines),
    )


def _refusal_of_order(notice: PaymentNotice, order: Order | None) -> SuspenseReason | None:
    if order is None:
        return SuspenseReason.UNKNOWN_ORDER
    if (order.channel, order.merchant_id) != (notice.channel, notice.merchant_id):
        return SuspenseReason.ORDER_OF_OTHER_MERCHANT
    if order.state is OrderState.CONFIRMED:
        return SuspenseReason.SECOND_TRANSACTION
    if notice.amount_fen != order.amount_fen:
        return SuspenseReason.WRONG_AMOUNT
    if order.state in (OrderState.CANCELLED, OrderState.REFUSED):
        return SuspenseReason.ORDER_CANCELLED
    if not order.covers(notice.succeeded_at, notice.paid_on):
        # Dated within its life, the payment counts even if we had marked the order EXPIRED.
        return SuspenseReason.AFTER_EXPIRY
    return None


def _line(line: OrderLine, bill: Bill | None, paid_on: date, refusal: SuspenseReason | None) -> LineCredit:
    reason = refusal or _refusal_of_bill(line, bill, paid_on)
    return LineCredit(line.amount_fen, line.dimensions, bill if reason is None else None, reason)


def _bill_of(line: OrderLine, bills: Mapping[UUID, Bill]) -> Bill | None:
    return bills.get(line.dimensions.enrolment_id) if line.dimensions.enrolment_id is not None else None


def _refusal_of_bill(line: OrderLine, bill: Bill | None, paid_on: date) -> SuspenseReason | None:
    if bill is None:
        return SuspenseReason.BILL_SUPERSEDED
    if bill.id != line.bill_id:
        # What the newer bill wants on that day decides; the same amount pays it, any other was the old bill's.
        successor = bill.row_in_force(paid_on) if bill.state is BillState.OPEN else None
        pays = successor is not None and successor.row.due_fen == line.amount_fen
        return None if pays else SuspenseReason.BILL_SUPERSEDED
    if bill.state is not BillState.OPEN:
        return SuspenseReason.BILL_ALREADY_PAID
    due = bill.row_in_force(paid_on)
    if due is None:
        return SuspenseReason.OUTSIDE_EVERY_ROW
    return None if due.row.due_fen == line.amount_fen else SuspenseReason.AMOUNT_NOT_DUE_THAT_DAY


def _whole(notice: PaymentNotice, order: Order | None, reason: SuspenseReason | None) -> LineCredit:
    """Money that cannot be divided: it belongs to the order's one person, or to a place only."""
    return LineCredit(notice.amount_fen, whose(notice, order), reason=reason)


def whose(notice: PaymentNotice, order: Order | None) -> Dimensions:
    """Whom money concerns that cannot be divided among an order's lines."""
    if order is None:
        return Dimensions(notice.region)
    if len(order.lines) == 1:
        return order.lines[0].dimensions
    return Dimensions(order.region, benefit_year=order.benefit_year)


def contested(notice: PaymentNotice, first_order_no: str) -> SuspenseReason:
    """Why a transaction that is booked already cannot be booked again."""
    if notice.order_no != first_order_no:
        return SuspenseReason.SAME_TRANSACTION_OTHER_ORDER
    return SuspenseReason.SAME_TRANSACTION_OTHER_AMOUNT


def in_order_of_arrival(notices: Sequence[PaymentNotice]) -> list[PaymentNotice]:
    """The earlier success first, so that within a batch the first payment of a bill wins."""
    return sorted(notices, key=lambda notice: (notice.succeeded_at, notice.id))
