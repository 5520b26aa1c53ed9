"""Payouts of the channels' bills as HTTP shows them, and the release of a held one."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.payment.schemas import DocumentIn
from shared.web.fields import FreeText, SingleLineText, example
from shared.web.page import Page


class PayoutRelease(DocumentIn):
    """A held payout, and what the bank has to show for it."""

    payout_id: UUID
    amount_fen: int
    wanted_fen: int


class ReleaseIn(DocumentIn):
    """Why a held payout is released, and the paper by which the channel pays back what it kept."""

    model_config = example(reason="渠道退还手续费", evidence="渠道回函 2023-10-12")

    reason: FreeText
    evidence: SingleLineText


class PayoutOut(BaseModel):
    """A payout of a channel's bill, what the bank has to show for it, and what holds it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    channel: str
    merchant_id: str
    paid_out_on: date
    amount_fen: int
    wanted_fen: int
    state: str
    fault: str | None
    released_by: UUID | None
    batch_id: UUID | None


class PayoutPage(Page[PayoutOut, UUID]):
    """Payouts, in the order in which they were taken out of their bills."""
