"""Documents of village cash, and their answers; dates in ISO form, money in fen."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.payment.schemas import Amount, DocumentIn
from shared.web.fields import Day, DocumentNumber, FreeText, SingleLineText, Year, example
from shared.web.page import Page

Village = Annotated[str, StringConstraints(max_length=12)]


class ReceiptIn(DocumentIn):
    """One cash receipt as the village wrote it."""

    receipt_no: DocumentNumber
    enrolment_id: UUID
    amount_fen: Amount
    received_on: Day


class ReceiptsIn(DocumentIn):
    """Receipts that one village wrote."""

    model_config = example(
        village="411521101201",
        receipts=[
            {
                "receipt_no": "R-0001",
                "enrolment_id": "0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024",
                "amount_fen": 38000,
                "received_on": "2023-10-03",
            }
        ],
    )

    village: Village
    receipts: Annotated[tuple[ReceiptIn, ...], Field(min_length=1, max_length=5_000)]


class LateReceiptsIn(DocumentIn):
    """Receipts that are too old to be entered by one person, why they come now, and the paper that shows it."""

    model_config = example(
        village="411521101201",
        receipts=[
            {
                "receipt_no": "R-0001",
                "enrolment_id": "0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024",
                "amount_fen": 38000,
                "received_on": "2023-10-03",
            }
        ],
        reason="收款人住院，收据存根迟交",
    )

    village: Village
    receipts: Annotated[tuple[ReceiptIn, ...], Field(min_length=1, max_length=500)]
    reason: FreeText
    evidence: SingleLineText | None = None


class ReceiptsRecorded(BaseModel):
    """How many receipts are new, how many had been recorded before, and what the new ones sum to."""

    village: str
    recorded: int
    repeated: int
    recorded_fen: int


class ReceiptOut(BaseModel):
    """A receipt and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    receipt_no: str
    region: str
    enrolment_id: UUID
    benefit_year: int
    amount_fen: int
    received_on: date
    state: str
    recall_reason: str | None
    batch_id: UUID | None
    deposited_on: date | None


class ReceiptPage(Page[ReceiptOut, str]):
    """A page of receipts; ``next`` is the number after which the following one begins."""


class StatementLineIn(DocumentIn):
    """One line of the 《缴费情况表》."""

    receipt_no: DocumentNumber
    enrolment_id: UUID
    amount_fen: Amount


class CollectionStatementIn(DocumentIn):
    """A village's 《缴费情况表》 of what it collected for one benefit year."""

    model_config = example(
        statement_no="S-2023-10-1201",
        village="411521101201",
        benefit_year=2024,
        lines=[{"receipt_no": "R-0001", "enrolment_id": "0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024", "amount_fen": 38000}],
        total_fen=38000,
    )

    statement_no: DocumentNumber
    village: Village
    benefit_year: Year
    lines: Annotated[tuple[StatementLineIn, ...], Field(min_length=1, max_length=5_000)]
    total_fen: Amount


class DepositSlipIn(DocumentIn):
    """A slip of cash paid into the tax pending account."""

    slip_no: DocumentNumber
    amount_fen: Amount
    deposited_on: Day


class StatementSlipIn(DepositSlipIn):
    """A slip and the statement whose cash it is."""

    model_config = example(slip_no="D-0001", statement_no="S-2023-10-1201", amount_fen=38000, deposited_on="2023-10-04")

    statement_no: DocumentNumber


class SlipOut(BaseModel):
    """A recorded slip and the batch it belongs to."""

    slip_no: str
    statement_no: str
    amount_fen: int
    deposited_on: date
    batch_id: UUID
    batch_state: str


class CorrectionIn(DocumentIn):
    """What is stated instead: lines with their total, or slips, or only why it should be compared again."""

    model_config = example(
        reason="第 3 行金额写错",
        lines=[{"receipt_no": "R-0001", "enrolment_id": "0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024", "amount_fen": 38000}],
        total_fen=38000,
    )

    reason: FreeText
    lines: Annotated[tuple[StatementLineIn, ...], Field(min_length=1, max_length=5_000)] | None = None
    total_fen: Amount | None = None
    slips: Annotated[tuple[DepositSlipIn, ...], Field(min_length=1, max_length=20)] | None = None
