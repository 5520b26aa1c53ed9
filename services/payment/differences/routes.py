"""Differences from the channels' bills over HTTP: the list with owners and ages, and their closing."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.differences import repository, service
from services.payment.differences.repository import SettlementDifference
from services.payment.differences.schemas import DifferenceOut, DifferencePage
from shared.approvals.schemas import ApprovalOut, GroundsIn
from shared.approvals.service import AnotherWaits, Grounds
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["bank"])


@ROUTER.get("/v1/settlement-differences", dependencies=[requires("payment:read")])
async def list_differences(
    session: Session,
    context: CurrentContext[object],
    state: Literal["OPEN", "CLOSED"] | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DifferencePage:
    """What differs between us and the channels' bills: with ``state=OPEN`` what still waits for somebody."""
    today = await business_date(session, context.clock)
    found = await repository.listed(session, state=state, after=after, limit=limit)
    return DifferencePage.of([_shown(each, today) for each in found], limit, key=lambda each: each.id)


@ROUTER.post(
    "/v1/settlement-differences/{difference_id}/closing",
    status_code=202,
    dependencies=[requires("payment:bank", for_whole_area=True)],
)
@responses_for(NotFound, service.DifferenceClosed, AnotherWaits)
async def propose_closing(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], difference_id: UUID, body: GroundsIn
) -> ApprovalOut:
    """Propose that a difference is closed because nothing more will resolve it; another client approves it."""
    today = await business_date(session, context.clock)
    grounds = Grounds(body.reason, body.evidence)
    return ApprovalOut.of(await service.propose_closing(session, difference_id, grounds, caller.trace(), today), today)


def _shown(difference: SettlementDifference, today: date) -> DifferenceOut:
    until = difference.closed_on or today
    values = asdict(difference) | {"age_days": max((until - difference.since).days, 0)}
    return DifferenceOut.model_validate({name: values[name] for name in DifferenceOut.model_fields})
