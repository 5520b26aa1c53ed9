"""Cash on its way back to the person, and which step may follow which. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.payment.ledger.transfer import Line, Occasion
from shared.contracts.event import Trace
from shared.errors import DomainError, ErrorCode


class CashRefundState(StrEnum):
    """DUE when the receipt is recalled → APPROVED → FETCHED from the pending account → RETURNED to the person."""

    DUE = "DUE"
    APPROVED = "APPROVED"
    FETCHED = "FETCHED"
    RETURNED = "RETURNED"


class Signature(StrEnum):
    """Who signed for the cash; a name is on the paper only."""

    SELF = "SELF"
    FAMILY = "FAMILY"
    AGENT = "AGENT"
    HEIR = "HEIR"


class StepNotPossible(DomainError):
    """Cash goes back in order: released, fetched, signed for."""

    code = ErrorCode.CASH_REFUND_STEP_NOT_POSSIBLE


class RecordedOtherwise(DomainError):
    """The step was recorded before, with another date or signature."""

    code = ErrorCode.CASH_REFUND_RECORDED_OTHERWISE


class DateBeforeStep(DomainError):
    """Nothing is fetched before it was released, nor signed for before it was fetched."""

    code = ErrorCode.CASH_REFUND_DATE_TOO_EARLY


class OwnReceipt(DomainError):
    """Whoever took the cash does not release it."""

    code = ErrorCode.CASH_REFUND_OF_OWN_RECEIPT


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that somebody says was taken on a day."""

    into: CashRefundState
    on: date
    by: str
    signed_by: Signature | None = None


@dataclass(frozen=True, slots=True)
class CashRefund:
    """The cash of one recalled receipt, and how far back it is."""

    receipt_id: UUID
    receipt_no: str
    batch_id: UUID
    line: Line
    amount_fen: int
    reason: str
    state: CashRefundState
    days: tuple[date | None, ...]  # recalled, approved, fetched, returned
    signed_by: Signature | None
    trace: Trace

    def occasion(self, day: date) -> Occasion:
        """Why its money moves on a day."""
        return Occasion(str(self.receipt_id), day, self.receipt_id, self.trace, self.batch_id)


_ORDER = tuple(CashRefundState)


def takes(refund: CashRefund, step: Taken) -> bool:
    """Whether the step is new; the same again is not. Raises what forbids it."""
    place = _ORDER.index(step.into)
    told = f"收据 receipt {refund.receipt_no}"
    if step.into is CashRefundState.APPROVED and step.by == refund.trace.actor:
        raise OwnReceipt(told)
    if _ORDER.index(refund.state) >= place:
        if step.into is not CashRefundState.APPROVED and _said(refund, place) != (step.on, step.signed_by):
            raise RecordedOtherwise(told)
        return False
    before = refund.days[place - 1]
    if refund.state is not _ORDER[place - 1] or before is None:
        raise StepNotPossible(f"{told}: {refund.state.value}")
    if step.on < before:
        raise DateBeforeStep(f"{told}: {step.on} < {before}")
    return True


def fresh(refunds: Sequence[CashRefund], step: Taken) -> list[CashRefund]:
    """Those that the step is new to; raises where one of them cannot take it."""
    return [refund for refund in refunds if takes(refund, step)]


def _said(refund: CashRefund, place: int) -> tuple[date | None, Signature | None]:
    last = place == len(_ORDER) - 1
    return refund.days[place], refund.signed_by if last else None
