"""A remittance batch of entrusted cash or of a channel's settlement, and its lines; amounts in fen."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from services.payment.batches.settlement_reference import SettlementReference
from services.payment.batches.state import BatchKind, BatchState, HoldStage
from services.payment.ledger.transfer import Dimensions
from shared.contracts.event import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredBatch:
    """What both kinds of batch have in common."""

    id: UUID
    region: str
    state: BatchState
    held_at: HoldStage | None
    version: int
    declared_fen: int
    counted_fen: int | None
    amount_fen: int
    line_count: int
    differences: list[dict[str, Any]]
    remitted_on: date | None
    received_on: date | None
    certificate_no: str | None
    certificate_issued_on: date | None
    returned_on: date | None
    return_reason: str | None
    previous_batch_id: UUID | None
    actor: str
    correlation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CashBatch(_StoredBatch):
    """Entrusted cash of one village's collection statement; the tax hall gives it its serial."""

    kind: ClassVar[BatchKind] = BatchKind.ENTRUSTED_CASH
    statement_no: str
    benefit_year: int
    collection_notice_serial: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineBatch(_StoredBatch):
    """What one channel settles for one merchant and day."""

    kind: ClassVar[BatchKind] = BatchKind.ONLINE
    channel: str
    merchant_id: str
    settlement_day: date

    @property
    def settlement(self) -> SettlementReference:
        """The settlement that the batch is about."""
        return SettlementReference(self.channel, self.merchant_id, self.settlement_day)


Batch = CashBatch | OnlineBatch


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
    def dimensions(self) -> Dimensions:
        """Whose money it is, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)

    def trace(self, actor: str, step_id: UUID) -> Trace:
        """The payment's own chain of causes, continued by the actor of this step."""
        return Trace(actor=actor, correlation_id=self.correlation_id, causation_id=step_id)
