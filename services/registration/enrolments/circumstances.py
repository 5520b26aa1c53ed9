"""What an application may tell besides the usual: only some documents ask for it, and only of few people."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StrictInt, model_validator

from shared.contracts.registration import Circumstances
from shared.web.fields import BirthDay, Day, Year

Years = Annotated[tuple[Year, ...], Field(max_length=40)]
Months = Annotated[StrictInt, Field(ge=0, le=1200)]
_SCHOOL = ("school_level", "school_in_area", "full_time")


class CircumstancesIn(Circumstances):
    """Permits, work, school, other insurance and earlier years; what nobody tells stays unknown, never a default."""

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
        """Refuse what is told by halves or cannot all be true."""
        if self.school_level is None and any(getattr(self, name) is not None for name in _SCHOOL):
            raise ValueError("school_in_area and full_time belong to a school_level")
        if self.school_level is not None and self.school_in_area is None:
            raise ValueError("a student needs school_in_area")
        both = set(self.missed_years) & {*(self.enrolled_years or ()), *self.employee_years}
        if both:
            raise ValueError(f"{min(both)} is both missed and insured")
        return self

    def told(self) -> Circumstances | None:
        """As other services hear it; None where nothing was told."""
        told = self.model_dump(exclude_defaults=True)
        return Circumstances.model_validate(told) if told else None
