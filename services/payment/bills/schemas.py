"""Bills as HTTP shows them."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.payment.bills.display import DisplayedBill, ExplainedRow


class RowOut(BaseModel):
    """What is due when the payment lies between two days, and the reasons that hold for those days only.

    What holds for all days stands in registration's explanation of the enrolment.
    """

    pay_from: date
    pay_until: date
    standard_fen: int
    due_fen: int
    aided_fen: int
    identity: str | None
    shares: list[dict[str, object]]
    reasons: list[dict[str, object]]

    @staticmethod
    def of(explained: ExplainedRow) -> "RowOut":
        """A row as HTTP shows it."""
        row = explained.row
        return RowOut(
            pay_from=row.pay_from,
            pay_until=row.pay_until,
            standard_fen=row.standard_fen,
            due_fen=row.due_fen,
            aided_fen=row.aided_fen,
            identity=row.identity,
            shares=[share.model_dump() for share in row.shares],
            reasons=[reason.model_dump(mode="json") for reason in explained.reasons],
        )


class ReviewOut(BaseModel):
    """A settled bill that a newer assessment would price otherwise; ``review`` is its outcome and version.

    ``due_fen`` was due and paid, ``review_due_fen`` would be now (null where that is held, rejected or not recorded);
    the newer assessment's reasons stand in subsidy's assessment of the enrolment. A person decides, until
    ``decide_until``, on a whole refund and a new payment; never on a part. Once the benefit year has begun the price
    stands (default 20).
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    enrolment_id: UUID
    region: str
    benefit_year: int
    version: int
    state: str
    review: str
    due_fen: int
    review_due_fen: int | None
    decide_until: date
    paid_on: date | None
    paid_through: str | None


class BillOut(BaseModel):
    """An enrolment's bill: what is due today (null outside every row), the row that gives the reason, and all rows."""

    id: UUID
    enrolment_id: UUID
    benefit_year: int
    region: str
    version: int
    state: str
    superseded_because: str | None
    review: str | None
    today: date
    due_fen: int | None
    row: RowOut | None
    rows: list[RowOut]
    paid_on: date | None
    paid_through: str | None

    @staticmethod
    def of(shown: DisplayedBill) -> "BillOut":
        """A bill as HTTP shows it."""
        bill = shown.bill
        return BillOut(
            id=bill.id,
            enrolment_id=bill.enrolment_id,
            benefit_year=bill.benefit_year,
            region=bill.region,
            version=bill.version,
            state=bill.state,
            superseded_because=bill.superseded_because,
            review=bill.review,
            today=shown.today,
            due_fen=shown.due_fen,
            row=None if shown.row is None else RowOut.of(shown.row),
            rows=[RowOut.of(row) for row in shown.rows],
            paid_on=bill.paid_on,
            paid_through=bill.paid_through,
        )
