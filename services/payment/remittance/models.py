"""What the rooms on the way to the treasury know of a batch and its lines."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.payment.ledger.transfer import Line
from services.payment.remittance.state import BatchKind, BatchState, HeldAt
from shared.contracts.event import Trace


@dataclass(frozen=True, slots=True)
class Batch:
    """A remittance batch as it is stored; amounts in fen."""

    id: UUID
    region: str
    kind: BatchKind
    state: BatchState
    held_at: HeldAt | None
    version: int
    statement_no: str | None
    benefit_year: int | None
    channel: str | None
    mchid: str | None
    settlement_day: date | None
    declared_fen: int
    counted_fen: int | None
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
    actor: str
    correlation_id: UUID


@dataclass(frozen=True, slots=True)
class RemittanceLine:
    """One enrolment's contribution in a batch; ``source_id`` is its receipt or its payment's line."""

    batch_id: UUID
    enrolment_id: UUID
    source_id: UUID
    person_token: str
    benefit_year: int
    region: str
    amount_fen: int
    place: str
    receipt_no: str | None
    tax_line_no: str | None
    actor: str
    correlation_id: UUID

    @property
    def money_of(self) -> Line:
        """Whose money it is, for the books."""
        return Line(self.region, self.enrolment_id, self.person_token, self.benefit_year)

    def trace(self, actor: str, step_id: UUID) -> Trace:
        """The payment's own chain of causes, gone on by whoever took this step."""
        return Trace(actor=actor, correlation_id=self.correlation_id, causation_id=step_id)
