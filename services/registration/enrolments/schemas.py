"""What HTTP answers about enrolments."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registration.enrolments.repository import EnrolmentDetails
from shared.contracts.subsidy import Reason, ScheduleRow
from shared.web.page import Page


class RegisteredOut(BaseModel):
    """The enrolment that was registered."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    state: str
    region: str
    benefit_year: int
    document_number: Annotated[str, Field(validation_alias="masked_number")]
    registered_on: date


class ListedOut(RegisteredOut):
    """One enrolment of a list, and why it is held or rejected."""

    reason_code: str | None


class EnrolmentPage(Page[ListedOut, UUID]):
    """Enrolments of one state, as many as were asked for."""


class PaidOut(BaseModel):
    """How the enrolment came to be paid; amounts in fen."""

    basis: str
    on: date
    amount_fen: int
    due_fen: int
    aided_fen: int
    channel: str | None


class BenefitOut(BaseModel):
    """From when to when the person is covered, or why that is held."""

    starts_on: date | None
    ends_on: date | None
    waiting: str | None
    held: str | None


class MoneyOut(BaseModel):
    """How far the money is on its way to the treasury, or when cash that could not be imported went back."""

    state: str | None
    in_treasury_on: date | None
    certificate_no: str | None
    cash_returned_on: date | None


class EnrolmentOut(RegisteredOut):
    """An enrolment with what is due and why, what was paid, and what is covered."""

    assessment: dict[str, Any] | None
    paid: PaidOut | None
    benefit: BenefitOut | None
    money: MoneyOut

    @classmethod
    def of(cls, details: EnrolmentDetails) -> Self:
        """Show one enrolment; the number stays masked and the name is left out."""
        paid = benefit = None
        if details.paid_basis is not None:
            paid = PaidOut.model_validate(
                {
                    "basis": details.paid_basis,
                    "on": details.paid_on,
                    "amount_fen": details.paid_fen,
                    "due_fen": details.due_fen,
                    "aided_fen": details.aided_fen,
                    "channel": details.channel,
                }
            )
            benefit = BenefitOut(
                starts_on=details.benefit_start,
                ends_on=details.benefit_end,
                waiting=details.benefit_wait,
                held=details.benefit_held,
            )
        money = MoneyOut(
            state=details.money_state,
            in_treasury_on=details.in_treasury_on,
            certificate_no=details.certificate_no,
            cash_returned_on=details.cash_returned_on,
        )
        return cls.model_validate(
            {**asdict(details), "state": details.state, "paid": paid, "benefit": benefit, "money": money}
        )


class ExplanationOut(BaseModel):
    """What decided an enrolment, what did not and why, and what is due by day of payment; amounts in fen.

    The reasons are those of ``day``: of the payment, else of today; ``row`` says what holds on it (null where no money
    may come any more), ``schedule`` what holds on the other days, each with the reasons that are its own.
    """

    enrolment_id: UUID
    state: str
    assessed: bool
    pack: str | None
    outcome: str | None
    reason_code: str | None
    identities: list[str]
    day: date
    row: ScheduleRow | None
    decided_by: list[Reason]
    ruled_out: list[Reason]
    schedule: list[ScheduleRow]
    paid_on: date | None
    benefit_start: date | None
    benefit_end: date | None
