"""The door for township targets."""

from fastapi import APIRouter, Response, status

from services.quota.targets import service
from services.quota.targets.schemas import TargetsIn, TargetsOut
from shared.web.dependencies import CurrentCaller, Session, requires

router = APIRouter()


@router.post("/v1/targets", status_code=status.HTTP_201_CREATED, dependencies=[requires("quota:write")])
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
