"""Attributing money to another settlement day over HTTP: proposed here, decided under approvals."""

from fastapi import APIRouter

from services.payment.attributions import service
from services.payment.attributions.schemas import Attribution, AttributionIn
from services.payment.dates import DateInTheFuture, refuse_future
from shared.approvals.schemas import ApprovalOut
from shared.approvals.service import AnotherWaits, Grounds
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["bank"])


@ROUTER.post(
    "/v1/settlement-attributions", status_code=202, dependencies=[requires("payment:bank", for_whole_area=True)]
)
@responses_for(
    NotFound,
    service.AlreadySettled,
    service.SettledBeforePaid,
    service.SettledByBill,
    DateInTheFuture,
    AnotherWaits,
)
async def propose_attribution(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], body: AttributionIn
) -> ApprovalOut:
    """Propose that a payment, or a refund, is settled with another day than its own; another client approves it."""
    today = await refuse_future(session, context, [body.settlement_day])
    asked = Attribution.model_validate(body.model_dump(exclude={"reason", "evidence"}))
    grounds = Grounds(body.reason, body.evidence)
    approval = await service.propose_attribution(session, context, asked, grounds, caller.trace(), today)
    return ApprovalOut.of(approval, today)
