"""Which receipts pay their person's bill, and why the others fail and are recalled. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.payment.bills.state import Bill, BillState
from services.payment.receipts.receipt import StoredReceipt


class ImportFailure(StrEnum):
    """Why a cash line cannot be imported: its receipt is recalled and the money goes back to the person."""

    ALREADY_PAID = "ALREADY_PAID"
    NO_BILL = "NO_BILL"
    NOTHING_DUE = "NOTHING_DUE"
    OUTSIDE_COLLECTION = "OUTSIDE_COLLECTION"
    AMOUNT_NOT_DUE = "AMOUNT_NOT_DUE"


@dataclass(frozen=True, slots=True)
class Import:
    """What becomes of each receipt of a matched statement."""

    paying: tuple[tuple[StoredReceipt, Bill], ...]
    failing: tuple[tuple[StoredReceipt, ImportFailure], ...]


def decide_import(receipts: Sequence[StoredReceipt], bills: Mapping[UUID, Bill]) -> Import:
    """Let each receipt pay the bill in force on its date; the first recorded payment of a person wins."""
    paying: list[tuple[StoredReceipt, Bill]] = []
    failing: list[tuple[StoredReceipt, ImportFailure]] = []
    paid: set[UUID] = set()
    for receipt in receipts:
        bill = bills.get(receipt.enrolment_id)
        failure = ImportFailure.ALREADY_PAID if receipt.enrolment_id in paid else _failure(receipt, bill)
        if failure is not None or bill is None:
            failing.append((receipt, failure or ImportFailure.NO_BILL))
        else:
            paid.add(receipt.enrolment_id)
            paying.append((receipt, bill))
    return Import(tuple(paying), tuple(failing))


def _failure(receipt: StoredReceipt, bill: Bill | None) -> ImportFailure | None:
    if bill is None:
        return ImportFailure.NO_BILL
    if bill.state is BillState.PAID:
        return ImportFailure.ALREADY_PAID
    if bill.state is not BillState.OPEN:
        return ImportFailure.NOTHING_DUE
    due = bill.row_in_force(receipt.received_on)
    if due is None:
        return ImportFailure.OUTSIDE_COLLECTION
    return None if due.row.due_fen == receipt.amount_fen else ImportFailure.AMOUNT_NOT_DUE
