"""Registration in figures over HTTP."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query

from services.registration.enrolments.state import OUT_OF_SCOPE_REASONS, PAID_OR_BEYOND, State
from services.registration.summary import repository
from services.registration.summary.schemas import RegistrationSummaryOut, TownEnrolments
from shared.database.business_date import business_date
from shared.messaging.topics.stats import bus_stats_in
from shared.web.dependencies import CurrentContext, Session, requires
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["summary"])


@ROUTER.get("/v1/summary", dependencies=[requires("registration:read")])
async def summary(
    session: Session, context: CurrentContext, benefit_year: Annotated[int, Query(ge=2000, le=2100)]
) -> RegistrationSummaryOut:
    """Enrolments by state, for the region and for each town in it."""
    states: Counter[str] = Counter()
    towns: dict[str, dict[str, int]] = {}
    out_of_scope: Counter[str] = Counter()
    for count in await repository.by_town(session, benefit_year, OUT_OF_SCOPE_REASONS):
        states[count.state] += count.enrolments
        towns.setdefault(count.town, {})[count.state] = count.enrolments
        out_of_scope[count.town] += count.out_of_scope
    return RegistrationSummaryOut(
        business_date=await business_date(session, context.clock),
        benefit_year=benefit_year,
        states=dict(states),
        towns=[_town(region, counts, out_of_scope[region]) for region, counts in towns.items()],
        messages=(await bus_stats_in(session)).out(),
    )


def _town(region: str, states: dict[str, int], out_of_scope: int) -> TownEnrolments:
    return TownEnrolments(
        region=region,
        states=states,
        registered=sum(count for state, count in states.items() if state != State.TERMINATED) - out_of_scope,
        enrolled=sum(count for state, count in states.items() if state in PAID_OR_BEYOND),
    )
