"""The bank's statements as HTTP takes and shows them; dates in ISO form, money in fen."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.payment.schemas import DocumentIn
from shared.web.fields import Day, ReferenceNumber, SingleLineText, example

LineKind = Literal["DEPOSIT", "SETTLEMENT"]


class BankLineIn(DocumentIn):
    """Money that the bank booked: a deposit under its slip's number, or a channel's settlement.

    A settlement is negative for a day on which the channel gave back more than it took, nothing where both are equal.
    """

    line_no: Annotated[int, Field(gt=0, le=1_000_000, strict=True)]
    kind: LineKind
    reference: Annotated[SingleLineText, Field(max_length=128)]
    amount_fen: Annotated[int, Field(ge=-100_000_000_000_000, le=100_000_000_000_000, strict=True)]

    @model_validator(mode="after")
    def _is_money(self) -> Self:
        if self.amount_fen <= 0 and self.kind == "DEPOSIT":
            raise ValueError("amount_fen is no amount of money that a bank books so")
        return self


class BankStatementIn(DocumentIn):
    """A statement of the tax pending account (税务待报解账户)."""

    model_config = example(
        statement_no="B-2023-10-05",
        booked_on="2023-10-05",
        lines=[
            {"line_no": 1, "kind": "DEPOSIT", "reference": "D-0001", "amount_fen": 76000},
            {"line_no": 2, "kind": "SETTLEMENT", "reference": "WECHAT:1900000109:2023-10-05", "amount_fen": 38000},
        ],
    )

    statement_no: ReferenceNumber
    booked_on: Day
    lines: Annotated[tuple[BankLineIn, ...], Field(min_length=1, max_length=5_000)]


class BankStatementImported(BaseModel):
    """How many lines are new, and how many had been imported before."""

    statement_no: str
    imported: int
    repeated: int


class BankLineOut(BaseModel):
    """A line of the bank's statement that no slip or settlement explains yet."""

    model_config = ConfigDict(from_attributes=True)

    statement_no: str
    line_no: int
    booked_on: date
    kind: str
    reference: str
    amount_fen: int
    set_aside_because: str | None


class BankLinePage(BaseModel):
    """The oldest unexplained lines."""

    items: list[BankLineOut]
