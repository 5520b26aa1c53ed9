"""Rosters over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from services.subsidy.job_names import REASSESSMENT
from services.subsidy.resources import SubsidyResources
from services.subsidy.rosters import repository, service
from services.subsidy.rosters.line_checks import InvalidNumberInRoster
from services.subsidy.rosters.schemas import RosterIn, RosterOut, UninsuredOut, WithdrawalIn, WithdrawalOut
from shared.database.business_date import business_date
from shared.database.engine import after_commit
from shared.errors import NotFound
from shared.web.dependencies import (
    CurrentCaller,
    CurrentContext,
    ProtectionKeysDiffer,
    Session,
    requires,
    seals,
)
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["rosters"])


@ROUTER.post(
    "/v1/rosters",
    status_code=status.HTTP_201_CREATED,
    dependencies=[requires("subsidy:write"), seals()],
    responses={200: {"model": RosterOut, "description": "The same roster was uploaded before"}},
)
@responses_for(ProtectionKeysDiffer)
async def upload(
    session: Session,
    caller: CurrentCaller,
    context: CurrentContext[SubsidyResources],
    body: RosterIn,
    response: Response,
) -> RosterOut:
    """Take in a department's roster; wrong lines are refused one by one, the same roster again is answered with 200.

    A roster of which every line is refused is kept too, with `accepted` 0: it is on record what was sent and why none
    of it counts.
    """
    roster, is_new = await service.upload(session, context.resources, caller.region, body, caller.trace())
    if not is_new:
        response.status_code = status.HTTP_200_OK
    after_commit(session, lambda: context.wake(REASSESSMENT))
    return RosterOut.model_validate(roster)


@ROUTER.get("/v1/uninsured", dependencies=[requires("subsidy:read")])
async def list_uninsured(
    session: Session,
    context: CurrentContext[object],
    benefit_year: Annotated[int, Query(ge=2000, le=2100)],
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 500,
) -> list[UninsuredOut]:
    """Certified people who are suspected to have no insurance, each once: the lists that go out to the towns.

    ``after`` is the last id of the page before. A town sees its own people; who is enrolled in another one still stands
    there, because that enrolment is not its own to see: the county's list is the one to go by.
    """
    today = await business_date(session, context.clock)
    people = await repository.uninsured(session, benefit_year, today, after=after, limit=limit)
    return [UninsuredOut.model_validate(person) for person in people]


@ROUTER.get("/v1/rosters/{roster_id}", dependencies=[requires("subsidy:read")])
@responses_for(NotFound)
async def roster(session: Session, roster_id: UUID) -> RosterOut:
    """What became of a roster."""
    found = await repository.find(session, roster_id)
    if found is None:
        raise NotFound
    return RosterOut.model_validate(found)


@ROUTER.post("/v1/rosters/{roster_id}/withdrawals", dependencies=[requires("subsidy:write")])
@responses_for(InvalidNumberInRoster, NotFound, service.RosterLineWithdrawn)
async def withdraw(
    session: Session,
    caller: CurrentCaller,
    context: CurrentContext[SubsidyResources],
    roster_id: UUID,
    body: WithdrawalIn,
) -> WithdrawalOut:
    """Take a person off a roster from a day on: what they pay from then on is priced without the identity."""
    line = await service.withdraw(session, context.resources, roster_id, body, caller.trace())
    after_commit(session, lambda: context.wake(REASSESSMENT))
    return WithdrawalOut(
        line_id=line.line_id,
        identity=line.identity,
        document_number=line.document_number,
        certified_on=line.certified_on,
        withdrawn_on=body.withdrawn_on,
        reason=body.reason,
    )
