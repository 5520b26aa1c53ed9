"""A remittance batch of entrusted cash or of a channel's settlement, and its lines; amounts in fen."""

from dataclasses import dataclass, fields
from datetime import date
from typing import ClassVar
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
    differences: list[dict[str, object]]
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
    """Entrusted cash of one village's collection statement, or a part of it; the tax hall gives it its serial."""

    kind: ClassVar[BatchKind] = BatchKind.ENTRUSTED_CASH
    statement_no: str
    benefit_year: int
    collection_notice_serial: str | None
    part: int

    @property
    def is_imported(self) -> bool:
        """Whether its people are insured by it already: a further part of a statement is about its money alone."""
        return self.part > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineBatch(_StoredBatch):
    """What one channel settles for one merchant and day, or a part of it that came after the first."""

    kind: ClassVar[BatchKind] = BatchKind.ONLINE
    channel: str
    merchant_id: str
    settlement_day: date
    part: int
    by_bill: bool
    payout_id: UUID | None

    @property
    def settlement(self) -> SettlementReference:
        """The settlement that the batch is about."""
        return SettlementReference(self.channel, self.merchant_id, self.settlement_day)

    @property
    def waits_for_money(self) -> bool:
        """Whether what the bank books for its day is still added to it."""
        return self._is_unmatched and self.payout_id is None

    @property
    def is_being_settled(self) -> bool:
        """Whether its payout is known and not settled to its end."""
        return self._is_unmatched and self.payout_id is not None

    @property
    def _is_unmatched(self) -> bool:
        return self.state is BatchState.OPEN or self.held_at is HoldStage.MATCH


Batch = CashBatch | OnlineBatch
_COMMON = tuple(field.name for field in fields(_StoredBatch))


class IncompleteBatch(Exception):
    """A stored batch lacks a column that every batch of its kind has; the table has a constraint against it."""

    def __init__(self, batch_id: UUID, kind: str) -> None:
        super().__init__(f"remittance_batch {batch_id} ({kind})")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow(_StoredBatch):
    """A row of the table, which holds both kinds: a constraint says which columns each of them has."""

    kind: str
    statement_no: str | None
    benefit_year: int | None
    collection_notice_serial: str | None
    channel: str | None
    merchant_id: str | None
    settlement_day: date | None
    part: int
    by_bill: bool
    payout_id: UUID | None

    def batch(self) -> Batch:
        """The batch of its kind; raises IncompleteBatch where a column of its kind is empty."""
        common = {name: getattr(self, name) for name in _COMMON} | {
            "state": BatchState(self.state),
            "held_at": HoldStage(self.held_at) if self.held_at is not None else None,
        }
        if BatchKind(self.kind) is BatchKind.ENTRUSTED_CASH:
            if self.statement_no is None or self.benefit_year is None:
                raise IncompleteBatch(self.id, self.kind)
            return CashBatch(
                **common,
                statement_no=self.statement_no,
                benefit_year=self.benefit_year,
                collection_notice_serial=self.collection_notice_serial,
                part=self.part,
            )
        if self.channel is None or self.merchant_id is None or self.settlement_day is None:
            raise IncompleteBatch(self.id, self.kind)
        return OnlineBatch(
            **common,
            channel=self.channel,
            merchant_id=self.merchant_id,
            settlement_day=self.settlement_day,
            part=self.part,
            by_bill=self.by_bill,
            payout_id=self.payout_id,
        )


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
