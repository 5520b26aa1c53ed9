"""Cash on its way back to the person, and which step may follow which. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.payment.chronology import MoneyDay, MoneyPath, contradiction
from services.payment.ledger.transfer import Dimensions, PostingContext
from shared.approvals.state import is_one_client
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


class CashStepNotPossible(DomainError):
    """Cash goes back in order: released, fetched, signed for."""

    code = ErrorCode.CASH_REFUND_STEP_NOT_POSSIBLE


class RecordedOtherwise(DomainError):
    """The step was recorded before, with another date or signature."""

    code = ErrorCode.CASH_REFUND_RECORDED_OTHERWISE


class DateBeforeStep(DomainError):
    """Nothing is fetched before it was released, nor signed for before it was fetched."""

    code = ErrorCode.CASH_REFUND_DATE_TOO_EARLY


class CashNotInAccount(DomainError):
    """The cash of the receipt is not in the pending account: its collector owes it, or its deposit was reversed."""

    code = ErrorCode.CASH_REFUND_NOT_IN_ACCOUNT


class CollectorMayNotRelease(DomainError):
    """The collector who took the cash does not release it."""

    code = ErrorCode.CASH_REFUND_OF_OWN_RECEIPT


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """A step as it is recorded: into which state, on which day, by whom."""

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
    dimensions: Dimensions
    amount_fen: int
    reason: str
    state: CashRefundState
    days: tuple[date | None, ...]  # recalled, approved, fetched, returned
    deposited_on: date | None
    signed_by: Signature | None
    trace: Trace

    def context(self, day: date) -> PostingContext:
        """Why its money moves on a day."""
        return PostingContext(str(self.receipt_id), day, self.receipt_id, self.trace, self.batch_id)


_ORDER = tuple(CashRefundState)
_DAYS = (MoneyDay.RECALLED, MoneyDay.RELEASED, MoneyDay.FETCHED, MoneyDay.SIGNED_FOR)


def takes(refund: CashRefund, step: RecordedStep) -> bool:
    """Whether the step is new; the same again is not. Raises what forbids it."""
    place = _ORDER.index(step.into)
    receipt = f"收据 receipt {refund.receipt_no}"
    if step.into is CashRefundState.APPROVED and is_one_client(step.by, refund.trace.actor):
        raise CollectorMayNotRelease(receipt)
    if _ORDER.index(refund.state) >= place:
        if step.into is not CashRefundState.APPROVED and _recorded(refund, place) != (step.on, step.signed_by):
            raise RecordedOtherwise(receipt)
        return False
    if refund.state is not _ORDER[place - 1] or refund.days[place - 1] is None:
        raise CashStepNotPossible(f"{receipt}: {refund.state.value}")
    days = dict(zip(_DAYS, refund.days, strict=True)) | {_DAYS[place]: step.on}
    found = contradiction(MoneyPath.CASH_GIVEN_BACK, days)
    if found is not None:
        raise DateBeforeStep(f"{receipt}: {found}")
    if step.into is CashRefundState.FETCHED and (refund.deposited_on is None or step.on < refund.deposited_on):
        raise CashNotInAccount(receipt)
    return True


def fresh(refunds: Sequence[CashRefund], step: RecordedStep) -> list[CashRefund]:
    """Those that the step is new to; raises where one of them cannot take it."""
    return [refund for refund in refunds if takes(refund, step)]


def _recorded(refund: CashRefund, place: int) -> tuple[date | None, Signature | None]:
    last = place == len(_ORDER) - 1
    return refund.days[place], refund.signed_by if last else None
