"""Registration in figures over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.registration.enrolments.state import OUT_OF_SCOPE_REASONS
from services.registration.summary import repository
from services.registration.summary.figures import by_day, by_state, by_town
from services.registration.summary.schemas import RegistrationSummaryOut
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
    counts = await repository.by_town_and_day(session, benefit_year, OUT_OF_SCOPE_REASONS)
    return RegistrationSummaryOut(
        business_date=await business_date(session, context.clock),
        benefit_year=benefit_year,
        states=by_state(counts),
        towns=by_town(counts),
        enrolled_by_day=by_day(counts),
        enrolled_by_day_year_before=by_day(await repository.by_day(session, benefit_year - 1)),
        messages=(await bus_stats_in(session)).out(),
    )
