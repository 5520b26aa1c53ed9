"""The pack file and the overrides file: what is missing, misspelt, unquoted or impossible is refused."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.policy.schema_parts import Mistake, NonEmptyText, Percent, Region, StrictEntry, Yuan
from shared.policy.schema_rules import (
    BenefitEntry,
    ChannelsEntry,
    ContinuityEntry,
    EvaluationEntry,
    ExclusionsEntry,
    IncentivesEntry,
    NewbornsEntry,
    RefundsEntry,
    ReliefEntry,
    SchoolEntry,
    SchoolListsEntry,
    ScopesEntry,
    SettingsEntry,
    StandardEntry,
    WindowEntry,
    YearStandardEntry,
)
from shared.policy.vocabulary import (
    Funder,
    Identity,
)


class PackEntry(StrictEntry):
    """A whole pack."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    name: NonEmptyText
    region: Region
    benefit_year: int
    document: NonEmptyText
    benefit: BenefitEntry
    standards: Annotated[list[StandardEntry], Field(min_length=1)]
    windows: Annotated[list[WindowEntry], Field(min_length=1)]
    exclusions: ExclusionsEntry
    scope: ScopesEntry
    reliefs: list[ReliefEntry]
    channels: ChannelsEntry
    refunds: RefundsEntry
    evaluation: EvaluationEntry
    newborns: NewbornsEntry | None = None
    school: SchoolEntry | None = None
    school_lists: SchoolListsEntry | None = None
    continuity: ContinuityEntry | None = None
    incentives: IncentivesEntry | None = None
    yearly: list[YearStandardEntry] = Field(default_factory=list)
    settings: SettingsEntry


class SubsidyOverride(StrictEntry):
    """An amount for one identity that the document leaves open."""

    type: Literal["full", "fixed", "percent"]
    amount: Yuan | None = None
    value: Percent | None = None
    funder: Funder

    @model_validator(mode="after")
    def _amount_of_its_type(self) -> Self:
        if (self.type == "fixed") != (self.amount is not None) or (self.type == "percent") != (self.value is not None):
            raise Mistake(
                "定额写 amount，比例写 value，全额都不写 · fixed has an amount, percent has a value, full has neither",
                "加上或去掉该键 · add or remove the key",
            )
        return self


class ExtensionOverride(StrictEntry):
    """A later end of the time to pay, and the paper that says so."""

    until: date
    source: NonEmptyText


class OverridesEntry(StrictEntry):
    """Values that a document leaves open, filled in for an installation or a worked case."""

    label: str | None = None
    invented: bool = False
    individual_contribution: Yuan | None = None
    fiscal_floor: Yuan | None = None
    fiscal_region: Literal["west", "central"] | None = None
    benefit_year: Annotated[int, Field(ge=2000, le=2100)] | None = None
    window: Annotated[tuple[date, date], Field(strict=False)] | None = None
    continuous_step: Yuan | None = None
    zero_claim_step: Yuan | None = None
    serious_illness_cap: Yuan | None = None
    extension: ExtensionOverride | None = None
    subsidies: dict[Identity, SubsidyOverride] = Field(default_factory=dict)
