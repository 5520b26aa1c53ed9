"""Quarantined notices as HTTP shows them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class QuarantinedOut(BaseModel):
    """An authentic notice that was not credited, and why."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    channel: str
    merchant_id: str
    notify_id: str
    event_type: str
    payee_merchant_id: str | None
    payee_provider_id: str | None
    order_no: str | None
    transaction_id: str | None
    refund_no: str | None
    amount_fen: int | None
    currency: str | None
    succeeded_at: datetime | None
    reason: str
    region: str
    recorded_at: datetime


class WaitingQuarantinedOut(QuarantinedOut):
    """The same while it waits; ``closing`` is the proposal to close it, where one waits for a second person."""

    closing: UUID | None


class Retried(BaseModel):
    """The notice that waits to be worked again: the same one, or the new reading of one that could not be read."""

    id: UUID
