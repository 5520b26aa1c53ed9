"""Progress over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.quota.progress import service
from services.quota.progress.schemas import ProgressOut
from shared.web.dependencies import CurrentCaller, Snapshot, requires
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)


@ROUTER.get("/v1/progress", dependencies=[requires("quota:read")])
async def progress(
    session: Snapshot, caller: CurrentCaller, benefit_year: Annotated[int, Query(ge=2000, le=2100)]
) -> ProgressOut:
    """How far each township of the caller's region is in a benefit year."""
    return await service.progress(session, caller.region, benefit_year)
