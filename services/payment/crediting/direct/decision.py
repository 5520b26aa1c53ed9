"""Deciding whether money without an order pays its person's bill. Pure."""

from dataclasses import dataclass

from services.payment.bills.state import Bill, BillState
from services.payment.crediting.direct.state import DirectPayment, DirectRefusal
from services.payment.ledger.transfer import Dimensions
from services.payment.suspense.reasons import SuspenseReason


@dataclass(frozen=True, slots=True)
class DirectStanding:
    """What is known of a person in one benefit year: the bill in force, and whether they wait for a price.

    ``name_token`` is of the name under which they are registered, where it is known.
    """

    bill: Bill | None = None
    unpriced: bool = False
    name_token: str | None = None


@dataclass(frozen=True, slots=True)
class DirectCredit:
    """What becomes of money without an order: it pays ``bill``, or it pays none for a reason."""

    payment: DirectPayment
    dimensions: Dimensions
    bill: Bill | None = None
    reason: SuspenseReason | None = None


def decide_direct(payment: DirectPayment, standing: DirectStanding) -> DirectCredit:
    """Let it pay its person's bill as the row of the day of payment asks, or say why not.

    A person outside the institution's region is not registered as far as the institution can learn. Money of somebody
    whose name differs belongs to a place only, until a person has looked at it.
    """
    bill = standing.bill
    if bill is None or not bill.region.startswith(payment.region):
        unknown = SuspenseReason.NOT_PRICED if standing.unpriced and bill is None else SuspenseReason.NOT_REGISTERED
        return DirectCredit(payment, place_of(payment), reason=unknown)
    if name_differs(payment.name_token, standing.name_token):
        return DirectCredit(payment, place_of(payment), reason=SuspenseReason.NAME_DIFFERS)
    reason = _refusal(payment, bill)
    return DirectCredit(payment, bill.dimensions, bill if reason is None else None, reason)


def name_differs(said: str | None, registered: str | None) -> bool:
    """Whether two names are known and are not the same; what is not known is not compared."""
    return said is not None and registered is not None and said != registered


def contested(payment: DirectPayment, first: DirectPayment) -> SuspenseReason | None:
    """Why a payment under a key that is taken is another one; None where it is the same word again."""
    if payment.amount_fen != first.amount_fen:
        return SuspenseReason.SAME_TRANSACTION_OTHER_AMOUNT
    if (payment.person_token, payment.benefit_year) != (first.person_token, first.benefit_year):
        return SuspenseReason.SAME_TRANSACTION_OTHER_PERSON
    return None


@dataclass(frozen=True, slots=True)
class BookedDirect:
    """What rests on a booked payment that is to be reversed."""

    amount_fen: int
    settled: bool
    remitted: bool
    suspense_state: str | None
    refund_asked: bool


_HELD = (None, "HELD", "NEEDS_TREASURY_REFUND")


def refusal_of_reversal(amount_fen: int, booked: BookedDirect) -> DirectRefusal | None:
    """Why a payment cannot be reversed; None where it can.

    Once its money was counted in the pending account the institution has paid it out, and after 上解 it is the
    treasury's: then it goes back by a refund.
    """
    if amount_fen != booked.amount_fen:
        return DirectRefusal.OTHER_AMOUNT
    if booked.remitted:
        return DirectRefusal.ALREADY_REMITTED
    if booked.settled:
        return DirectRefusal.ALREADY_SETTLED
    if booked.refund_asked or booked.suspense_state not in _HELD:
        return DirectRefusal.REFUND_UNDER_WAY
    return None


def _refusal(payment: DirectPayment, bill: Bill) -> SuspenseReason | None:
    if bill.state is not BillState.OPEN:
        return SuspenseReason.BILL_ALREADY_PAID
    due = bill.row_in_force(payment.paid_on)
    if due is None:
        return SuspenseReason.OUTSIDE_EVERY_ROW
    return None if due.row.due_fen == payment.amount_fen else SuspenseReason.AMOUNT_NOT_DUE_THAT_DAY


def place_of(payment: DirectPayment) -> Dimensions:
    """The place and year of money that belongs to nobody yet."""
    return Dimensions(payment.region, benefit_year=payment.benefit_year)
