"""Suspended money over HTTP: to see it, and to put it forward for refund."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from services.payment.refunds import service as refunds
from services.payment.refunds.state import Request
from services.payment.suspense import repository
from services.payment.suspense.state import SuspenseState
from shared.database.business_date import business_date
from shared.web.dependencies import CurrentCaller, CurrentRunning, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

router = APIRouter(route_class=StrictRoute)


class SuspenseOut(BaseModel):
    """Money that is ours to look after and pays no bill."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    channel: str
    mchid: str
    order_no: str
    transaction_id: str
    enrolment_id: UUID | None
    benefit_year: int | None
    region: str
    amount_fen: int
    reason: str
    suspended_on: date
    state: SuspenseState


class RefundRequested(BaseModel):
    """A refund was put forward."""

    refund_id: UUID


@router.get("/v1/suspense", dependencies=[requires("payment:read")])
async def list_suspense(
    session: Session,
    state: SuspenseState | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[SuspenseOut]:
    """Suspended money with its reasons, oldest first; ``after`` is the last id of the page before."""
    rows = await repository.listed(session, state=state, after=after, limit=limit)
    return [SuspenseOut.model_validate(row) for row in rows]


@router.post("/v1/suspense/{suspense_id}/refund", status_code=201, dependencies=[requires("payment:refund")])
@responses_for(refunds.SuspenseNotHeld)
async def request_refund(
    session: Session, caller: CurrentCaller, running: CurrentRunning, suspense_id: UUID
) -> RefundRequested:
    """Put suspended money forward for refund; it still has to be approved."""
    today = await business_date(session, running.clock)
    refund_id = await refunds.request_one(session, Request(suspense_id, today, caller.trace()))
    return RefundRequested(refund_id=refund_id)
