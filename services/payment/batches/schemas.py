"""Batches as HTTP shows them; dates in ISO form, money in fen."""

from dataclasses import asdict
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.payment.batches.models import Batch, RemittanceLine
from shared.web.page import Page

# A batch of one kind has nothing to show in the fields of the other.
_OF_OTHER_KIND = dict.fromkeys(
    (
        "statement_no",
        "benefit_year",
        "collection_notice_serial",
        "channel",
        "merchant_id",
        "settlement_day",
        "part",
        "payout_id",
    )
)


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
    merchant_id: str | None
    settlement_day: date | None
    part: int | None
    by_bill: bool
    payout_id: UUID | None
    declared_fen: int
    amount_fen: int
    line_count: int
    differences: list[dict[str, object]]
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
        return cls.model_validate(_OF_OTHER_KIND | {"by_bill": False} | asdict(batch) | {"kind": batch.kind})


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


class BatchPage(Page[BatchOut, UUID]):
    """A page of batches; ``next`` is where the following one begins."""
