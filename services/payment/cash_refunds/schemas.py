"""Cash that goes back, as HTTP takes and shows it; dates in ISO form, money in fen."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.payment.cash_refunds.state import CashRefundState, Signature
from services.payment.schemas import DocumentIn
from shared.web.fields import Day, DocumentNumber, example
from shared.web.page import Page

AT_ONCE = 500
Village = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
ReceiptNumbers = Annotated[tuple[DocumentNumber, ...], Field(min_length=1, max_length=AT_ONCE)]

_OF = {"village": "411521101201", "receipt_nos": ["R-0001"]}


class CashReleaseIn(DocumentIn):
    """Recalled receipts of a village whose cash may go back."""

    model_config = example(**_OF)

    village: Village
    receipt_nos: ReceiptNumbers


class CashFetchIn(DocumentIn):
    """Cash that a village fetched from the pending account to give it back."""

    model_config = example(**_OF, fetched_on="2023-10-12")

    village: Village
    receipt_nos: ReceiptNumbers
    fetched_on: Day


class CashReturnIn(DocumentIn):
    """One person's cash, signed for."""

    model_config = example(village="411521101201", receipt_no="R-0001", returned_on="2023-10-13", signed_by="SELF")

    village: Village
    receipt_no: DocumentNumber
    returned_on: Day
    signed_by: Signature


class CashRefundOut(BaseModel):
    """The cash of one recalled receipt: whose line it was, why it goes back, and who took which step when."""

    model_config = ConfigDict(from_attributes=True)

    receipt_no: str
    village: str
    enrolment_id: UUID
    benefit_year: int
    amount_fen: int
    reason: str
    received_on: date
    statement_no: str
    line_no: int
    state: CashRefundState
    recalled_on: date
    approved_on: date | None
    approved_by: str | None
    fetched_on: date | None
    fetched_by: str | None
    returned_on: date | None
    returned_by: str | None
    signed_by: Signature | None


class CashRefundsOut(BaseModel):
    """How the receipts stand after a step."""

    items: list[CashRefundOut]


class CashRefundPage(Page[CashRefundOut, str]):
    """A page by receipt number; ``next`` is the number after which the following one begins."""
