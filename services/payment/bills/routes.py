"""The bill of an enrolment over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.bills import repository
from services.payment.bills.models import BillDetails
from services.payment.bills.refusals import WITHOUT_BILL, why_without_bill
from services.payment.bills.schemas import BillOut, ReviewOut, RowOut
from services.payment.bills.state import BillState
from shared.contracts.subsidy import Reason, ScheduleRow
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
    bill = await repository.latest(session, enrolment_id)
    if bill is None:
        refusal = await why_without_bill(session, enrolment_id, context.clock.now())
        if refusal is not None:
            raise refusal
        if await repository.ended(session, [enrolment_id]):
            raise NotFound("该参保已终止，没有缴费单 · the enrolment has ended, without a bill")
        raise NotFound("该参保没有缴费单 · no bill for this enrolment")
    today = await business_date(session, context.clock)
    return _shown(bill, today)


def _shown(bill: BillDetails, today: date) -> BillOut:
    rows = [_row(row, why) for row, why in bill.explained()]
    in_force = next((one for one in rows if one.pay_from <= today <= one.pay_until), None)
    row = in_force if bill.row_no is None else rows[bill.row_no]
    owed = row.due_fen if row is not None and bill.state == BillState.OPEN else None
    return BillOut(
        id=bill.id,
        enrolment_id=bill.enrolment_id,
        benefit_year=bill.benefit_year,
        region=bill.region,
        version=bill.version,
        state=bill.state,
        superseded_because=bill.superseded_because,
        review=bill.review,
        today=today,
        due_fen=bill.due_fen if bill.due_fen is not None else (0 if bill.state == BillState.NOTHING_DUE else owed),
        row=row,
        rows=rows,
        paid_on=bill.paid_on,
        paid_through=bill.paid_through,
    )


def _row(row: ScheduleRow, reasons: tuple[Reason, ...]) -> RowOut:
    return RowOut(
        pay_from=row.pay_from,
        pay_until=row.pay_until,
        standard_fen=row.standard_fen,
        due_fen=row.due_fen,
        aided_fen=row.aided_fen,
        identity=row.identity,
        shares=[share.model_dump() for share in row.shares],
        reasons=[reason.model_dump(mode="json") for reason in reasons],
    )
