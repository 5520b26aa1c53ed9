"""Refunds over HTTP: to request them, to see them, and to approve them."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.job_names import REFUNDS
from services.payment.refunds import repository, service
from services.payment.refunds.repository import ListedRefund
from services.payment.refunds.schemas import Approved, RefundOut, RefundRequested
from services.payment.refunds.state import NewRefund, RefundState
from services.payment.resources import PaymentResources
from shared.approvals.state import OwnAct
from shared.database.business_date import business_date
from shared.database.engine import after_commit
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)


@ROUTER.get("/v1/refunds", dependencies=[requires("payment:read")])
async def list_refunds(
    session: Session,
    context: CurrentContext[PaymentResources],
    state: RefundState | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[RefundOut]:
    """Refunds, oldest first; ``after`` is the last id of the page before."""
    rows = await repository.listed(session, state=state, after=after, limit=limit)
    return [RefundOut(**asdict(row), waits_for_merchant=_is_stuck(row, context.resources)) for row in rows]


@ROUTER.post("/v1/refunds/{refund_id}/approve", dependencies=[requires("payment:refund")])
@responses_for(NotFound, OwnAct, service.SuspenseNotHeld)
async def approve_refund(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], refund_id: UUID
) -> Approved:
    """Let a refund go to its channel; another client approves it than put it forward.

    Approving it twice changes nothing; one the channel closed is asked again.
    """
    today = await business_date(session, context.clock)
    refund = await service.approve(session, refund_id, today, caller.trace())
    after_commit(session, lambda: context.wake(REFUNDS))
    return Approved(id=refund.id, refund_no=refund.refund_no, amount_fen=refund.amount_fen, state=refund.state)


@ROUTER.post("/v1/suspense/{suspense_id}/refund", status_code=201, dependencies=[requires("payment:refund")])
@responses_for(service.SuspenseNotHeld)
async def request_refund(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], suspense_id: UUID
) -> RefundRequested:
    """Put suspended money forward for refund; it still has to be approved."""
    today = await business_date(session, context.clock)
    refund_id = await service.request_one(session, NewRefund(suspense_id, today, caller.trace()))
    return RefundRequested(refund_id=refund_id)


def _is_stuck(row: ListedRefund, resources: PaymentResources) -> bool:
    """Whether it would go to a merchant that the settings do not name."""
    waits = row.state in (RefundState.APPROVED, RefundState.ASKED, RefundState.ABNORMAL)
    return waits and (row.channel, row.merchant_id) not in resources.known_merchants
