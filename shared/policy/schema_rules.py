"""The rules of a pack file as people write them, each checked when it is read."""

from datetime import date
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import Field, model_validator

from shared.domain.money import parse_percent, parse_yuan
from shared.policy.schema_parts import BasisEntry, Dated, Mistake, NonEmptyText, Percent, StrictEntry, WhomEntry, Yuan
from shared.policy.vocabulary import (
    BY_AGE,
    Channel,
    Funder,
    Identity,
    InsuranceStatus,
    RefundReason,
    SchoolLevel,
)


class BenefitEntry(Dated):
    """The days on which people are covered."""

    basis: BasisEntry


class FiscalEntry(StrictEntry):
    """The fiscal subsidy and its shares; without a floor where the document names none."""

    floor: Yuan | None
    shares: dict[Funder, Yuan] = Field(default_factory=dict)
    basis: BasisEntry

    @model_validator(mode="after")
    def _sum(self) -> Self:
        if self.floor is None or (not self.shares and parse_yuan(self.floor) == 0):
            if self.shares:
                raise Mistake(
                    "没有标准却有分担 · shares without a floor",
                    "写明标准或去掉分担 · name the floor or remove the shares",
                )
            return self
        total = sum(parse_yuan(share) for share in self.shares.values())
        if total != parse_yuan(self.floor):
            raise Mistake(
                f"各级分担之和不等于标准{self.floor} · the shares do not add up to the floor {self.floor}",
                "改正分担或标准 · correct a share or the floor",
            )
        return self


class StandardEntry(Dated):
    """The individual contribution of a time."""

    individual: Yuan | None
    basis: BasisEntry
    fiscal: FiscalEntry | None = None
    aided_as: Yuan | None = None


class YearStandardEntry(StrictEntry):
    """The standard of another benefit year, where a pack is used year after year."""

    benefit_year: int
    individual: Yuan
    fiscal: Yuan
    basis: BasisEntry


class WaitEntry(StrictEntry):
    """A wait before benefits."""

    code: NonEmptyText
    days: Annotated[int, Field(ge=0)] = 0
    months: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if not self.days and not self.months:
            raise Mistake("等待期没有长度 · the wait has no length", "写 days 或 months · write days or months")
        return self


class WindowEntry(Dated):
    """Days on which a contribution may be paid."""

    basis: BasisEntry
    whom: WhomEntry | None = None
    wait: WaitEntry | None = None
    cover: Literal["YEAR_START", "DAY_AFTER_WAIT", "BIRTH"] = "YEAR_START"
    late: bool = False
    reopens: bool = False  # nobody may pay on the days between the window before and this one

    @model_validator(mode="after")
    def _born_lately(self) -> Self:
        newborns = self.whom is not None and self.whom.newborn and self.whom.days_old_max is not None
        if self.cover == "BIRTH" and not newborns:
            raise Mistake(
                "只有新生儿自出生之日起享受 · only newborns are covered from birth",
                "加上 whom: {newborn: true, days_old_max: 90} · add whom: {newborn: true, days_old_max: 90}",
            )
        return self


class ExclusionEntry(StrictEntry):
    """Statuses of another insurance that keep a person out; whom a suspended one lets in, where the document says."""

    statuses: Annotated[list[InsuranceStatus], Field(min_length=1)]
    suspended_for: WhomEntry | None = None
    basis: BasisEntry


class ExclusionsEntry(StrictEntry):
    """Both other insurances."""

    employee_insured: ExclusionEntry
    insured_elsewhere: ExclusionEntry

    @model_validator(mode="after")
    def _only_employees_suspend(self) -> Self:
        if self.insured_elsewhere.suspended_for is not None:
            raise Mistake(
                "只有职工医保可暂停 · only employee insurance is suspended",
                "移到 employee_insured · move suspended_for to employee_insured",
            )
        return self


class ScopeEntry(StrictEntry):
    """One group that is in scope."""

    code: NonEmptyText
    whom: WhomEntry
    basis: BasisEntry


class ScopesEntry(StrictEntry):
    """All groups in scope, and what is said to everybody else."""

    included: Annotated[list[ScopeEntry], Field(min_length=1)]
    otherwise: BasisEntry


class ReliefEntry(StrictEntry):
    """What government pays for one identity: open, full, fixed or a percentage; none where the document says so."""

    identity: Identity
    whom: WhomEntry | None = None
    none: Literal[True] | None = None
    open: Literal[True] | None = None
    full: Literal[True] | None = None
    fixed: Yuan | None = None
    percent: Percent | None = None
    funders: dict[Funder, Percent] | None = None
    basis: BasisEntry

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [self.none, self.open, self.full, self.fixed, self.percent]
        chosen = sum(kind is not None for kind in kinds)
        if chosen != 1:
            raise Mistake(
                "资助只取其一 · a relief is one of open, full, fixed, percent or none",
                "只留一个 · keep exactly one" if chosen else "加上其中一个 · add one of them",
            )
        if (self.open is None and self.none is None) != (self.funders is not None):
            raise Mistake(
                "有金额的写明资金来源，未定的不写 · a relief with an amount names its funders, an open one none",
                "加上或去掉 funders: · add or remove funders:",
            )
        if self.identity in BY_AGE and (self.whom is None or self.whom.age_from is None):
            raise Mistake(
                "按年龄的资助写明起始年龄 · a relief by age names from which age",
                "加上 whom: {age_from: 60, aged_on: 2022-12-31} · add whom: {age_from: 60, aged_on: 2022-12-31}",
            )
        bands = {Identity.AGE_60_69: (60, 70), Identity.AGE_70_PLUS: (70, None)}
        if self.whom is not None and self.identity in bands:
            first, beyond = bands[self.identity]
            within = first <= (self.whom.age_from or 0) and (beyond is None or (self.whom.age_under or 150) <= beyond)
            if not within:
                raise Mistake(
                    f"{self.identity.name_zh}不含所写年龄 · {self.identity.value} does not hold the ages written",
                    "改正 age_from、age_under · correct age_from and age_under",
                )
        if self.funders is not None and sum(parse_percent(part) for part in self.funders.values()) != 10_000:
            raise Mistake(
                '资金来源之和不是"100" · the funders do not add up to "100"', "改正百分比 · correct a percentage"
            )
        return self


class ChannelsEntry(StrictEntry):
    """Channels that are accepted; others are refused unless the list is of examples (open).

    An exclusive list bars even a roster for a person who still owes something.
    """

    accepted: list[Channel]
    open: bool = False
    exclusive: bool = False
    basis: BasisEntry


class PremiumEntry(StrictEntry):
    """The contribution of one benefit year."""

    benefit_year: int
    amount: Yuan


class NewbornRuleEntry(Dated):
    """Registered between two dates: these contributions, or the standard of the day where none is named."""

    premiums: list[PremiumEntry] = Field(default_factory=list)
    basis: BasisEntry


class NewbornDays(StrictEntry):
    """Until which day of life."""

    value: Annotated[int, Field(ge=0)]
    basis: BasisEntry


class NewbornsEntry(StrictEntry):
    """Newborns."""

    days_max: NewbornDays
    rules: Annotated[list[NewbornRuleEntry], Field(min_length=1)]
    needs_number: BasisEntry | None = None
    no_rule: BasisEntry
    older_as_anybody: bool = False


class SchoolEntry(StrictEntry):
    """Who enrols at the school."""

    levels: Annotated[list[SchoolLevel], Field(min_length=1)]
    may_choose: list[Identity] = Field(default_factory=list)
    basis: BasisEntry


class SchoolListsEntry(StrictEntry):
    """Pupils whose payment the school reports."""

    levels: Annotated[list[SchoolLevel], Field(min_length=1)]
    basis: BasisEntry


class ContinuityEntry(StrictEntry):
    """Waits after missed years."""

    since: int
    fixed_months: Annotated[int, Field(ge=0)]
    first_variable: Annotated[int, Field(ge=1)]
    long_break_years: Annotated[int, Field(ge=1)]
    long_break_floor_months: Annotated[int, Field(ge=0)]
    exempt: list[WhomEntry] = Field(default_factory=list)
    basis: BasisEntry
    repair: BasisEntry


class IncentivesEntry(StrictEntry):
    """The serious illness ceiling."""

    since: int
    after_years: Annotated[int, Field(ge=0)]
    continuous_step: Yuan
    zero_claim_step: Yuan
    most: Percent
    ceiling: Yuan | None = None
    basis: BasisEntry


class RefundsEntry(StrictEntry):
    """When a contribution goes back."""

    reasons: list[RefundReason]
    days_to_apply: Annotated[int, Field(ge=0)] | None = None
    basis: BasisEntry
    refused: BasisEntry


class TargetsEntry(StrictEntry):
    """Persons by township, and the total that the document names."""

    basis: BasisEntry
    total: Annotated[int, Field(ge=0)]
    towns: dict[str, Annotated[int, Field(ge=0)]]

    @model_validator(mode="after")
    def _sum(self) -> Self:
        if sum(self.towns.values()) != self.total:
            raise Mistake(
                f"各乡镇之和不等于{self.total} · the towns do not add up to {self.total}",
                "改正乡镇数或总数 · correct a town or the total",
            )
        return self


class DeadlineEntry(StrictEntry):
    """The last day of something."""

    until: date
    basis: BasisEntry


class EvaluationEntry(StrictEntry):
    """What has to be reached, and by when."""

    targets: TargetsEntry | None = None
    corrections: DeadlineEntry | None = None
    clearing: DeadlineEntry | None = None

    coverage: Percent | None = None
    comparison: Literal["at_least", "above"] = "at_least"
    at_least_last_year: bool = False
    subsidised: Percent | None = None
    subsidised_basis: BasisEntry | None = None
    basis: BasisEntry

    @model_validator(mode="after")
    def _each_its_own_basis(self) -> Self:
        if (self.subsidised is None) != (self.subsidised_basis is None):
            raise Mistake(
                "有资助对象的要求才有其依据 · what the subsidised have to reach, and no other, has a basis",
                "加上或去掉 subsidised_basis · add or remove subsidised_basis",
            )
        return self


_Value = TypeVar("_Value", bound=str)


class Setting(StrictEntry, Generic[_Value]):
    """A numbered default or the document's own word on one question."""

    value: _Value
    basis: BasisEntry


class ExtensionRule(StrictEntry):
    """Who may use an extension that is announced later."""

    open_to: Literal["everybody", "migrant_workers"]
    basis: BasisEntry

    @property
    def whom(self) -> WhomEntry:
        """As a window asks it."""
        if self.open_to == "everybody":
            return WhomEntry()
        return WhomEntry(migrant_worker=True, not_hukou_note="urban")


class SettingsEntry(StrictEntry):
    """Numbered defaults."""

    several_identities: Setting[Literal["highest_only"]]
    equal_relief: Setting[Literal["document_order"]]
    open_amount: Setting[Literal["hold"]]
    not_listed: Setting[Literal["pays_standard"]]
    rounding: Setting[Literal["half_up"]]
    late_payment: Setting[Literal["reject", "hold"]]
    extension: ExtensionRule
    wait_counting: Setting[Literal["day_after"]]
    wait_past_period: Setting[Literal["hold"]]
    identity_after_payment: Setting[Literal["review_before_period"]]
    holidays: Setting[Literal["not_extended"]]
    roster_in_force: Setting[Literal["versioned"]]
    refund_event: Setting[Literal["precedes_period"]]
    double_charge: Setting[Literal["always_returned"]]
