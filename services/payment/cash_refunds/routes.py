"""Cash whose import failed, over HTTP: to see it by village, to release it, to fetch it, to record its signature."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.cash_refunds import repository, service
from services.payment.cash_refunds.schemas import (
    CashFetchIn,
    CashRefundOut,
    CashRefundPage,
    CashRefundsOut,
    CashReleaseIn,
    CashReturnIn,
)
from services.payment.cash_refunds.state import (
    CashNotInAccount,
    CashRefundState,
    CashStepNotPossible,
    CollectorMayNotRelease,
    DateBeforeStep,
    RecordedOtherwise,
)
from services.payment.dates import DateInTheFuture, refuse_future
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["village cash"])
COLLECT, REFUND = requires("payment:collect"), requires("payment:refund")


@ROUTER.get("/v1/cash-refunds", dependencies=[requires("payment:read")])
async def list_cash_refunds(
    session: Session,
    state: CashRefundState | None = None,
    village: Annotated[str | None, Query(pattern=r"^[0-9]{12}$")] = None,
    after: Annotated[str, Query(max_length=64, pattern=r"^[\w./-]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> CashRefundPage:
    """Cash that goes back or went back, by receipt number, with each person's line of the village's statement."""
    rows = await repository.listed(session, state=state, village=village, after=after, limit=limit)
    return CashRefundPage.of(map(CashRefundOut.model_validate, rows), limit, key=lambda refund: refund.receipt_no)


@ROUTER.post("/v1/cash-refunds/approvals", dependencies=[REFUND])
@responses_for(NotFound, CollectorMayNotRelease)
async def approve_cash_refunds(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], body: CashReleaseIn
) -> CashRefundsOut:
    """Let a village fetch the cash of recalled receipts; approving twice changes nothing."""
    today = await business_date(session, context.clock)
    await service.approve(session, body.village, body.receipt_nos, today, caller.client)
    return await _now(session, body.village, body.receipt_nos)


@ROUTER.post("/v1/cash-refunds/fetches", dependencies=[COLLECT])
@responses_for(NotFound, CashStepNotPossible, CashNotInAccount, DateBeforeStep, RecordedOtherwise, DateInTheFuture)
async def record_fetch(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], body: CashFetchIn
) -> CashRefundsOut:
    """Record that a village fetched released cash from the pending account."""
    await refuse_future(session, context, [body.fetched_on])
    await service.fetch(session, body.village, body.receipt_nos, body.fetched_on, caller.client)
    return await _now(session, body.village, body.receipt_nos)


@ROUTER.post("/v1/cash-refunds/returns", dependencies=[COLLECT])
@responses_for(NotFound, CashStepNotPossible, DateBeforeStep, RecordedOtherwise, DateInTheFuture)
async def record_return(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], body: CashReturnIn
) -> CashRefundsOut:
    """Record that a person got their cash back, and who signed for it."""
    await refuse_future(session, context, [body.returned_on])
    await service.hand_back(
        session, body.village, body.receipt_no, body.returned_on, signed_by=body.signed_by, who=caller.client
    )
    return await _now(session, body.village, [body.receipt_no])


async def _now(session: AsyncSession, village: str, numbers: Sequence[str]) -> CashRefundsOut:
    rows = await repository.listed(session, village=village, numbers=numbers, limit=len(numbers))
    return CashRefundsOut(items=[CashRefundOut.model_validate(row) for row in rows])
