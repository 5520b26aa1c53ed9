"""A short deposit as its acceptance is asked for, and what collectors owe."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.payment.schemas import DocumentIn
from shared.web.fields import FreeText, SingleLineText, example
from shared.web.page import Page


class ShortDeposit(DocumentIn):
    """A statement whose deposit is short, as it stood when its acceptance was proposed."""

    batch_id: UUID
    statement_no: str
    version: int
    receipts_fen: int
    booked_fen: int


class AcceptanceIn(DocumentIn):
    """Why a short deposit is accepted, and the paper by which the collector owns to it."""

    model_config = example(reason="收款人承认短款", evidence="欠条 2023-10-11")

    reason: FreeText
    evidence: SingleLineText


class ShortageOut(BaseModel):
    """What a collector owes of the receipts of one statement, since when, and the limit of such money in days."""

    batch_id: UUID
    statement_no: str
    village: str
    owner: str
    receipts_fen: int
    in_account_fen: int
    short_fen: int
    since: date
    age_days: int
    limit_days: int


class ShortagePage(Page[ShortageOut, UUID]):
    """Open shortages, in the order in which they were accepted."""
