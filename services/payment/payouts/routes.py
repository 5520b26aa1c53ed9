"""Payouts of the channels' bills over HTTP: the list, and the release of one that is held."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.payouts import hold, release, repository
from services.payment.payouts.schemas import PayoutOut, PayoutPage, ReleaseIn
from shared.approvals.schemas import ApprovalOut
from shared.approvals.service import AnotherWaits, Grounds
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["bank"])


@ROUTER.get("/v1/payouts", dependencies=[requires("payment:read")])
async def list_payouts(
    session: Session,
    state: Literal["BEFORE", "HELD", "AWAITED", "SETTLING", "MET", "DECIDED"] | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> PayoutPage:
    """What the channels' bills say was paid out; ``state=HELD`` is what a fee or a sum without movements holds."""
    found = await repository.listed(session, state=state, after=after, limit=limit)
    return PayoutPage.of(map(PayoutOut.model_validate, found), limit, key=lambda each: each.id)


@ROUTER.post(
    "/v1/payouts/{payout_id}/release", status_code=202, dependencies=[requires("payment:bank", for_whole_area=True)]
)
@responses_for(NotFound, release.PayoutNotHeld, AnotherWaits)
async def propose_release(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], payout_id: UUID, body: ReleaseIn
) -> ApprovalOut:
    """Propose that a held payout goes on once the bank has people's money in full; another client approves it."""
    today = await business_date(session, context.clock)
    grounds = Grounds(body.reason, body.evidence)
    return ApprovalOut.of(await release.propose_release(session, payout_id, grounds, caller.trace(), today), today)


@ROUTER.post(
    "/v1/payouts/{payout_id}/holding", status_code=202, dependencies=[requires("payment:bank", for_whole_area=True)]
)
@responses_for(NotFound, hold.PayoutNotReleased, AnotherWaits)
async def propose_holding(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], payout_id: UUID, body: ReleaseIn
) -> ApprovalOut:
    """Propose that a released payout is held again, before the bank shows it; another client approves it."""
    today = await business_date(session, context.clock)
    grounds = Grounds(body.reason, body.evidence)
    return ApprovalOut.of(await hold.propose_holding(session, payout_id, grounds, caller.trace(), today), today)
