"""What HTTP takes for an application, and answers to it."""

from datetime import date
from functools import lru_cache
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from services.registration.applications.service import Application
from services.registration.enrolments.schemas import RegisteredOut
from shared.contracts.registration import Circumstances, PersonFacts
from shared.domain.identity_number import DocumentType
from shared.errors import DomainError
from shared.web.fields import BirthDay, Day, PersonName, Year, example

Years = Annotated[tuple[Year, ...], Field(max_length=40)]
Months = Annotated[StrictInt, Field(ge=0, le=1200)]
Village = Annotated[str, Field(pattern=r"^[0-9]{12}$")]

_INSURANCE = (
    "insurance_status",
    "insurance_paid_through",
    "insurance_suspended_on",
    "insurance_continuous_months",
    "insured_where_living",
)

_APPLICATION = {
    "document_type": "RESIDENT_ID",
    "document_number": "411521199003074513",
    "name": "张三",
    "birth_date": "1990-03-07",
    "region": "411521101201",
    "benefit_year": 2024,
}
_SCHOOL = ("school_level", "school_in_area", "full_time")


class CircumstancesIn(Circumstances):
    """Permits, work, school, other insurance and earlier years; what is not stated stays unknown, never a default."""

    model_config = ConfigDict(extra="forbid")

    relation: Literal["SPOUSE_OF_FOREIGN_WORKER", "CHILD_OF_FOREIGN_WORKER", "SPOUSE_OF_CITIZEN"] | None = None
    school_level: Literal["college", "secondary_vocational", "secondary", "primary", "preschool"] | None = None
    child_birth_date: BirthDay | None = None
    discharge_date: BirthDay | None = None
    sponsor_discharge_date: BirthDay | None = None
    insurance_status: Literal["active", "suspended", "interrupted", "ended"] | None = None
    insurance_paid_through: Day | None = None
    insurance_suspended_on: Day | None = None
    insurance_continuous_months: Months | None = None
    enrolled_years: Years | None = None
    missed_years: Years = ()
    employee_years: Years = ()
    repair_years: Annotated[StrictInt, Field(ge=0, le=100)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Refuse statements that are half made or cannot all be true."""
        if self.school_level is None and any(getattr(self, name) is not None for name in _SCHOOL):
            raise ValueError("school_in_area and full_time belong to a school_level")
        if self.school_level is not None and self.school_in_area is None:
            raise ValueError("a student needs school_in_area")
        both = set(self.missed_years) & {*(self.enrolled_years or ()), *self.employee_years}
        if both:
            raise ValueError(f"{min(both)} is both missed and insured")
        return self

    def disclosed_facts(self) -> Circumstances | None:
        """As other services receive them; None where nothing was stated."""
        stated = self.model_dump(exclude_defaults=True)
        return Circumstances.model_validate(stated) if stated else None


class EnrolmentIn(BaseModel):
    """A person asks to be enrolled."""

    model_config = ConfigDict(extra="forbid", **example(**_APPLICATION))

    document_type: DocumentType = DocumentType.RESIDENT_ID
    document_number: Annotated[str, Field(min_length=5, max_length=40)]
    name: PersonName
    birth_date: BirthDay
    hukou: Literal["local", "nonlocal", "foreign", "hmt"] = "local"
    hukou_note: Literal["urban", "rural"] | None = None
    residence: Literal["in_area_long_term", "in_area_short_term", "outside_area"] = "in_area_long_term"
    other_insurance: Literal["none", "employee", "resident_elsewhere"] = "none"
    newborn: StrictBool = False
    circumstances: CircumstancesIn | None = None
    region: Village
    benefit_year: Year

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        stated = self.circumstances
        about_insurance = stated and any(getattr(stated, name) is not None for name in _INSURANCE)
        if about_insurance and self.other_insurance == "none":
            raise ValueError("insurance_… belongs to an other_insurance that is not none")
        if stated and about_insurance and stated.insurance_status is None:
            raise ValueError("insurance_… needs the insurance_status")
        return self

    def application(self) -> Application:
        """The application as the service understands it."""
        facts = _facts(
            self.birth_date,
            self.hukou,
            self.hukou_note,
            self.residence,
            self.document_type,
            self.other_insurance,
            self.newborn,
            self.circumstances and self.circumstances.disclosed_facts(),
        )
        return Application(self.document_type, self.document_number, self.name, self.region, self.benefit_year, facts)


# A county's people share few birth dates, and what is known of them besides is mostly the same.
@lru_cache(maxsize=1 << 16)
def _facts(
    birth_date: date,
    hukou: str,
    hukou_note: str | None,
    residence: str,
    document_type: str,
    other_insurance: str,
    newborn: bool,
    circumstances: Circumstances | None,
) -> PersonFacts:
    return PersonFacts(
        birth_date=birth_date,
        hukou=hukou,
        hukou_note=hukou_note,
        residence=residence,
        document_type=document_type,
        other_insurance=other_insurance,
        newborn=newborn,
        circumstances=circumstances,
    )


class EnrolmentsIn(BaseModel):
    """A village's applications, entered together."""

    model_config = ConfigDict(extra="forbid", **example(enrolments=[_APPLICATION]))

    enrolments: Annotated[list[EnrolmentIn], Field(min_length=1, max_length=500)]


class RefusedOut(BaseModel):
    """An application that was refused: its place among those sent, from 1, and why; never the person's data."""

    line: int
    code: str
    title: str
    title_en: str
    detail: str | None
    existing: UUID | None

    @classmethod
    def of(cls, line: int, refusal: DomainError) -> Self:
        """One refusal, by its code."""
        spec = refusal.code.value
        return cls(
            line=line,
            code=refusal.code.name,
            title=spec.zh,
            title_en=spec.en,
            detail=refusal.detail,
            existing=refusal.existing,
        )


class AcceptedOut(RegisteredOut):
    """An application that was accepted, by its place among those sent, from 1."""

    line: Annotated[int, Field(ge=1)]


class EnrolmentsOut(BaseModel):
    """What became of each application."""

    registered: list[AcceptedOut]
    refused: list[RefusedOut]
