"""What the targets door speaks."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

People = Annotated[int, Field(ge=0, le=2_000_000_000, strict=True)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class TownTargetIn(BaseModel):
    """One line of the annex: a township and the number of people it has to reach."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Annotated[str, StringConstraints(max_length=12)]
    name: Line
    target: People


class TargetsIn(BaseModel):
    """The annex of the county's notice: every township's target and the total printed under them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    benefit_year: Annotated[int, Field(ge=2000, le=2999, strict=True)]
    document: Line
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    declared_total: People
    towns: Annotated[tuple[TownTargetIn, ...], Field(min_length=1, max_length=1_000)]


class TargetsOut(BaseModel):
    """The target set that is now in force."""

    id: UUID
    region: str
    benefit_year: int
    version: int
    total: int
    towns: int
