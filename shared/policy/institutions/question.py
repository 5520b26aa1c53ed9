"""What is asked of institution rules, one shape per question; a shape that fits none is refused, never guessed."""

from typing import Annotated, Any, Self, Union

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, RootModel, model_validator

from shared.policy.question import Day
from shared.policy.schema import OverridesEntry
from shared.policy.schema_parts import Mistake, NonEmptyText, Yuan
from shared.policy.vocabulary import Funder, Identity

Count = Annotated[int, Field(strict=True, ge=0)]


class QuestionPart(BaseModel):
    """A part of a question: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class QuestionEntry(QuestionPart):
    """Any question: ``label`` changes nothing, and what the document leaves open may be filled in."""

    label: str | None = None
    config_overrides: OverridesEntry = OverridesEntry()


class TownAsked(QuestionEntry):
    """How far a township is."""

    town: str
    insured: Count


class TargetsAsked(QuestionEntry):
    """Whether the towns' targets add up to the total that the document names."""

    targets: Annotated[dict[NonEmptyText, Count], Field(max_length=10_000)]
    total: Count


class CoverageAsked(QuestionEntry):
    """Whether a place reached what its document asks, as far as its people were counted."""

    residents: Count | None = None
    insured: Count | None = None
    insured_last_year: Count | None = None
    subsidised: Count | None = None
    subsidised_insured: Count | None = None

    @model_validator(mode="after")
    def _no_more_than_there_are(self) -> Self:
        if self.subsidised is not None and (self.subsidised_insured or 0) > self.subsidised:
            raise Mistake(
                "已参保资助对象多于资助对象 · more subsidised people are insured than there are",
                "核对 subsidised_insured · check subsidised_insured",
            )
        return self


class StatedCash(QuestionPart):
    """What a statement or an exchange says."""

    persons: Count
    amount: Yuan


class ReceiptedCash(QuestionPart):
    """What the receipts say."""

    count: Count
    amount: Yuan


class MatchAsked(QuestionEntry):
    """Whether a village's cash agrees."""

    statement: StatedCash
    receipts: ReceiptedCash
    deposit_slip: Yuan | None  # None: nothing was deposited


class BatchAsked(QuestionEntry):
    """What becomes of an entrusted batch at the tax hall."""

    notice_serial: str | None = None
    slip: Yuan
    exchange_detail: StatedCash | None  # None: nothing came over the exchange yet
    import_failed: Count = 0  # lines that may still be corrected
    import_failed_final: Count = 0


def _spans(value: Any) -> Any:
    """One run of numbers, [1, 50], is the list of that run."""
    one_run = isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(each, int) for each in value)
    return [value] if one_run else value


def _in_order(span: tuple[int, int]) -> tuple[int, int]:
    if span[1] < span[0]:
        raise Mistake(f"{span[0]}-{span[1]}止小于起 · ends before it begins", "对调起止 · exchange them")
    return span


Span = Annotated[tuple[Count, Count], AfterValidator(_in_order)]
Spans = Annotated[tuple[Span, ...], BeforeValidator(_spans), Field(max_length=10_000)]


class VillageBook(QuestionPart):
    """A book of receipts and what became of its numbers; a recalled one may stand among the used ones too."""

    issued: Span
    used: Spans = ()
    voided: Spans = ()
    returned: Spans = ()
    recalled: Spans = ()


class BookAsked(VillageBook, QuestionEntry):
    """Whether a book of receipts may be written off."""


class TownBookAsked(QuestionEntry):
    """Whether the tax bureau may write off a town's book, of which villages hold parts."""

    issued: Span
    kept: Spans = ()
    villages: Annotated[tuple[VillageBook, ...], Field(max_length=1_000)]


class IssueAsked(QuestionEntry):
    """Whether a collector may issue a receipt on a day."""

    entrusted_from: Day
    entrusted_until: Day | None = None
    receipt_date: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.entrusted_until is not None and self.entrusted_until < self.entrusted_from:
            raise Mistake("委托止早于起 · the entrustment ends before it begins", "对调起止 · exchange them")
        return self


class Override(QuestionPart):
    """An exception; only the county bureau makes one, and says why."""

    by: str
    """``county_bureau``; nobody else's counts."""
    reason: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it lets a correction through."""
        return self.by == "county_bureau" and bool((self.reason or "").strip())


class CorrectionAsked(QuestionEntry):
    """Whether something may still be corrected."""

    correction_date: Day
    override: Override | None = None


class FiscalAsked(QuestionEntry):
    """The fiscal subsidy of so many insured."""

    insured: Count


class ClearingAsked(QuestionEntry):
    """Whether every subsidised person is insured."""

    check_date: Day
    subsidised: Count
    paid: Count


class RosterRow(QuestionPart):
    """One row of a department's roster."""

    source: NonEmptyText
    person: NonEmptyText | None
    identity: Identity


class RosterAsked(QuestionEntry):
    """What becomes of the rows of several departments, and whether the list sent on names everybody once."""

    rows: Annotated[tuple[RosterRow, ...], Field(max_length=10_000)]
    sent: tuple[NonEmptyText, ...] | None = None


class ListAsked(QuestionEntry):
    """Whom a list of suspected-uninsured people names."""

    special: tuple[NonEmptyText, ...]
    insured_people: tuple[NonEmptyText, ...]


class ClaimedShare(QuestionPart):
    """What one funder owes for one person."""

    funder: Funder
    amount: Yuan


class ClaimAsked(QuestionEntry):
    """What each funder is asked for."""

    claims: Annotated[tuple[ClaimedShare, ...], Field(max_length=100_000)]


class AidAsked(QuestionEntry):
    """What each funder is asked for, for so many people of each identity."""

    aided: dict[Identity, Count]


SHAPES: tuple[type[QuestionEntry], ...] = (
    TownAsked,
    TargetsAsked,
    FiscalAsked,
    CoverageAsked,
    MatchAsked,
    BatchAsked,
    TownBookAsked,
    BookAsked,
    IssueAsked,
    CorrectionAsked,
    ClearingAsked,
    RosterAsked,
    ListAsked,
    ClaimAsked,
    AidAsked,
)


class Question(RootModel[Union[SHAPES]]):  # type: ignore[valid-type]  # noqa: UP007 - a union of what is listed above
    """Any of the questions, as an editor completes and checks one."""
