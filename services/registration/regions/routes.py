"""The region directory over HTTP."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.registration.regions import service
from shared.web.dependencies import CurrentCaller, Session, requires
from shared.web.error_responses import responses_for
from shared.web.fields import SingleLineText, example
from shared.web.strict_route import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["regions"])


class RegionIn(BaseModel):
    """A town (9 digits) or village (12 digits) and its name."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(pattern=r"^([0-9]{6}|[0-9]{9}|[0-9]{12})$")]
    name: Annotated[SingleLineText, Field(max_length=60)]


class RegionsIn(BaseModel):
    """Entries for the directory."""

    model_config = ConfigDict(extra="forbid", **example(regions=[{"code": "411521101201", "name": "灵山街村"}]))

    regions: Annotated[list[RegionIn], Field(min_length=1, max_length=5000)]


@router.post("/v1/regions", status_code=204, dependencies=[requires("registration:operate")])
@responses_for(service.UnknownRegion)
async def add(session: Session, caller: CurrentCaller, body: RegionsIn) -> None:
    """Enter towns and villages of the caller's region into the directory, or rename them."""
    await service.add(session, caller.region, {entry.code: entry.name for entry in body.regions})
