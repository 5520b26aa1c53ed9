"""The trial balance and the statement of an account, as HTTP shows them; amounts in fen."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

# An account, such as ``pending`` or ``channel:WECHAT``.
Account = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}(:[0-9A-Za-z_]{1,40})?$")]
RegionOfBooks = Annotated[str, StringConstraints(pattern=r"^([0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$")]
# Region, account and benefit year after which a page begins.
TrialPlace = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,12}/[a-z_]{1,40}(:[0-9A-Za-z_]{1,40})?/[0-9]{1,4}$")]


class TrialBalanceLineOut(BaseModel):
    """One account of a region and benefit year: in, out, and what it holds (in less out). Year 0: of no year."""

    region: str
    account: str
    benefit_year: int
    debit_fen: int
    credit_fen: int
    balance_fen: int


class TrialBalancePage(BaseModel):
    """Accounts of the caller's region as effective on a day and as known at a moment.

    ``all_debit_fen`` and ``all_credit_fen`` are over every page: equal, for each transfer is a debit and a credit.
    """

    effective_on: date | None
    known_at: datetime | None
    items: list[TrialBalanceLineOut]
    all_debit_fen: int
    all_credit_fen: int
    balanced: bool
    next: str | None


class MovementOut(BaseModel):
    """One transfer of the account: on which side, against which account, of what kind and cause."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    side: Literal["DEBIT", "CREDIT"]
    counter: str
    amount_fen: int
    effective_on: date
    recorded_at: datetime
    region: str
    benefit_year: int | None
    enrolment_id: UUID | None
    batch_id: UUID | None
    caused_by: UUID
    actor: str


class AccountStatementPage(BaseModel):
    """What an account held before ``since``, its transfers by the order of recording, and what it held after ``until``.

    Opening plus debits less credits is closing, over every page.
    """

    account: str
    since: date
    until: date
    known_at: datetime | None
    opening_fen: int
    debit_fen: int
    credit_fen: int
    closing_fen: int
    items: list[MovementOut]
    next: UUID | None
