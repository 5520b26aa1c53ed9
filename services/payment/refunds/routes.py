"""Refunds over HTTP: to see them, and to approve them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from services.payment.refunds import repository, service
from services.payment.refunds.state import RefundState
from shared.database.business_date import business_date
from shared.database.engine import after_commit
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentRunning, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

router = APIRouter(route_class=StrictRoute)


class RefundOut(BaseModel):
    """Money on its way back."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    suspense_id: UUID
    refund_no: str
    channel: str
    mchid: str
    transaction_id: str
    enrolment_id: UUID | None
    benefit_year: int | None
    region: str
    amount_fen: int
    reason: str
    state: RefundState
    requested_on: date
    approved_by: str | None
    approved_on: date | None
    failure: str | None
    refunded_on: date | None


class Approved(BaseModel):
    """Where an approved refund stands."""

    id: UUID
    refund_no: str
    amount_fen: int
    state: RefundState


@router.get("/v1/refunds", dependencies=[requires("payment:read")])
async def list_refunds(
    session: Session,
    state: RefundState | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[RefundOut]:
    """Refunds, oldest first; ``after`` is the last id of the page before."""
    rows = await repository.listed(session, state=state, after=after, limit=limit)
    return [RefundOut.model_validate(row) for row in rows]


@router.post("/v1/refunds/{refund_id}/approve", dependencies=[requires("payment:refund")])
@responses_for(NotFound)
async def approve_refund(session: Session, caller: CurrentCaller, running: CurrentRunning, refund_id: UUID) -> Approved:
    """Let a refund go to its channel. Approving it twice changes nothing; one that the channel closed is asked anew."""
    today = await business_date(session, running.clock)
    refund = await service.approve(session, refund_id, today, caller.trace())
    after_commit(session, lambda: running.wake("refunds"))
    return Approved(id=refund.id, refund_no=refund.refund_no, amount_fen=refund.amount_fen, state=refund.state)
