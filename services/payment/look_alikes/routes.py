"""Numbers that look alike over HTTP: listed, and resolved by a proposal that another client approves."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.look_alikes import repository, service
from services.payment.look_alikes.schemas import LookAlikeOut, LookAlikePage, ResolutionIn
from shared.approvals.schemas import ApprovalOut
from shared.approvals.service import AnotherWaits, Grounds
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, prefix="/v1/look-alikes", tags=["approvals"])


@ROUTER.get("", dependencies=[requires("payment:read")])
async def list_look_alikes(
    session: Session, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> LookAlikePage:
    """Stored numbers that look like an earlier one and that nobody resolved."""
    found = await repository.unresolved(session, after=after, limit=limit)
    return LookAlikePage.of(map(LookAlikeOut.model_validate, found), limit, key=lambda one: one.id)


@ROUTER.post("/{look_alike_id}/resolution", status_code=202, dependencies=[requires("payment:operate")])
@responses_for(NotFound, service.LookAlikeResolved, service.NewNumberNotPossible, AnotherWaits)
async def propose_resolution(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], look_alike_id: UUID, body: ResolutionIn
) -> ApprovalOut:
    """Propose what two numbers that look alike are; another client approves it."""
    today = await business_date(session, context.clock)
    grounds = Grounds(body.reason, body.evidence)
    trace = caller.trace()
    proposal = await service.propose_resolution(session, look_alike_id, body.new_number, grounds, trace, today)
    return ApprovalOut.of(proposal, today)
