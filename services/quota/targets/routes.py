"""Township targets over HTTP."""

from fastapi import APIRouter, Response, status

from services.quota.targets import rules, service
from services.quota.targets.schemas import TargetsIn, TargetsOut
from shared.web.dependencies import CurrentCaller, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)


@ROUTER.post(
    "/v1/targets",
    status_code=status.HTTP_201_CREATED,
    dependencies=[requires("quota:write")],
    responses={200: {"model": TargetsOut, "description": "This set is in force already"}},
)
@responses_for(
    rules.TargetsDoNotSum, rules.UnknownTown, rules.DuplicateTown, rules.TownMissing, service.TargetsAmendedMeanwhile
)
async def publish_targets(session: Session, caller: CurrentCaller, body: TargetsIn, response: Response) -> TargetsOut:
    """Publish or amend the townships' targets of a benefit year; the set in force again is answered with 200."""
    target_set, is_new = await service.publish_targets(session, caller.region, body, caller.trace())
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return TargetsOut(
        id=target_set.id,
        region=target_set.region,
        benefit_year=body.benefit_year,
        version=target_set.version,
        total=target_set.declared_total,
        towns=len(body.towns),
    )
