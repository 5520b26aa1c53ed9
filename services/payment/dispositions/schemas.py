"""What is decided about suspended money, as it is asked for and kept with its approval, and the cases that wait."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.payment.dispositions.state import DecisionKind
from services.payment.schemas import DocumentIn
from services.payment.suspense.offices import SuspenseOffice
from services.payment.suspense.reasons import SuspenseReason
from shared.web.fields import FreeText, SingleLineText, Year, example
from shared.web.page import Page


class DecisionGroundsIn(DocumentIn):
    """Why it is proposed, and the paper that shows it: without one no money is moved."""

    model_config = example(reason="本人持支付记录到窗口核实", evidence="支付凭证 4200000001")

    reason: FreeText
    evidence: SingleLineText


class MatchIn(DecisionGroundsIn):
    """Whose bill the money pays."""

    model_config = example(
        enrolment_id="0197c2ba-77d1-7b93-8e50-1f2e3d4c5b6a",
        reason="按支付记录核实为本人缴费",
        evidence="支付凭证 4200000001",
    )

    enrolment_id: UUID


class CarryOverIn(DecisionGroundsIn):
    """For which later benefit year the money waits."""

    model_config = example(benefit_year=2025, reason="本人书面同意抵缴下一年度", evidence="抵缴申请 2023-17")

    benefit_year: Year


class SuspenseDecision(DocumentIn):
    """The suspended sum that is decided about, as the approver sees it."""

    suspense_id: UUID
    channel: str
    transaction_id: str
    suspended_for: str
    amount_fen: int


class SuspenseMatch(SuspenseDecision):
    """The same, the bill that it pays, and the day for which."""

    enrolment_id: UUID
    bill_id: UUID
    benefit_year: int
    applied_on: date


class SuspenseCarryOver(SuspenseDecision):
    """The same, and the year for which it waits."""

    benefit_year: int


class OfficeIn(DocumentIn):
    """The office that has to act from now on, and why."""

    model_config = example(office="COUNTY_AGENCY", because="村里查无此人，转县医保经办核实")

    office: SuspenseOffice
    because: FreeText


class SuspenseCaseOut(BaseModel):
    """Suspended money that waits: why, with which office, how many days, and the year that it is carried over to."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    channel: str
    merchant_id: str
    order_no: str
    transaction_id: str
    enrolment_id: UUID | None
    benefit_year: int | None
    region: str
    amount_fen: int
    reason: SuspenseReason
    suspended_on: date
    age_days: int
    office: SuspenseOffice
    assigned_because: str | None
    carried_to: int | None


class SuspenseCasePage(BaseModel):
    """Cases, the oldest first; ``next`` and ``next_day`` name the place after which the following page begins."""

    as_of: date
    items: list[SuspenseCaseOut]
    next: UUID | None
    next_day: date | None


class TakenDecisionOut(BaseModel):
    """A decision about suspended money, its grounds, and the two people who took it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: DecisionKind
    decided_on: date
    bill_id: UUID | None
    applied_on: date | None
    batch_id: UUID | None
    benefit_year: int | None
    reason: str
    evidence: str | None
    proposed_by: str
    decided_by: str | None


class TakenDecisionPage(Page[TakenDecisionOut, UUID]):
    """The decisions about one sum, in the order in which they were proposed."""


class OfferedBillOut(BaseModel):
    """An open bill that a suspended sum pays to the fen, and the day for which."""

    bill_id: UUID
    enrolment_id: UUID
    benefit_year: int
    region: str
    due_fen: int
    applied_on: date


class OfferedBills(BaseModel):
    """The bills of its person that a suspended sum would pay: a proposal and an approval match it."""

    items: list[OfferedBillOut]
