"""The lifecycle of a remittance batch: what may follow what, for entrusted cash and for online money."""

from enum import StrEnum


class BatchKind(StrEnum):
    """Where the money of a batch was collected."""

    ENTRUSTED_CASH = "ENTRUSTED_CASH"
    ONLINE = "ONLINE"


class BatchState(StrEnum):
    """How far a batch is on its way to the treasury."""

    OPEN = "OPEN"
    SUBMITTED = "SUBMITTED"
    HELD = "HELD"
    # A part of a statement whose cash did not all reach the account: its collector owes the rest.
    SHORT = "SHORT"
    READY_TO_REMIT = "READY_TO_REMIT"
    AT_TAX_HALL = "AT_TAX_HALL"
    DETAIL_CONFIRMED = "DETAIL_CONFIRMED"
    REMITTED = "REMITTED"
    TREASURY_CONFIRMED = "TREASURY_CONFIRMED"
    CERTIFICATE_ISSUED = "CERTIFICATE_ISSUED"
    RETURNED = "RETURNED"
    # Everything agreed and there is no premium to bring on: all receipts recalled, or a day of refunds and suspense.
    CLOSED_EMPTY = "CLOSED_EMPTY"
    # The bank's line that its money was matched with was reversed: its lines wait for a further part of the day or of
    # the statement.
    REVERSED = "REVERSED"


class HoldStage(StrEnum):
    """Which comparison found the difference that holds a batch."""

    MATCH = "MATCH"
    DETAIL = "DETAIL"


class MoneyLocation(StrEnum):
    """Where the money of one line is; after remittance it is in transit, in the treasury, or was returned.

    WITHDRAWN: its batch was reversed before it was remitted, and the line goes on in another one.
    """

    PENDING = "PENDING"
    IN_TRANSIT = "IN_TRANSIT"
    TREASURY = "TREASURY"
    RETURNED = "RETURNED"
    WITHDRAWN = "WITHDRAWN"


class BatchStep(StrEnum):
    """What moves a batch on."""

    SUBMIT = "SUBMIT"
    MATCH = "MATCH"
    ACCEPT_SHORT = "ACCEPT_SHORT"
    CORRECT = "CORRECT"
    ENTER_SERIAL = "ENTER_SERIAL"
    CONFIRM_DETAIL = "CONFIRM_DETAIL"
    REMIT = "REMIT"
    CONFIRM_TREASURY = "CONFIRM_TREASURY"
    ISSUE_CERTIFICATE = "ISSUE_CERTIFICATE"
    RETURN = "RETURN"
    REVERSE = "REVERSE"


_COMMON: dict[BatchStep, BatchState] = {
    BatchStep.REMIT: BatchState.DETAIL_CONFIRMED,
    BatchStep.CONFIRM_TREASURY: BatchState.REMITTED,
    BatchStep.ISSUE_CERTIFICATE: BatchState.TREASURY_CONFIRMED,
    BatchStep.RETURN: BatchState.REMITTED,
    BatchStep.CORRECT: BatchState.HELD,
}

# Online money is matched as its batch opens and never passes the county's tax hall: no slip, no serial.
_SOURCES: dict[BatchKind, dict[BatchStep, BatchState]] = {
    BatchKind.ENTRUSTED_CASH: _COMMON
    | {
        BatchStep.SUBMIT: BatchState.OPEN,
        BatchStep.MATCH: BatchState.SUBMITTED,
        BatchStep.ENTER_SERIAL: BatchState.READY_TO_REMIT,
        BatchStep.CONFIRM_DETAIL: BatchState.AT_TAX_HALL,
    },
    BatchKind.ONLINE: _COMMON
    | {
        BatchStep.MATCH: BatchState.OPEN,
        BatchStep.CONFIRM_DETAIL: BatchState.READY_TO_REMIT,
    },
}

_TARGETS: dict[BatchStep, BatchState] = {
    BatchStep.SUBMIT: BatchState.SUBMITTED,
    BatchStep.MATCH: BatchState.READY_TO_REMIT,
    BatchStep.ENTER_SERIAL: BatchState.AT_TAX_HALL,
    BatchStep.CONFIRM_DETAIL: BatchState.DETAIL_CONFIRMED,
    BatchStep.REMIT: BatchState.REMITTED,
    BatchStep.CONFIRM_TREASURY: BatchState.TREASURY_CONFIRMED,
    BatchStep.ISSUE_CERTIFICATE: BatchState.CERTIFICATE_ISSUED,
    BatchStep.RETURN: BatchState.RETURNED,
}


def source_of(kind: BatchKind, step: BatchStep) -> BatchState | None:
    """The one state from which the step may be taken; None where this kind of batch never takes it."""
    return _SOURCES[kind].get(step)


def target_of(step: BatchStep) -> BatchState:
    """The state that the step leads to when nothing differs."""
    return _TARGETS[step]


def ready(lines: int) -> BatchState:
    """Where a batch is whose money agrees: on its way with its lines, or at its end without any."""
    return BatchState.READY_TO_REMIT if lines else BatchState.CLOSED_EMPTY


def resumes_at(kind: BatchKind, held_at: HoldStage) -> BatchState:
    """Where a held batch goes on once it is corrected: before the comparison that held it."""
    step = BatchStep.MATCH if held_at is HoldStage.MATCH else BatchStep.CONFIRM_DETAIL
    return _SOURCES[kind][step]


def has_passed(state: BatchState, step: BatchStep) -> bool:
    """Whether a batch in this state has already taken the step: repeating it must then change nothing."""
    if state is BatchState.RETURNED:
        return step in {
            BatchStep.SUBMIT,
            BatchStep.MATCH,
            BatchStep.ENTER_SERIAL,
            BatchStep.CONFIRM_DETAIL,
            BatchStep.REMIT,
            BatchStep.RETURN,
        }
    if state is BatchState.CLOSED_EMPTY:
        return step in {BatchStep.SUBMIT, BatchStep.MATCH}
    if state is BatchState.REVERSED:
        return step is BatchStep.MATCH
    if state is BatchState.HELD or step in {BatchStep.CORRECT, BatchStep.RETURN, BatchStep.REVERSE}:
        return False
    order = list(BatchState)
    return order.index(state) >= order.index(target_of(step))
