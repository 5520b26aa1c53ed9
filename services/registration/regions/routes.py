"""The region directory over HTTP."""

from fastapi import APIRouter

from services.registration.regions import service
from services.registration.regions.schemas import RegionsIn
from shared.web.dependencies import CurrentCaller, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["regions"])


@ROUTER.post("/v1/regions", status_code=204, dependencies=[requires("registration:operate")])
@responses_for(service.UnknownRegion)
async def add(session: Session, caller: CurrentCaller, body: RegionsIn) -> None:
    """Enter towns and villages of the caller's region into the directory, or rename them."""
    await service.add(session, caller.region, {entry.code: entry.name for entry in body.regions})
