"""A bill as it stands on a day, with the row that gives the reason. Pure."""

from dataclasses import dataclass
from datetime import date

from services.payment.bills.models import BillDetails
from services.payment.bills.state import BillState
from shared.contracts.subsidy import Reason, ScheduleRow


@dataclass(frozen=True, slots=True)
class ExplainedRow:
    """A row of a bill's schedule, and the reasons that hold for its days only."""

    row: ScheduleRow
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class DisplayedBill:
    """A bill, what is due for it today (None outside every row), the row that says why, and all rows."""

    bill: BillDetails
    today: date
    due_fen: int | None
    row: ExplainedRow | None
    rows: tuple[ExplainedRow, ...]


def display(bill: BillDetails, today: date) -> DisplayedBill:
    """The row under which the bill was settled, else the row of today; what was settled stays due as it was."""
    rows = tuple(ExplainedRow(row, reasons) for row, reasons in bill.explained())
    if bill.row_no is not None:
        row: ExplainedRow | None = rows[bill.row_no]
    else:
        row = next((one for one in rows if one.row.pay_from <= today <= one.row.pay_until), None)
    return DisplayedBill(bill, today, _due_fen(bill, row), row, rows)


def _due_fen(bill: BillDetails, row: ExplainedRow | None) -> int | None:
    if bill.due_fen is not None:
        return bill.due_fen
    if bill.state == BillState.NOTHING_DUE:
        return 0
    return row.row.due_fen if row is not None and bill.state == BillState.OPEN else None
