"""Facts that subsidy announces: what an enrolment owes by payment date, who pays the rest, and by which clause."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Event

Outcome = Literal["PRICED", "HELD", "REJECTED"]
BenefitStart = Literal["YEAR_START", "DAY_AFTER_WAIT", "BIRTH"]


class _FrozenModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Clause(_FrozenModel):
    """Where a rule is written: document number, section and the words themselves."""

    document: str
    section: str
    quote: str


class Reason(_FrozenModel):
    """One rule that was tried: its code, whether it won, in words, and the clause or default it stands on."""

    code: str
    won: bool
    text: str
    origin: str
    clause: Clause | None = None


class Share(_FrozenModel):
    """The part of the individual contribution that one funder pays, in fen."""

    funder: str
    amount_fen: int


class WaitRule(_FrozenModel):
    """How long a person waits for benefits after the anchor day; no code means no wait."""

    code: str | None = None
    days: int = 0
    months: int = 0


class BenefitRule(_FrozenModel):
    """From when to when a person is covered; ``starts_on`` is the earliest first covered day."""

    start: BenefitStart
    starts_on: date
    ends_on: date


class ScheduleRow(_FrozenModel):
    """What is due when the payment's business date lies in ``pay_from`` … ``pay_until``, both included; in fen."""

    pay_from: date
    pay_until: date
    standard_fen: int
    due_fen: int
    identity: str | None = None
    shares: tuple[Share, ...] = ()
    wait: WaitRule = WaitRule()
    benefit: BenefitRule
    reasons: tuple[Reason, ...] = ()

    @property
    def aided_fen(self) -> int:
        """The subsidised share of the individual contribution, over all funders."""
        return sum(share.amount_fen for share in self.shares)


def row_for(rows: Sequence[ScheduleRow], day: date) -> ScheduleRow | None:
    """The row in force on a day, else the next to come, else the last; None where there is none."""
    return next((row for row in rows if day <= row.pay_until), rows[-1] if rows else None)


def same_price_on(day: date, rows: Sequence[ScheduleRow], others: Sequence[ScheduleRow]) -> bool:
    """Whether a day of payment costs the same, paid by the same funders, under two schedules.

    Where nothing is due, the row may only begin after the day that settled it. Without rows there is no price.
    """
    row, other = row_for(rows, day), row_for(others, day)
    if row is None or other is None:
        return row is other
    return (row.due_fen, row.shares) == (other.due_fen, other.shares)


class ContributionAssessed(Event):
    """An enrolment was assessed: a schedule by payment date, or HELD or REJECTED with its reason."""

    name: ClassVar[str] = "subsidy.contribution_assessed.v1"
    enrolment_id: UUID
    person_token: str
    version: int
    outcome: Outcome
    reason_code: str | None = None
    pack: str
    identities: tuple[str, ...] = ()
    schedule: tuple[ScheduleRow, ...] = ()
    reasons: tuple[Reason, ...] = ()
    assessed_on: date

    @property
    def nothing_due(self) -> bool:
        """Whether nothing is due on the day as of which this was assessed, or on the next on which money may come.

        That day enrols them: what would be due on later days no longer matters.
        """
        row = next((row for row in self.schedule if row.pay_until >= self.assessed_on), None)
        return self.outcome == "PRICED" and row is not None and row.due_fen == 0
