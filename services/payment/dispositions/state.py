"""Which bill suspended money may pay, and for which day. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.payment.bills.state import Bill, BillState
from services.payment.ledger.transfer import Dimensions


class DecisionKind(StrEnum):
    """What two people decide: it pays a bill, it goes back, or it waits for another benefit year's bill."""

    MATCH = "MATCH"
    REFUND = "REFUND"
    CARRY_OVER = "CARRY_OVER"


@dataclass(frozen=True, slots=True)
class Case:
    """A suspended sum as a decision finds it, and the part of the payment that it is."""

    id: UUID
    channel: str
    merchant_id: str
    transaction_id: str
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    reason: str
    suspended_on: date
    state: str
    line_id: UUID | None
    settled_on: date | None
    counted_by: UUID | None
    carried_to: int | None

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it was when it was suspended, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)


def applied_on(case: Case, bill: Bill) -> date:
    """The day for which the money pays the bill: its payment's own.

    What was carried over lay here before the bill's time to pay began: it pays on the first day of that time.
    """
    if case.carried_to is None:
        return case.suspended_on
    return max(case.suspended_on, min(row.pay_from for row in bill.rows))


def refusal_of(case: Case, bill: Bill, today: date) -> str | None:
    """Why the money does not pay this bill, in both languages; None where it does, to the fen."""
    if bill.state is not BillState.OPEN:
        return f"缴费单状态 bill is {bill.state.value}"
    if case.carried_to is not None and (bill.benefit_year, bill.person_token) != (case.carried_to, case.person_token):
        return f"款项已结转至本人 {case.carried_to} 年度 · carried over to the same person's year {case.carried_to}"
    day = applied_on(case, bill)
    if day > today:
        return f"{day} 起才可缴费 · not before"
    due = bill.row_in_force(day)
    if due is None:
        return f"{day} 不在缴费期内 · no time to pay"
    if due.row.due_fen != case.amount_fen:
        return f"{day} 应缴 due {due.row.due_fen} ≠ {case.amount_fen}"
    return None


def refusal_of_year(case: Case, benefit_year: int) -> str | None:
    """Why money cannot be carried over to a benefit year; None where it can."""
    if case.person_token is None:
        return "款项没有对应的参保人 · the money names no person"
    paid_for = case.benefit_year or case.suspended_on.year
    if benefit_year <= (case.carried_to or paid_for):
        return f"{benefit_year} ≤ {case.carried_to or paid_for}"
    return None
