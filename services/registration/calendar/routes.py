"""The business date over HTTP."""

from fastapi import APIRouter

from services.registration.calendar import service
from services.registration.calendar.schemas import BusinessDate
from shared.database.business_date import business_date
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["business date"])


@ROUTER.get("/v1/business-date", dependencies=[requires("registration:read")])
async def show(session: Session, context: CurrentContext[object]) -> BusinessDate:
    """The current business date."""
    return BusinessDate(date=await business_date(session, context.clock))


@ROUTER.post("/v1/business-date", dependencies=[requires("registration:operate")])
@responses_for(service.BusinessDateGoesBack)
async def advance(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], body: BusinessDate
) -> BusinessDate:
    """Move the business date forward, as a county does that rehearses last season."""
    await service.advance(session, context.settings, body.date, caller.trace())
    return body
