"""The business date over HTTP."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from services.registration.calendar import service
from shared.database.business_date import business_date
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.fields import Day, example
from shared.web.strict_route import StrictRoute

DAILY = "daily"
router = APIRouter(route_class=StrictRoute, tags=["business date"])


class BusinessDate(BaseModel):
    """The day that business follows."""

    model_config = ConfigDict(extra="forbid", **example(date="2023-10-05"))

    date: Day


@router.get("/v1/business-date", dependencies=[requires("registration:read")])
async def show(session: Session, context: CurrentContext) -> BusinessDate:
    """The current business date."""
    return BusinessDate(date=await business_date(session, context.clock))


@router.post("/v1/business-date", dependencies=[requires("registration:operate")])
@responses_for(service.BusinessDateGoesBack)
async def advance(session: Session, caller: CurrentCaller, context: CurrentContext, body: BusinessDate) -> BusinessDate:
    """Move the business date forward, as a county does that rehearses last season."""
    await service.advance(session, context.settings, body.date, caller.trace())
    return body
