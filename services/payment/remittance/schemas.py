"""What the remittance doors speak; dates in ISO form, money in fen."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.payment.cash.schemas import DepositSlipIn, StatementLineIn
from services.payment.documents import Amount, DocumentIn
from services.payment.remittance.models import Batch, RemittanceLine
from shared.web.fields import Day, FreeText, ReferenceNumber, example


class SerialIn(DocumentIn):
    """The collection notice serial (征集通知流水号) of a batch of entrusted cash."""

    model_config = example(collection_notice_serial="411521202310050001")

    collection_notice_serial: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] | None = Field(
        default=None, pattern=r"^[0-9A-Za-z-]*$"
    )


class RemittedIn(DocumentIn):
    """The day of 上解."""

    model_config = example(remitted_on="2023-10-06")

    remitted_on: Day


class ReceivedIn(DocumentIn):
    """The day of 入国库."""

    model_config = example(received_on="2023-10-07")

    received_on: Day


class CertificateIn(DocumentIn):
    """The tax payment certificate (完税证明) that was issued."""

    model_config = example(certificate_no="341230231000000001", issued_on="2023-10-08")

    certificate_no: ReferenceNumber
    issued_on: Day


class ReturnedIn(DocumentIn):
    """When and why the treasury sent the money back."""

    model_config = example(returned_on="2023-10-07", reason="预算科目有误")

    returned_on: Day
    reason: FreeText


class CorrectionIn(DocumentIn):
    """What is said instead: lines with their total, or slips, or only why it should be compared again."""

    model_config = example(
        reason="第 3 行金额写错",
        lines=[{"receipt_no": "R-0001", "enrolment_id": "0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024", "amount_fen": 38000}],
        total_fen=38000,
    )

    reason: FreeText
    lines: Annotated[tuple[StatementLineIn, ...], Field(min_length=1, max_length=5_000)] | None = None
    total_fen: Amount | None = None
    slips: Annotated[tuple[DepositSlipIn, ...], Field(min_length=1, max_length=20)] | None = None


class BatchOut(BaseModel):
    """A remittance batch and what stands in its way."""

    id: UUID
    kind: str
    region: str
    state: str
    held_at: str | None
    version: int
    statement_no: str | None
    benefit_year: int | None
    channel: str | None
    mchid: str | None
    settlement_day: date | None
    declared_fen: int
    amount_fen: int
    line_count: int
    differences: list[dict[str, Any]]
    collection_notice_serial: str | None
    remitted_on: date | None
    received_on: date | None
    certificate_no: str | None
    certificate_issued_on: date | None
    returned_on: date | None
    return_reason: str | None
    previous_batch_id: UUID | None

    @classmethod
    def of(cls, batch: Batch) -> "BatchOut":
        """Show a batch."""
        return cls.model_validate(asdict(batch))


class LineOut(BaseModel):
    """One enrolment's contribution in a batch and where its money is."""

    enrolment_id: UUID
    region: str
    benefit_year: int
    amount_fen: int
    place: str
    receipt_no: str | None
    tax_line_no: str | None

    @classmethod
    def of(cls, line: RemittanceLine) -> "LineOut":
        """Show a line."""
        return cls.model_validate(asdict(line))


class BatchWithLines(BatchOut):
    """A batch with a page of its lines and, once returned, the batch that carries them on."""

    replaced_by: UUID | None
    lines: list[LineOut]
    next_line: UUID | None


class BatchPage(BaseModel):
    """A page of batches; ``next`` is where the following one begins."""

    items: list[BatchOut]
    next: UUID | None
