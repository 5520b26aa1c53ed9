"""Refunds as HTTP shows them."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.payment.refunds.state import RefundState


class RefundOut(BaseModel):
    """Money on its way back."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    suspense_id: UUID
    refund_no: str
    channel: str
    merchant_id: str
    transaction_id: str
    enrolment_id: UUID | None
    benefit_year: int | None
    region: str
    amount_fen: int
    reason: str
    state: RefundState
    requested_on: date
    approved_by: str | None
    approved_on: date | None
    failure: str | None
    refunded_on: date | None
    channel_refund_id: str | None
    waits_for_merchant: bool


class Approved(BaseModel):
    """Where an approved refund stands."""

    id: UUID
    refund_no: str
    amount_fen: int
    state: RefundState


class RefundRequested(BaseModel):
    """A refund was put forward."""

    refund_id: UUID
