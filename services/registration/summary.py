"""Registration in figures: aggregates for the console, never a person."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import Row, text

from services.registration.enrolments.state import NONE_OF_OURS, PAID_OR_BEYOND, State
from shared.database.business_date import business_date
from shared.messaging.topics.stats import MessagesOut, bus_stats_in
from shared.web.dependencies import CurrentRunning, Session, requires
from shared.web.strict_route import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["summary"])
_BY_TOWN = text(
    """
    SELECT left(region, 9) AS town, state, count(*) AS enrolments,
           count(*) FILTER (WHERE state = 'REJECTED' AND reason_code = ANY(CAST(:none_of_ours AS text[]))) AS not_ours
    FROM enrolment WHERE benefit_year = :benefit_year GROUP BY left(region, 9), state ORDER BY 1, 2
    """
)
# Days on which people of this year, and of the year before, came to be enrolled; a season has some hundred days.
_BY_DAY = text(
    """
    SELECT benefit_year, paid_on, count(*) AS enrolled FROM enrolment
    WHERE benefit_year IN (:benefit_year, :benefit_year - 1) AND state = ANY(CAST(:enrolled AS text[]))
    GROUP BY benefit_year, paid_on ORDER BY benefit_year, paid_on LIMIT 2000
    """
)


class TownOut(BaseModel):
    """One town's enrolments by state; registered are the live ones, enrolled those paid or with nothing due."""

    region: str
    states: dict[str, int]
    registered: int
    enrolled: int


class DayOut(BaseModel):
    """How many people came to be enrolled on one day: paid, or with nothing due."""

    day: date
    enrolled: int


class SummaryOut(BaseModel):
    """The caller's region in figures."""

    business_date: date
    benefit_year: int
    states: dict[str, int]
    towns: list[TownOut]
    enrolled_by_day: list[DayOut]
    enrolled_by_day_year_before: list[DayOut]
    messages: MessagesOut


@router.get("/v1/summary", dependencies=[requires("registration:read")])
async def summary(
    session: Session, running: CurrentRunning, benefit_year: Annotated[int, Query(ge=2000, le=2100)]
) -> SummaryOut:
    """Enrolments by state, for the region and each town in it, and by day of enrolment for two years."""
    states: dict[str, int] = {}
    towns: dict[str, dict[str, int]] = {}
    not_ours: Counter[str] = Counter()
    asked = {"benefit_year": benefit_year, "none_of_ours": sorted(NONE_OF_OURS)}
    for row in await session.execute(_BY_TOWN, asked):
        states[row.state] = states.get(row.state, 0) + row.enrolments
        towns.setdefault(row.town, {})[row.state] = row.enrolments
        not_ours[row.town] += row.not_ours
    days = list(await session.execute(_BY_DAY, {"benefit_year": benefit_year, "enrolled": sorted(PAID_OR_BEYOND)}))
    return SummaryOut(
        business_date=await business_date(session, running.clock),
        benefit_year=benefit_year,
        states=states,
        towns=[_town(region, counts, not_ours[region]) for region, counts in towns.items()],
        enrolled_by_day=_days(days, benefit_year),
        enrolled_by_day_year_before=_days(days, benefit_year - 1),
        messages=(await bus_stats_in(session)).out(),
    )


def _days(rows: Iterable[Row[Any]], benefit_year: int) -> list[DayOut]:
    return [DayOut(day=row.paid_on, enrolled=row.enrolled) for row in rows if row.benefit_year == benefit_year]


def _town(region: str, states: dict[str, int], not_ours: int) -> TownOut:
    return TownOut(
        region=region,
        states=states,
        registered=sum(count for state, count in states.items() if state != State.TERMINATED) - not_ours,
        enrolled=sum(count for state, count in states.items() if state in PAID_OR_BEYOND),
    )
