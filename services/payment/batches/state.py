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
    READY_TO_REMIT = "READY_TO_REMIT"
    AT_TAX_HALL = "AT_TAX_HALL"
    DETAIL_CONFIRMED = "DETAIL_CONFIRMED"
    REMITTED = "REMITTED"
    TREASURY_CONFIRMED = "TREASURY_CONFIRMED"
    CERTIFICATE_ISSUED = "CERTIFICATE_ISSUED"
    RETURNED = "RETURNED"
    # Everything agreed and there is no premium to bring on: all receipts recalled, or a day of refunds and suspense.
    CLOSED_EMPTY = "CLOSED_EMPTY"


class HeldAt(StrEnum):
    """Which comparison found the difference that holds a batch."""

    MATCH = "MATCH"
    DETAIL = "DETAIL"


class Place(StrEnum):
    """Where the money of one line is; after remittance it is in exactly one of the last three."""

    PENDING = "PENDING"
    IN_TRANSIT = "IN_TRANSIT"
    TREASURY = "TREASURY"
    RETURNED = "RETURNED"


class Step(StrEnum):
    """What moves a batch on."""

    SUBMIT = "SUBMIT"
    MATCH = "MATCH"
    CORRECT = "CORRECT"
    ENTER_SERIAL = "ENTER_SERIAL"
    CONFIRM_DETAIL = "CONFIRM_DETAIL"
    REMIT = "REMIT"
    CONFIRM_TREASURY = "CONFIRM_TREASURY"
    ISSUE_CERTIFICATE = "ISSUE_CERTIFICATE"
    RETURN = "RETURN"


_COMMON: dict[Step, BatchState] = {
    Step.REMIT: BatchState.DETAIL_CONFIRMED,
    Step.CONFIRM_TREASURY: BatchState.REMITTED,
    Step.ISSUE_CERTIFICATE: BatchState.TREASURY_CONFIRMED,
    Step.RETURN: BatchState.REMITTED,
    Step.CORRECT: BatchState.HELD,
}

# Online money is matched as its batch opens and never passes the county's tax hall: no slip, no serial.
_SOURCES: dict[BatchKind, dict[Step, BatchState]] = {
    BatchKind.ENTRUSTED_CASH: _COMMON
    | {
        Step.SUBMIT: BatchState.OPEN,
        Step.MATCH: BatchState.SUBMITTED,
        Step.ENTER_SERIAL: BatchState.READY_TO_REMIT,
        Step.CONFIRM_DETAIL: BatchState.AT_TAX_HALL,
    },
    BatchKind.ONLINE: _COMMON
    | {
        Step.MATCH: BatchState.OPEN,
        Step.CONFIRM_DETAIL: BatchState.READY_TO_REMIT,
    },
}

_TARGETS: dict[Step, BatchState] = {
    Step.SUBMIT: BatchState.SUBMITTED,
    Step.MATCH: BatchState.READY_TO_REMIT,
    Step.ENTER_SERIAL: BatchState.AT_TAX_HALL,
    Step.CONFIRM_DETAIL: BatchState.DETAIL_CONFIRMED,
    Step.REMIT: BatchState.REMITTED,
    Step.CONFIRM_TREASURY: BatchState.TREASURY_CONFIRMED,
    Step.ISSUE_CERTIFICATE: BatchState.CERTIFICATE_ISSUED,
    Step.RETURN: BatchState.RETURNED,
}


def source_of(kind: BatchKind, step: Step) -> BatchState | None:
    """The one state from which the step may be taken; None where this kind of batch never takes it."""
    return _SOURCES[kind].get(step)


def target_of(step: Step) -> BatchState:
    """The state that the step leads to when nothing differs."""
    return _TARGETS[step]


def ready(lines: int) -> BatchState:
    """Where a batch is whose money agrees: on its way with its lines, or at its end without any."""
    return BatchState.READY_TO_REMIT if lines else BatchState.CLOSED_EMPTY


def resumes_at(kind: BatchKind, held_at: HeldAt) -> BatchState:
    """Where a held batch goes on once it is corrected: before the comparison that held it."""
    step = Step.MATCH if held_at is HeldAt.MATCH else Step.CONFIRM_DETAIL
    return _SOURCES[kind][step]


def has_passed(state: BatchState, step: Step) -> bool:
    """Whether a batch in this state has already taken the step: repeating it must then change nothing."""
    if state is BatchState.RETURNED:
        return step in {Step.SUBMIT, Step.MATCH, Step.ENTER_SERIAL, Step.CONFIRM_DETAIL, Step.REMIT, Step.RETURN}
    if state is BatchState.CLOSED_EMPTY:
        return step in {Step.SUBMIT, Step.MATCH}
    if state is BatchState.HELD or step in {Step.CORRECT, Step.RETURN}:
        return False
    order = list(BatchState)
    return order.index(state) >= order.index(target_of(step))
