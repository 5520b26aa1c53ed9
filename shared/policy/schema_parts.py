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


class WhomEntry(Entry):
    """What a rule asks of a person: all that is named must hold."""

    hukou: Annotated[list[Hukou], Field(min_length=1)] | None = None
    not_hukou_note: Literal["urban", "rural"] | None = None
    residence: list[Residence] | None = None
    id_types: list[DocumentType] | None = None
    residence_permit: bool | None = None
    guardian_residence_permit: bool | None = None
    age_from: Annotated[int, Field(ge=0, le=150)] | None = None
    age_under: Annotated[int, Field(ge=0, le=150)] | None = None
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
