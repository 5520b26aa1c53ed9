"""The bank's statements as HTTP takes and shows them; dates in ISO form, money in fen."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.payment.schemas import DocumentIn
from shared.web.fields import Day, DocumentNumber, SingleLineText, example
from shared.web.page import Page

LineKind = Literal["DEPOSIT", "SETTLEMENT", "REVERSAL", "OTHER"]


class BankLineIn(DocumentIn):
    """Money that the bank booked: a deposit under its slip's number, a channel's settlement, or something else.

    A settlement is negative for a day on which the channel gave back more than it took, nothing where both are equal.
    The bank's own reversals (冲正) and everything that is neither, such as interest, are kept and shown as unexplained.
    """

    line_no: Annotated[int, Field(gt=0, le=1_000_000, strict=True)]
    kind: LineKind
    reference: Annotated[SingleLineText, Field(max_length=128)]
    amount_fen: Annotated[int, Field(ge=-1_000_000_000_000, le=1_000_000_000_000, strict=True)]
    bank_reference: DocumentNumber | None = None


class BankStatementIn(DocumentIn):
    """A statement of the tax pending account (税务待报解账户)."""

    model_config = example(
        statement_no="B-2023-10-05",
        account="HRB-0001",
        booked_on="2023-10-05",
        lines=[
            {
                "line_no": 1,
                "kind": "DEPOSIT",
                "reference": "D-0001",
                "amount_fen": 76000,
                "bank_reference": "20231005000017",
            },
            {"line_no": 2, "kind": "SETTLEMENT", "reference": "WECHAT:1900000109:2023-10-05", "amount_fen": 38000},
            {"line_no": 3, "kind": "OTHER", "reference": "利息", "amount_fen": 12},
        ],
    )

    statement_no: DocumentNumber
    account: DocumentNumber | None = None
    booked_on: Day
    lines: Annotated[tuple[BankLineIn, ...], Field(min_length=1, max_length=5_000)]


class RefusedBankLine(BaseModel):
    """A line that was not imported, and why; the others were."""

    line_no: int
    code: str
    detail: str


class BankStatementImported(BaseModel):
    """How many lines are new, how many had been imported before, how many are reversed, and which were refused."""

    statement_no: str
    imported: int
    repeated: int
    reversed: int
    refused: list[RefusedBankLine]


class BankLineOut(BaseModel):
    """A line of the bank's statement, what explains it, and the approval that reversed it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    statement_no: str
    line_no: int
    account: str
    booked_on: date
    kind: str
    reference: str
    amount_fen: int
    bank_reference: str | None
    batch_id: UUID | None
    set_aside_because: str | None
    reversed_on: date | None
    reversed_by: UUID | None


class BankLinePage(Page[BankLineOut, UUID]):
    """Unexplained lines, the oldest first."""


class StatementLinePage(Page[BankLineOut, UUID]):
    """The lines of a statement as they were imported."""
