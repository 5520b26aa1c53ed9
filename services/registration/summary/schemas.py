"""What HTTP answers about registration in figures."""

from datetime import date

from pydantic import BaseModel

from shared.messaging.topics.stats import MessagesOut


class TownEnrolments(BaseModel):
    """One town's enrolments by state; registered are the live ones, enrolled those paid or with nothing due."""

    region: str
    states: dict[str, int]
    registered: int
    enrolled: int


class DayOut(BaseModel):
    """How many people came to be enrolled on one day: paid, or with nothing due."""

    day: date
    enrolled: int


class RegistrationSummaryOut(BaseModel):
    """The caller's region in figures."""

    business_date: date
    benefit_year: int
    states: dict[str, int]
    towns: list[TownEnrolments]
    enrolled_by_day: list[DayOut]
    enrolled_by_day_year_before: list[DayOut]
    messages: MessagesOut
