"""Facts that payment announces: bills, orders, contributions, money suspended or returned, the way to the treasury."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Event
from shared.contracts.subsidy import BenefitRule, WaitRule


class BillIssued(Event):
    """An enrolment owes money under one assessment version."""

    name: ClassVar[str] = "payment.bill_issued.v1"
    enrolment_id: UUID
    bill_id: UUID
    version: int
    due_fen: int


class BillSuperseded(Event):
    """A newer assessment replaced an unpaid bill."""

    name: ClassVar[str] = "payment.bill_superseded.v1"
    outside_readers: ClassVar[bool] = True
    enrolment_id: UUID
    bill_id: UUID
    version: int


class OrderedLine(BaseModel):
    """One enrolment's part of an order."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    enrolment_id: UUID
    amount_fen: int
    region: str


class OrderOpened(Event):
    """An order to collect bills was written; it is announced before its channel can know it and take money for it."""

    name: ClassVar[str] = "payment.order_opened.v1"
    key_field: ClassVar[str] = "order_id"
    outside_readers: ClassVar[bool] = True
    order_id: UUID
    order_no: str
    channel: str
    merchant_id: str
    appid: str
    trade_type: str
    amount_fen: int
    expires_at: datetime
    lines: tuple[OrderedLine, ...]


class ContributionPaid(Event):
    """A verified notice or a matched cash line was booked: the contribution is paid."""

    name: ClassVar[str] = "payment.contribution_paid.v1"
    enrolment_id: UUID
    person_token: str
    bill_id: UUID
    bill_version: int
    due_fen: int
    amount_fen: int
    aided_fen: int
    channel: str
    paid_on: date
    wait: WaitRule
    benefit: BenefitRule


class ContributionReversed(Event):
    """The institution that had collected a contribution took it back (冲正): its bill is to be paid again."""

    name: ClassVar[str] = "payment.contribution_reversed.v1"
    enrolment_id: UUID
    person_token: str
    bill_id: UUID
    bill_version: int
    amount_fen: int
    channel: str
    reversed_on: date


class PaymentSuspended(Event):
    """Money that is ours has no home: it stands in suspense with its reason."""

    name: ClassVar[str] = "payment.payment_suspended.v1"
    outside_readers: ClassVar[bool] = True
    key_otherwise: ClassVar[str | None] = "suspense_id"
    suspense_id: UUID
    enrolment_id: UUID | None
    amount_fen: int
    channel: str
    reason: str


class RefundPaid(Event):
    """The channel confirmed that money went back to the person."""

    name: ClassVar[str] = "payment.refund_paid.v1"
    outside_readers: ClassVar[bool] = True
    key_otherwise: ClassVar[str | None] = "refund_id"
    refund_id: UUID
    enrolment_id: UUID | None
    amount_fen: int
    reason: str
    refunded_on: date


class CashReturned(Event):
    """A person signed for cash that a village had collected and that could not be imported."""

    name: ClassVar[str] = "payment.cash_returned.v1"
    enrolment_id: UUID
    receipt_id: UUID
    amount_fen: int
    reason: str
    returned_on: date


class ContributionRemitted(Event):
    """A paid contribution left the pending account for the treasury (上解)."""

    name: ClassVar[str] = "payment.contribution_remitted.v1"
    enrolment_id: UUID
    batch_id: UUID
    amount_fen: int
    remitted_on: date


class ContributionReturned(Event):
    """A remitted contribution came back from the treasury to the pending account."""

    name: ClassVar[str] = "payment.contribution_returned.v1"
    enrolment_id: UUID
    batch_id: UUID
    amount_fen: int
    returned_on: date
    reason: str


class ContributionInTreasury(Event):
    """The treasury confirmed that it holds the contribution (入国库)."""

    name: ClassVar[str] = "payment.contribution_in_treasury.v1"
    enrolment_id: UUID
    batch_id: UUID
    amount_fen: int
    received_on: date


class CertificateIssued(Event):
    """The tax bureau issued the tax payment certificate (完税证明) that covers the contribution."""

    name: ClassVar[str] = "payment.certificate_issued.v1"
    enrolment_id: UUID
    batch_id: UUID
    certificate_no: str
    issued_on: date
