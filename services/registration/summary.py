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
# Both countings in one reading of the year: by town, and (where the town is NULL) by day of enrolment.
_COUNTED = text(
    """
    SELECT left(region, 9) AS town, paid_on, state, count(*) AS enrolments,
           count(*) FILTER (WHERE state = 'REJECTED' AND reason_code = ANY(CAST(:none_of_ours AS text[]))) AS not_ours
    FROM enrolment WHERE benefit_year = :benefit_year
    GROUP BY GROUPING SETS ((left(region, 9), state), (paid_on, state)) ORDER BY 1, 2, 3
    """
)
_YEAR_BEFORE = text(
    """
    SELECT paid_on, state, count(*) AS enrolments FROM enrolment
    WHERE benefit_year = :benefit_year - 1 AND paid_on IS NOT NULL GROUP BY paid_on, state ORDER BY 1, 2
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
    counted = list(await session.execute(_COUNTED, asked))
    for row in counted:
        if row.town is None:
            continue
        states[row.state] = states.get(row.state, 0) + row.enrolments
        towns.setdefault(row.town, {})[row.state] = row.enrolments
        not_ours[row.town] += row.not_ours
    return SummaryOut(
        business_date=await business_date(session, running.clock),
        benefit_year=benefit_year,
        states=states,
        towns=[_town(region, counts, not_ours[region]) for region, counts in towns.items()],
        enrolled_by_day=_days(row for row in counted if row.town is None),
        enrolled_by_day_year_before=_days(await session.execute(_YEAR_BEFORE, {"benefit_year": benefit_year})),
        messages=(await bus_stats_in(session)).out(),
    )


def _days(rows: Iterable[Row[Any]]) -> list[DayOut]:
    days: dict[date, int] = {}
    for row in rows:
        if row.state in PAID_OR_BEYOND:
            days[row.paid_on] = days.get(row.paid_on, 0) + row.enrolments
    return [DayOut(day=day, enrolled=enrolled) for day, enrolled in days.items()]


def _town(region: str, states: dict[str, int], not_ours: int) -> TownOut:
    return TownOut(
        region=region,
        states=states,
        registered=sum(count for state, count in states.items() if state != State.TERMINATED) - not_ours,
        enrolled=sum(count for state, count in states.items() if state in PAID_OR_BEYOND),
    )
