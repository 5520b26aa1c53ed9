"""The parts that every entry of a pack file is made of: amounts, clauses, dates, and what is asked of a person."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shared.domain.identity_number import DocumentType
from shared.domain.money import InvalidAmount, parse_percent, parse_yuan
from shared.domain.region import InvalidRegion, parse_region
from shared.policy.vocabulary import (
    Hukou,
    Identity,
    Relation,
    Residence,
    SchoolLevel,
)

DEFAULTS = 28  # numbered defaults; docs/policy-defaults.md lists them
_FEWEST_WORDS = 4  # characters of a quotation: fewer are found in any document
_REMEDY_YUAN = '写成带引号的两位小数，如 "380.00" · write it in quotes, with two decimals: "380.00"'
_REMEDY_PERCENT = '写成带引号的数，如 "60" · write it in quotes: "60"'
_REMEDY_REGION = '写成带引号的6、9或12位代码，如 "411521" · write it in quotes: "411521"'


class Mistake(ValueError):
    """Something in an entry that cannot be, and how to correct it; both in Chinese and English."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem, self.remedy = problem, remedy


def _quoted(remedy: str) -> BeforeValidator:
    def text_only(value: Any) -> Any:
        if isinstance(value, int | float):
            raise Mistake(f"{value} 没有加引号 · is not quoted", remedy)
        return value

    return BeforeValidator(text_only)


def _yuan(text: str) -> str:
    try:
        fen = parse_yuan(text)
    except InvalidAmount:
        raise Mistake(f"{text!r} 不是金额 · is not an amount of yuan", _plainly(text, _REMEDY_YUAN)) from None
    if fen < 0:
        raise Mistake(f"{text} 为负数 · is negative", "金额写零或正数 · an amount is zero or more")
    return text


def _plainly(text: str, remedy: str) -> str:
    return "引号须是半角的 · use plain quotes, not “ ”" if set(text) & set("“”‘’") else remedy


def _percent(text: str) -> str:
    try:
        parse_percent(text)
    except InvalidAmount:
        raise Mistake(f"{text!r} 不是0到100的百分比 · is not a percentage from 0 to 100", _REMEDY_PERCENT) from None
    return text


def _region(text: str) -> str:
    try:
        return parse_region(text)
    except InvalidRegion:
        raise Mistake(f"{text!r} 不是区划代码 · is not a region code", _REMEDY_REGION) from None


def _quote(text: str) -> str:
    if len(text.strip()) < _FEWEST_WORDS:
        raise Mistake(
            f"引文 {text!r} 太短，无法核对 · the quotation is too short to prove", "引用整句 · quote the sentence"
        )
    return text


Yuan = Annotated[str, _quoted(_REMEDY_YUAN), AfterValidator(_yuan)]
Percent = Annotated[str, _quoted(_REMEDY_PERCENT), AfterValidator(_percent)]
Region = Annotated[str, _quoted(_REMEDY_REGION), AfterValidator(_region)]
NonEmptyText = Annotated[str, Field(min_length=1)]
Quote = Annotated[str, AfterValidator(_quote)]


class StrictEntry(BaseModel):
    """An entry of a pack: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_enum_values=False)


class ClauseEntry(StrictEntry):
    """Section and verbatim words; the document is the pack's own unless another is named."""

    section: NonEmptyText
    quote: Quote
    document: str | None = None


class BasisEntry(StrictEntry):
    """On what a rule stands."""

    origin: Literal["document", "default", "external"]
    says: NonEmptyText
    default: Annotated[int, Field(ge=1, le=DEFAULTS)] | None = None
    external: str | None = None
    clause: ClauseEntry | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.origin == "document" and self.clause is None:
            raise Mistake(
                "来源为文件而没有引文 · origin document needs its clause",
                "加上 clause: {section, quote} · add clause: {section, quote}",
            )
        if (self.origin == "default") != (self.default is not None):
            raise Mistake(
                "来源为默认规则的写其编号，其他不写 · origin default, and no other, carries the number of the default",
                "加上或去掉 default: · add or remove default:",
            )
        if (self.origin == "external") != (self.external is not None):
            raise Mistake(
                "来源为外部规定的写明出处，其他不写 · origin external, and no other, says what and where",
                "加上或去掉 external: · add or remove external:",
            )
        return self


class Dated(StrictEntry):
    """Something that holds from one day until another, both included."""

    first: date = Field(alias="from")
    last: date = Field(alias="until")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise Mistake(
                f"止日{self.last}早于起日{self.first} · until {self.last} lies before from {self.first}",
                "对调两个日期 · exchange them",
            )
        return self


class WhomEntry(StrictEntry):
    """What a rule asks of a person: all that is named must hold."""

    hukou: Annotated[list[Hukou], Field(min_length=1)] | None = None
    not_hukou_note: Literal["urban", "rural"] | None = None
    residence: list[Residence] | None = None
    id_types: list[DocumentType] | None = None
    residence_permit: bool | None = None
    guardian_residence_permit: bool | None = None
    age_from: Annotated[int, Field(ge=0, le=150)] | None = None
    age_under: Annotated[int, Field(ge=1, le=150)] | None = None
    aged_on: date | None = None
    newborn: bool | None = None
    days_old_max: Annotated[int, Field(ge=0)] | None = None
    relation: Relation | None = None
    employed: bool | None = None
    not_employed: Literal[True] | None = None
    employee_suspended: bool | None = None
    difficult_enterprise: bool | None = None
    migrant_worker: bool | None = None
    school_levels: list[SchoolLevel] | None = None
    school_in_area: bool | None = None
    full_time: bool | None = None
    child_born_before: date | None = None
    agricultural: bool | None = None
    discharged_in_year: int | None = None
    sponsor_discharged_in_year: int | None = None
    discharged_months_max: Annotated[int, Field(ge=0)] | None = None
    employee_months_min: Annotated[int, Field(ge=0)] | None = None
    employee_gap_months_max: Annotated[int, Field(ge=0)] | None = None
    employee_gap_months_over: Annotated[int, Field(ge=0)] | None = None
    certified: list[Identity] | None = None
    certified_after: date | None = None

    @model_validator(mode="after")
    def _nothing_unheard(self) -> Self:
        """A condition that only counts beside another one is never passed over in silence."""
        school = self.school_in_area is not None or self.full_time is not None
        if school and self.school_levels is None:
            raise Mistake(
                "问学校而未写学段 · asks about a school without its levels", "加上 school_levels · add school_levels"
            )
        if self.certified_after is not None and self.certified is None:
            raise Mistake("写了认定日期而未写身份 · asks when without saying as what", "加上 certified · add certified")
        return self

    @model_validator(mode="after")
    def _some_age(self) -> Self:
        if self.age_from is not None and self.age_under is not None and self.age_under <= self.age_from:
            raise Mistake(
                f"没有人满{self.age_from}岁而不满{self.age_under}岁 · nobody is from {self.age_from} and under "
                f"{self.age_under}",
                "改正其中一个 · correct one of the two",
            )
        return self
