"""The summary over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.payment.notices import repository as notices
from services.payment.summary import repository
from services.payment.summary.figures import by_reason, refunds, standing, sum_of, unattributed
from services.payment.summary.schemas import CallbacksOut, SummaryOut, TownOut
from shared.database.business_date import business_date
from shared.domain.region import covers
from shared.messaging.topics.stats import bus_stats_in
from shared.web.dependencies import CurrentCaller, CurrentContext, Snapshot, requires
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)


@ROUTER.get("/v1/summary", dependencies=[requires("payment:read")])
async def summarise(
    session: Snapshot,
    caller: CurrentCaller,
    context: CurrentContext[object],
    benefit_year: Annotated[int, Query(ge=2000, le=2100)],
) -> SummaryOut:
    """Where a benefit year's money stands, by township, and what stands apart from it."""
    whole = covers(caller.region, context.settings.region)
    found = await repository.summary(session, benefit_year, whole=whole)
    waiting = await notices.money_at_risk(session)
    return SummaryOut(
        business_date=await business_date(session, context.clock),
        benefit_year=benefit_year,
        towns=[TownOut(region=town.town, **standing([town])) for town in found.towns if town.town is not None],
        unattributed=unattributed([town for town in found.towns if town.town is None]),
        callbacks=CallbacksOut(
            received=found.received,
            waiting=waiting.notices,
            waiting_fen=waiting.fen,
            oldest_waiting_s=int(waiting.oldest_s),
        ),
        suspense=by_reason(found.suspense),
        quarantine=by_reason(found.quarantine),
        parked=sum_of([found.parked]),
        refunds=refunds(found.refunds),
        held=sum_of([found.held]),
        messages=(await bus_stats_in(session)).out(),
    )
