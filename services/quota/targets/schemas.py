"""What HTTP takes and answers about targets."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from shared.web.fields import SingleLineText, Year, example, printable

People = Annotated[int, Field(ge=0, le=2_000_000_000, strict=True)]


class TownTargetIn(BaseModel):
    """One line of the annex: a township and the number of people it has to reach."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Annotated[str, StringConstraints(max_length=12)]
    name: SingleLineText
    target: People


class TargetsIn(BaseModel):
    """The annex of the county's notice: every township's target and the total printed under them."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        **example(
            benefit_year=2024,
            document="罗政办〔2023〕52号",
            declared_total=60000,
            towns=[
                {"region": "411521101", "name": "灵山镇", "target": 35000},
                {"region": "411521102", "name": "青山镇", "target": 25000},
            ],
        ),
    )

    benefit_year: Year
    document: SingleLineText
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(printable)] = ""
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
