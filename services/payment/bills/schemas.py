"""What HTTP says about bills."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class RowOut(BaseModel):
    """What is due when the payment lies between two days, and why."""

    pay_from: date
    pay_until: date
    standard_fen: int
    due_fen: int
    aided_fen: int
    identity: str | None
    shares: list[dict[str, Any]]
    reasons: list[dict[str, Any]]


class ReviewOut(BaseModel):
    """A settled bill that a newer assessment would price otherwise; ``review`` is its outcome and version.

    A person decides, before the benefit period begins, on a whole refund and a new payment; never on a part.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    enrolment_id: UUID
    region: str
    benefit_year: int
    version: int
    state: str
    review: str
    due_fen: int | None
    aided_fen: int | None
    paid_on: date | None
    paid_through: str | None


class BillOut(BaseModel):
    """An enrolment's bill: what is due today (null outside every row), the row that says why, and all rows."""

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
