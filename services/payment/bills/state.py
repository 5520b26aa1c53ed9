"""A bill, its lifecycle, and what a newer assessment does to it. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.payment.ledger.transfer import Dimensions
from shared.contracts.event import Trace
from shared.contracts.subsidy import ContributionAssessed, ScheduleRow, row_for, same_price_on


class BillState(StrEnum):
    """OPEN → PAID, or OPEN → SUPERSEDED; PAID → OPEN where the institution that collected the payment took it back.

    NOTHING_DUE is kept for its aid and is never issued to anybody.
    """

    OPEN = "OPEN"
    PAID = "PAID"
    NOTHING_DUE = "NOTHING_DUE"
    SUPERSEDED = "SUPERSEDED"


class Superseded(StrEnum):
    """Why an unpaid bill no longer counts."""

    NEWER_ASSESSMENT = "NEWER_ASSESSMENT"
    ASSESSMENT_HELD = "ASSESSMENT_HELD"
    ASSESSMENT_REJECTED = "ASSESSMENT_REJECTED"
    TERMINATED = "TERMINATED"


@dataclass(frozen=True, slots=True)
class DueRow:
    """A row of a bill's schedule with its number."""

    number: int
    row: ScheduleRow


@dataclass(frozen=True, slots=True)
class Bill:
    """What one enrolment owes under one assessment version: the row whose dates hold the payment's day decides."""

    id: UUID
    enrolment_id: UUID
    person_token: str
    benefit_year: int
    region: str
    version: int
    state: BillState
    rows: tuple[ScheduleRow, ...]
    trace: Trace
    schedule_row_no: int | None = None  # frozen when paid
    paid_on: date | None = None
    review: str | None = None
    reopened: int = 0  # how often a payment of it was taken back

    def row_in_force(self, day: date) -> DueRow | None:
        """The row in force on a payment's business date, with its number; None outside every row."""
        for number, row in enumerate(self.rows):
            if row.pay_from <= day <= row.pay_until:
                return DueRow(number, row)
        return None

    def display_row(self, day: date) -> ScheduleRow:
        """The row in force on a day, else the next to come, else the last."""
        row = row_for(self.rows, day)
        if row is None:
            raise ValueError(f"bill {self.id} has no rows")
        return row

    @property
    def aid_key(self) -> str:
        """What makes its aid booked once: again only after its payment was taken back."""
        return f"{self.id}:{self.reopened}" if self.reopened else str(self.id)

    @property
    def dimensions(self) -> Dimensions:
        """The dimensions of its money in the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)


@dataclass(frozen=True, slots=True)
class Review:
    """Outcome and version of the newer assessment, and what the settling day would cost under it, if it is priced."""

    assessment: str
    due_fen: int | None


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an assessment does to an enrolment's bills."""

    supersede: Superseded | None = None
    issue: BillState | None = None
    needs_review: bool = False  # settled, and whether a newer assessment differs has changed
    review: Review | None = None
    renew: bool = False  # the same terms under a newer version: orders and payments under way stay as they are


NO_CHANGE = Consequence()


def consequence_of(assessed: ContributionAssessed, live: Bill | None) -> Consequence:
    """A newer assessment supersedes an unpaid bill; a paid one stays as it was frozen and is marked for review."""
    if live is not None and assessed.version <= live.version:
        return NO_CHANGE
    if live is not None and live.state is not BillState.OPEN:
        return _reviewed(assessed, live)
    unpaid = live is not None
    if live is not None and _same_rows(assessed, live):
        return Consequence(renew=True)
    if assessed.outcome == "HELD":
        return Consequence(supersede=Superseded.ASSESSMENT_HELD if unpaid else None)
    if assessed.outcome == "REJECTED":
        return Consequence(supersede=Superseded.ASSESSMENT_REJECTED if unpaid else None)
    return Consequence(
        supersede=Superseded.NEWER_ASSESSMENT if unpaid else None,
        issue=BillState.NOTHING_DUE if assessed.nothing_due else BillState.OPEN,
    )


def _reviewed(assessed: ContributionAssessed, settled: Bill) -> Consequence:
    day, priced = _settling_day(settled), assessed.outcome == "PRICED"
    if priced and same_price_on(day, settled.rows, assessed.schedule):
        return NO_CHANGE if settled.review is None else Consequence(needs_review=True)
    row = row_for(assessed.schedule, day) if priced else None
    review = Review(f"{assessed.outcome}:{assessed.version}", None if row is None else row.due_fen)
    return Consequence(needs_review=True, review=review)


def _same_rows(assessed: ContributionAssessed, unpaid: Bill) -> bool:
    """Whether amount, days and period to pay are the same as before."""
    return (
        assessed.outcome == "PRICED"
        and not assessed.nothing_due
        and [_terms(row) for row in assessed.schedule] == [_terms(row) for row in unpaid.rows]
    )


def _terms(row: ScheduleRow) -> ScheduleRow:
    return row.model_copy(update={"identity": None, "reasons": ()})


def _settling_day(settled: Bill) -> date:
    """The day it was paid; where nothing was due, the first day of the row that settled it."""
    if settled.paid_on is not None:
        return settled.paid_on
    if settled.schedule_row_no is not None:
        return settled.rows[settled.schedule_row_no].pay_from
    return next((row for row in settled.rows if row.due_fen == 0), settled.rows[-1]).pay_from
