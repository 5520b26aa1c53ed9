"""The pack file as people write it: what is missing, misspelt, unquoted or impossible is refused at the door."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shared.domain.identity_number import DocumentType
from shared.domain.money import InvalidAmount, parse_percent, parse_yuan
from shared.domain.region import InvalidRegion, parse_region
from shared.policy.vocabulary import Channel, Funder, Hukou, Identity, InsuranceStatus, Residence

MEND_QUOTE = 'write it in quotes, with two decimals: "380.00"'


def _text_only(value: Any) -> Any:
    if isinstance(value, int | float):
        raise ValueError(f"{value} is not quoted; {MEND_QUOTE}")
    return value


def _yuan(text: str) -> str:
    try:
        if parse_yuan(text) < 0:
            raise ValueError(f"{text} is negative; an amount is zero or more")
    except InvalidAmount as problem:
        raise ValueError(f"{problem}; {MEND_QUOTE}") from None
    return text


def _percent(text: str) -> str:
    try:
        parse_percent(text)
    except InvalidAmount as problem:
        raise ValueError(f'{problem}; write it in quotes: "60"') from None
    return text


def _region(text: str) -> str:
    try:
        return parse_region(text)
    except InvalidRegion as problem:
        raise ValueError(f'{problem}; write it in quotes: "411521"') from None


Yuan = Annotated[str, BeforeValidator(_text_only), AfterValidator(_yuan)]
Percent = Annotated[str, BeforeValidator(_text_only), AfterValidator(_percent)]
Region = Annotated[str, BeforeValidator(_text_only), AfterValidator(_region)]
Words = Annotated[str, Field(min_length=1)]


class Entry(BaseModel):
    """An entry of a pack: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_enum_values=False)


class ClauseEntry(Entry):
    """Section and verbatim words; the document is the pack's own unless another is named."""

    section: Words
    quote: Words
    document: str | None = None


class BasisEntry(Entry):
    """On what a rule stands."""

    origin: Literal["document", "default", "external"]
    says: Words
    default: Annotated[int, Field(ge=1)] | None = None
    external: str | None = None
    clause: ClauseEntry | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.origin == "document" and self.clause is None:
            raise ValueError("origin document needs its clause; add clause: {section, quote}")
        if (self.origin == "default") != (self.default is not None):
            raise ValueError("origin default, and no other, carries the number of the default; add or remove default:")
        if (self.origin == "external") != (self.external is not None):
            raise ValueError("origin external, and no other, says what and where; add or remove external:")
        return self


class Dated(Entry):
    """Something that holds from one day until another, both included."""

    first: date = Field(alias="from")
    last: date = Field(alias="until")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"until {self.last} lies before from {self.first}; exchange them")
        return self


class BenefitEntry(Dated):
    """The days on which people are covered."""

    basis: BasisEntry


class FiscalEntry(Entry):
    """The fiscal subsidy and its shares."""

    floor: Yuan
    shares: dict[Funder, Yuan]
    basis: BasisEntry

    @model_validator(mode="after")
    def _sum(self) -> Self:
        total = sum(parse_yuan(share) for share in self.shares.values())
        if total != parse_yuan(self.floor):
            raise ValueError(f"the shares do not add up to the floor {self.floor}; correct a share or the floor")
        return self


class StandardEntry(Dated):
    """The individual contribution of a time."""

    individual: Yuan | None
    basis: BasisEntry
    fiscal: FiscalEntry | None = None


class WaitEntry(Entry):
    """A wait before benefits."""

    code: Words
    days: Annotated[int, Field(ge=0)] = 0
    months: Annotated[int, Field(ge=0)] = 0


class WindowEntry(Dated):
    """Days on which a contribution may be paid."""

    basis: BasisEntry
    migrant_workers_only: bool = False
    wait: WaitEntry | None = None


class ExclusionEntry(Entry):
    """Statuses of another insurance that keep a person out."""

    statuses: Annotated[list[InsuranceStatus], Field(min_length=1)]
    basis: BasisEntry


class ExclusionsEntry(Entry):
    """Both other insurances."""

    employee_insured: ExclusionEntry
    insured_elsewhere: ExclusionEntry


class ScopeEntry(Entry):
    """One group that is in scope."""

    code: Words
    hukou: Annotated[list[Hukou], Field(min_length=1)]
    residence: list[Residence] | None = None
    id_types: list[DocumentType] | None = None
    basis: BasisEntry


class ScopesEntry(Entry):
    """All groups in scope, and what is said to everybody else."""

    included: Annotated[list[ScopeEntry], Field(min_length=1)]
    otherwise: BasisEntry


class ReliefEntry(Entry):
    """What government pays for one identity: open, full, fixed or a percentage."""

    identity: Identity
    open: Literal[True] | None = None
    full: Literal[True] | None = None
    fixed: Yuan | None = None
    percent: Percent | None = None
    funders: dict[Funder, Percent] | None = None
    basis: BasisEntry

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [self.open, self.full, self.fixed, self.percent]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("a relief is one of open, full, fixed or percent; keep exactly one")
        if (self.open is None) != (self.funders is not None):
            raise ValueError("a relief with an amount names its funders, an open one none; add or remove funders:")
        if self.funders is not None and sum(parse_percent(part) for part in self.funders.values()) != 10_000:
            raise ValueError('the funders do not add up to "100"; correct a percentage')
        return self


class ChannelsEntry(Entry):
    """Channels that are accepted; others are refused."""

    accepted: list[Channel]
    basis: BasisEntry


class HighestOnly(Entry):
    """Several identities."""

    value: Literal["highest_only"]
    basis: BasisEntry


class DocumentOrder(Entry):
    """Equal reliefs."""

    value: Literal["document_order"]
    basis: BasisEntry


class Hold(Entry):
    """What is open is held."""

    value: Literal["hold"]
    basis: BasisEntry


class PaysStandard(Entry):
    """Identities without relief."""

    value: Literal["pays_standard"]
    basis: BasisEntry


class HalfUp(Entry):
    """Rounding of a relief."""

    value: Literal["half_up"]
    basis: BasisEntry


class LatePayment(Entry):
    """Payments after the last window."""

    value: Literal["reject", "hold"]
    basis: BasisEntry


class ExtensionRule(Entry):
    """Who may use an extension that is announced later."""

    open_to: Literal["everybody", "migrant_workers"]
    basis: BasisEntry


class DayAfter(Entry):
    """Counting a wait."""

    value: Literal["day_after"]
    basis: BasisEntry


class SettingsEntry(Entry):
    """Numbered defaults."""

    several_identities: HighestOnly
    equal_relief: DocumentOrder
    open_amount: Hold
    not_listed: PaysStandard
    rounding: HalfUp
    late_payment: LatePayment
    extension: ExtensionRule
    wait_counting: DayAfter
    wait_past_period: Hold


class PackEntry(Entry):
    """A whole pack."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    name: Words
    region: Region
    benefit_year: int
    document: Words
    benefit: BenefitEntry
    standards: Annotated[list[StandardEntry], Field(min_length=1)]
    windows: Annotated[list[WindowEntry], Field(min_length=1)]
    exclusions: ExclusionsEntry
    scope: ScopesEntry
    reliefs: list[ReliefEntry]
    channels: ChannelsEntry
    settings: SettingsEntry


class SubsidyOverride(Entry):
    """An amount for one identity that the document leaves open."""

    type: Literal["full", "fixed", "percent"]
    amount: Yuan | None = None
    value: Percent | None = None
    funder: Funder

    @model_validator(mode="after")
    def _amount_of_its_type(self) -> Self:
        if (self.type == "fixed") != (self.amount is not None) or (self.type == "percent") != (self.value is not None):
            raise ValueError("fixed has an amount, percent has a value, full has neither; add or remove the key")
        return self


class ExtensionOverride(Entry):
    """A later end of the time to pay, and the paper that says so."""

    until: date
    source: Words


class OverridesEntry(Entry):
    """Values that a document leaves open, filled in for an installation or a worked case."""

    label: str | None = None
    invented: bool = False
    individual_contribution: Yuan | None = None
    fiscal_floor: Yuan | None = None
    extension: ExtensionOverride | None = None
    subsidies: dict[Identity, SubsidyOverride] = Field(default_factory=dict)
