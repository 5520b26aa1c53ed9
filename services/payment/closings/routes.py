"""Closing quarantined notices over HTTP: proposed here, decided under approvals."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.closings import service
from services.payment.closings.schemas import ClosedNoticeOut
from services.payment.notices.quarantine import repository
from shared.approvals.schemas import ApprovalOut, GroundsIn
from shared.approvals.service import AnotherWaits, Grounds
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["quarantine"])


@ROUTER.get("/v1/quarantine/closed", dependencies=[requires("payment:read")])
async def list_closed_notices(
    session: Session, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[ClosedNoticeOut]:
    """Closed notices, by the order of their proposals; ``after`` is the last ``closed_by`` of the page before."""
    rows = await repository.closed(session, after=after, limit=limit)
    return [ClosedNoticeOut.model_validate(row) for row in rows]


@ROUTER.post(
    "/v1/quarantine/{notice_id}/closing",
    status_code=202,
    dependencies=[requires("payment:operate")],
)
@responses_for(NotFound, service.NoticeNotQuarantined, service.ClosingNeedsEvidence, AnotherWaits)
async def propose_closing(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], notice_id: UUID, body: GroundsIn
) -> ApprovalOut:
    """Propose that nothing more is to be done about a notice in quarantine; another client approves."""
    today = await business_date(session, context.clock)
    grounds = Grounds(body.reason, body.evidence)
    return ApprovalOut.of(await service.propose_closing(session, notice_id, grounds, caller.trace(), today), today)


@ROUTER.post(
    "/v1/quarantine/{notice_id}/reopening",
    status_code=202,
    dependencies=[requires("payment:operate")],
)
@responses_for(NotFound, service.NoticeNotClosed, AnotherWaits)
async def propose_reopening(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], notice_id: UUID, body: GroundsIn
) -> ApprovalOut:
    """Propose that a closed notice waits in quarantine again; another client approves."""
    today = await business_date(session, context.clock)
    grounds = Grounds(body.reason, body.evidence)
    return ApprovalOut.of(await service.propose_reopening(session, notice_id, grounds, caller.trace(), today), today)
