"""Reversing bank lines over HTTP: proposed here, decided under approvals."""

from uuid import UUID

from fastapi import APIRouter

from services.payment.reversals import service
from shared.approvals.schemas import ApprovalOut, GroundsIn
from shared.approvals.service import AnotherWaits, Grounds
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["bank"])


@ROUTER.post(
    "/v1/bank-lines/{line_id}/reversal", status_code=202, dependencies=[requires("payment:bank", for_whole_area=True)]
)
@responses_for(
    NotFound,
    service.LineAlreadyReversed,
    service.LineAlreadyMatched,
    service.LineAlreadyRemitted,
    service.LineBeingSettled,
    AnotherWaits,
)
async def propose_reversal(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], line_id: UUID, body: GroundsIn
) -> ApprovalOut:
    """Propose that a line entered wrongly is reversed; another client than entered and proposed it approves."""
    today = await business_date(session, context.clock)
    grounds = Grounds(body.reason, body.evidence)
    return ApprovalOut.of(await service.propose_reversal(session, line_id, grounds, caller.trace(), today), today)
