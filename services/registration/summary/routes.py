"""Registration in figures over HTTP."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from services.registration.enrolments.state import OUT_OF_SCOPE_REASONS, PAID_OR_BEYOND, State
from services.registration.summary import repository
from services.registration.summary.repository import StateCount
from services.registration.summary.schemas import DayOut, RegistrationSummaryOut, TownEnrolments
from shared.database.business_date import business_date
from shared.messaging.topics.stats import bus_stats_in
from shared.web.dependencies import CurrentContext, Snapshot, requires
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["summary"])


@ROUTER.get("/v1/summary", dependencies=[requires("registration:read")])
async def summary(
    session: Snapshot, context: CurrentContext[object], benefit_year: Annotated[int, Query(ge=2000, le=2100)]
) -> RegistrationSummaryOut:
    """Enrolments by state, for the region and each town in it, and by day of enrolment for two years."""
    states: Counter[str] = Counter()
    towns: dict[str, dict[str, int]] = {}
    out_of_scope: Counter[str] = Counter()
    counted = await repository.by_town_and_day(session, benefit_year, OUT_OF_SCOPE_REASONS)
    for count in counted:
        if count.town is None:
            continue
        states[count.state] += count.enrolments
        towns.setdefault(count.town, {})[count.state] = count.enrolments
        out_of_scope[count.town] += count.out_of_scope
    return RegistrationSummaryOut(
        business_date=await business_date(session, context.clock),
        benefit_year=benefit_year,
        states=dict(states),
        towns=[_town(region, counts, out_of_scope[region]) for region, counts in towns.items()],
        enrolled_by_day=_days(count for count in counted if count.town is None),
        enrolled_by_day_year_before=_days(await repository.by_day(session, benefit_year - 1)),
        messages=(await bus_stats_in(session)).out(),
    )


def _days(counts: Iterable[StateCount]) -> list[DayOut]:
    days: Counter[date] = Counter()
    for count in counts:
        if count.paid_on is not None and count.state in PAID_OR_BEYOND:
            days[count.paid_on] += count.enrolments
    return [DayOut(day=day, enrolled=enrolled) for day, enrolled in days.items()]


def _town(region: str, states: dict[str, int], out_of_scope: int) -> TownEnrolments:
    return TownEnrolments(
        region=region,
        states=states,
        registered=sum(count for state, count in states.items() if state != State.TERMINATED) - out_of_scope,
        enrolled=sum(count for state, count in states.items() if state in PAID_OR_BEYOND),
    )
