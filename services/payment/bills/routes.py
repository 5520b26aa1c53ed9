"""The bill of an enrolment over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.bills import repository, service
from services.payment.bills.refusals import WITHOUT_BILL
from services.payment.bills.schemas import BillOut, ReviewOut
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)


@ROUTER.get("/v1/reviews", dependencies=[requires("payment:read")])
async def list_reviews(
    session: Session,
    context: CurrentContext[object],
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[ReviewOut]:
    """Settled bills whose people are certified otherwise since; ``after`` is the last id of the page before."""
    today = await business_date(session, context.clock)
    bills = await repository.in_review(session, today, after=after, limit=limit)
    return [ReviewOut.model_validate(bill) for bill in bills]


@ROUTER.get("/v1/bills/{enrolment_id}", dependencies=[requires("payment:read")])
@responses_for(NotFound, *WITHOUT_BILL)
async def show_bill(session: Session, context: CurrentContext[object], enrolment_id: UUID) -> BillOut:
    """What an enrolment owes today, and why."""
    today = await business_date(session, context.clock)
    return BillOut.of(await service.show(session, enrolment_id, today, context.clock.now()))
