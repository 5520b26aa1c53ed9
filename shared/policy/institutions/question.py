"""What is asked of institution rules, one shape per question; a shape that fits none is refused, never guessed."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shared.policy.question import Day
from shared.policy.schema_parts import Words, Yuan
from shared.policy.vocabulary import Funder, Identity

Count = Annotated[int, Field(strict=True, ge=0)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TownAsked(_Asked):
    """How far a township is."""

    town: str
    insured: Count


class CoverageAsked(_Asked):
    """Whether a place reached what its document asks."""

    residents: Count
    insured: Count
    insured_last_year: Count | None = None
    subsidised: Count | None = None
    subsidised_insured: Count | None = None


class StatedCash(_Asked):
    """What a statement or an exchange says."""

    persons: Count
    amount: Yuan


class ReceiptedCash(_Asked):
    """What the receipts say."""

    count: Count
    amount: Yuan


class MatchAsked(_Asked):
    """Whether a village's cash agrees."""

    statement: StatedCash
    receipts: ReceiptedCash
    deposit_slip: Yuan


class BatchAsked(_Asked):
    """What becomes of an entrusted batch at the tax hall."""

    notice_serial: str | None = None
    slip: Yuan
    exchange_detail: StatedCash
    import_failed_final: Count = 0


def _spans(value: Any) -> Any:
    """One run of numbers, [1, 50], is the list of that run."""
    one_run = isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(each, int) for each in value)
    return [value] if one_run else value


def _in_order(span: tuple[int, int]) -> tuple[int, int]:
    if span[1] < span[0]:
        raise ValueError(f"{span[0]}-{span[1]} ends before it begins")
    return span


Span = Annotated[tuple[Count, Count], AfterValidator(_in_order)]
Spans = Annotated[tuple[Span, ...], BeforeValidator(_spans), Field(max_length=10_000)]


class BookAsked(_Asked):
    """Whether a book of receipts may be written off."""

    issued: Span
    used: Spans = ()
    voided: Spans = ()
    returned: Spans = ()


class TownBookAsked(_Asked):
    """Whether the tax bureau may write off a town's book, of which villages hold parts."""

    issued: Span
    kept: Spans = ()
    villages: Annotated[tuple[BookAsked, ...], Field(max_length=1_000)]


class IssueAsked(_Asked):
    """Whether a collector may issue a receipt on a day."""

    entrusted_from: Day
    entrusted_until: Day | None = None
    receipt_date: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.entrusted_until is not None and self.entrusted_until < self.entrusted_from:
            raise ValueError("the entrustment ends before it begins")
        return self


class Override(_Asked):
    """The county bureau's exception."""

    by: Literal["county_bureau"]
    reason: Annotated[str, Field(min_length=1)]


class CorrectionAsked(_Asked):
    """Whether something may still be corrected."""

    correction_date: Day
    override: Override | None = None


class FiscalAsked(_Asked):
    """The fiscal subsidy of so many insured."""

    insured: Count


class ClearingAsked(_Asked):
    """Whether every subsidised person is insured."""

    check_date: Day
    subsidised: Count
    paid: Count


class RosterRow(_Asked):
    """One row of a department's roster."""

    source: Words
    person: Words | None
    identity: Identity


class RosterAsked(_Asked):
    """What becomes of the rows of several departments, and whether the list sent on names everybody once."""

    rows: Annotated[tuple[RosterRow, ...], Field(max_length=10_000)]
    sent: tuple[Words, ...] | None = None


class ListAsked(_Asked):
    """Whom a list of suspected-uninsured people names."""

    special: tuple[Words, ...]
    insured_people: tuple[Words, ...]


class ClaimedShare(_Asked):
    """What one funder owes for one person."""

    funder: Funder
    amount: Yuan


class ClaimAsked(_Asked):
    """What each funder is asked for."""

    claims: Annotated[tuple[ClaimedShare, ...], Field(max_length=100_000)]


SHAPES: tuple[type[_Asked], ...] = (
    TownAsked,
    CoverageAsked,
    MatchAsked,
    BatchAsked,
    TownBookAsked,
    BookAsked,
    IssueAsked,
    CorrectionAsked,
    ClearingAsked,
    FiscalAsked,
    RosterAsked,
    ListAsked,
    ClaimAsked,
)
