"""Bills as they are written and read."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from pydantic import TypeAdapter

from services.payment.bills.state import Bill, BillState, Review, Superseded
from shared.contracts.event import Trace
from shared.contracts.subsidy import Reason, ScheduleRow

_ROWS = TypeAdapter(tuple[ScheduleRow, ...])
_REASONS = TypeAdapter(tuple[tuple[Reason, ...], ...])


@lru_cache(maxsize=1_024)
def rows_of(schedule: str) -> tuple[ScheduleRow, ...]:
    """Read a stored schedule; thousands of bills have the same one, and its rows are frozen."""
    return _ROWS.validate_json(schedule)


@dataclass(frozen=True, slots=True)
class PaidTerms:
    """The terms under which a bill is paid, as they stay."""

    bill_id: UUID
    schedule_row_no: int
    due_fen: int
    aided_fen: int
    paid_on: date
    channel: str
    paid_by: UUID


@dataclass(frozen=True, slots=True)
class Unpriced:
    """An enrolment that was assessed without a price; both are empty where it was noted before they were kept."""

    outcome: str | None
    version: int | None


@dataclass(frozen=True, slots=True)
class SupersededBill:
    """An unpaid bill that no longer counts, and why."""

    bill_id: UUID
    because: Superseded


@dataclass(frozen=True, slots=True)
class ReviewedBill:
    """A settled bill and the newer assessment that differs; None where none does any longer."""

    bill_id: UUID
    review: Review | None


@dataclass(frozen=True, slots=True)
class BillDetails:
    """A bill as it is shown; rows and their reasons are the texts that are stored."""

    id: UUID
    enrolment_id: UUID
    benefit_year: int
    region: str
    version: int
    state: str
    schedule: str
    reasons: str
    superseded_because: str | None
    review: str | None
    row_no: int | None
    due_fen: int | None
    paid_on: date | None
    paid_through: str | None

    def explained(self) -> list[tuple[ScheduleRow, tuple[Reason, ...]]]:
        """Each row with its reasons."""
        return list(zip(rows_of(self.schedule), _REASONS.validate_json(self.reasons), strict=True))


@dataclass(frozen=True, slots=True)
class BillInReview:
    """A settled bill of which a newer assessment differs, and until when a person decides on it."""

    id: UUID
    enrolment_id: UUID
    region: str
    benefit_year: int
    version: int
    state: str
    review: str
    due_fen: int
    review_due_fen: int | None
    paid_on: date | None
    paid_through: str | None
    decide_until: date


def bill_of(
    id: UUID,  # noqa: A002 - the name of the column
    enrolment_id: UUID,
    person_token: str,
    benefit_year: int,
    region: str,
    version: int,
    state: str,
    schedule: str,
    row_no: int | None,
    paid_on: date | None,
    review: str | None,
    reopened: int,
    actor: str,
    correlation_id: UUID,
) -> Bill:
    """A bill of the columns that decide about it."""
    return Bill(
        id=id,
        enrolment_id=enrolment_id,
        person_token=person_token,
        benefit_year=benefit_year,
        region=region,
        version=version,
        state=BillState(state),
        rows=rows_of(schedule),
        trace=Trace(actor, correlation_id),
        schedule_row_no=row_no,
        paid_on=paid_on,
        review=review,
        reopened=reopened,
    )
