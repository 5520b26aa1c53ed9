"""Suspended money as HTTP shows it."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.payment.suspense.state import SuspenseState


class SuspenseOut(BaseModel):
    """Money that is ours to look after and pays no bill."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    channel: str
    merchant_id: str
    order_no: str | None
    transaction_id: str
    enrolment_id: UUID | None
    benefit_year: int | None
    region: str
    amount_fen: int
    reason: str
    suspended_on: date
    state: SuspenseState
