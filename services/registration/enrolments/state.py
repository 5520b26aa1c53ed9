"""The life of an enrolment, derived from what is known about it.

Facts reach registration from several publishers in any order, so an enrolment is not stepped from state to state: each
fact is written down and the state follows from all of them. The same facts give the same state in whatever order they
came. Only activation, expiry and termination are steps, because they happen on a day and not on a fact.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.registration.periods.decision import Period
from shared.contracts.event import Trace


class State(StrEnum):
    """Where an enrolment stands."""

    REGISTERED = "REGISTERED"
    PRICED = "PRICED"
    PENDING_PAYMENT = "PENDING_PAYMENT"
    HELD = "HELD"
    REJECTED = "REJECTED"
    IMPORT_FAILED_REFUNDED = "IMPORT_FAILED_REFUNDED"
    PAID = "PAID"
    WAITING = "WAITING"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    TERMINATED = "TERMINATED"


PAID_OR_BEYOND = frozenset({State.PAID, State.WAITING, State.ACTIVE, State.EXPIRED})
# A person rejected for one of these is enrolled elsewhere or not at all; for any other reason, here at another time.
OUT_OF_SCOPE_REASONS = frozenset({"NOT_IN_SCOPE", "EMPLOYEE_INSURED", "INSURED_ELSEWHERE", "ENROL_AT_SCHOOL"})
_STEPPED = frozenset({State.ACTIVE, State.EXPIRED, State.TERMINATED})


@dataclass(frozen=True, slots=True)
class Payment:
    """How an enrolment came to be paid: credited money, or nothing due; amounts in fen.

    ``version`` is the assessment under which it was paid; None where that was not recorded yet.
    """

    basis: str
    paid_on: date
    paid_fen: int
    due_fen: int
    aided_fen: int
    channel: str | None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentRecord:
    """What registration knows about one enrolment, as far as its state depends on it."""

    id: UUID
    region: str
    benefit_year: int
    person_token: str
    state: State
    trace: Trace
    assessment_version: int | None = None
    outcome: str | None = None
    reason_code: str | None = None
    assessment: Mapping[str, Any] | None = None
    bill_version: int | None = None
    payment: Payment | None = None
    period: Period | None = None
    money_state: str | None = None
    in_treasury_on: date | None = None
    certificate_no: str | None = None
    cash_returned_on: date | None = None
    # Events that others have taken in and that a restoration of this database has lost.
    lost: tuple[str, ...] = ()

    def assessed(self, version: int, outcome: str, assessment: Mapping[str, Any]) -> "EnrolmentRecord":
        """Take a newer assessment; an older one changes nothing. Who has paid is shown what they paid under."""
        if self.assessment_version is not None and version <= self.assessment_version:
            return self
        code = assessment.get("reason_code")
        shown = assessment if self._is_shown(version) else self.assessment
        known = replace(self, assessment_version=version, outcome=outcome, reason_code=code, assessment=shown)
        return known._restated()

    def _is_shown(self, version: int) -> bool:
        if self.payment is None or self.payment.version == version:
            return True
        return self.payment.version is None and self.assessment_version is None

    def billed(self, version: int) -> "EnrolmentRecord":
        """Record that a bill asks for what this assessment version says."""
        return replace(self, bill_version=max(version, self.bill_version or 0))._restated()

    def paid(self, payment: Payment, period: Period) -> "EnrolmentRecord":
        """Record that it is paid. Credited money outweighs “nothing due”; a second credit never replaces the first."""
        if self.payment is not None and not (self.payment.basis == "NOTHING_DUE" and payment.basis == "CONTRIBUTION"):
            return self
        return replace(self, payment=payment, period=period)._restated()

    def unpaid(self) -> "EnrolmentRecord":
        """Record that the credited money was taken back: nobody paid, so no cover follows, not even one that began.

        What owes nothing, or has ended, stays as it is.
        """
        if self.payment is None or self.payment.basis != "CONTRIBUTION" or self.state is State.TERMINATED:
            return self
        record = replace(self, payment=None, period=None)
        return replace(record, state=record._derived())

    def cash_returned(self, day: date) -> "EnrolmentRecord":
        """Record that cash which could not be imported went back; a person who paid otherwise stays paid."""
        return replace(self, cash_returned_on=max(day, self.cash_returned_on or day))._restated()

    @property
    def in_scope(self) -> bool:
        """Whether the person counts as registered as long as the enrolment has not ended."""
        return self.state is not State.REJECTED or self.reason_code not in OUT_OF_SCOPE_REASONS

    def cover(self) -> tuple[date, date]:
        """The first and last covered day of an enrolment whose cover has begun."""
        if self.period is None or self.period.starts_on is None or self.period.ends_on is None:
            raise ValueError(f"enrolment {self.id} has no cover")
        return self.period.starts_on, self.period.ends_on

    def _restated(self) -> "EnrolmentRecord":
        return self if self.state in _STEPPED else replace(self, state=self._derived())

    def _derived(self) -> State:
        if self.payment is not None:
            return State.WAITING if self.period is not None and self.period.wait is not None else State.PAID
        if self.cash_returned_on is not None:
            return State.IMPORT_FAILED_REFUNDED
        if self.outcome == "PRICED":
            return State.PENDING_PAYMENT if self.bill_version == self.assessment_version else State.PRICED
        return State(self.outcome) if self.outcome else State.REGISTERED
