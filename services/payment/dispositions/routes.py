"""Casework on suspended money over HTTP: the cases by age, whose they are, and what is proposed about them."""

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.dates import DateInTheFuture, refuse_future
from services.payment.dispositions import repository, service
from services.payment.dispositions.repository import ListedCase
from services.payment.dispositions.schemas import (
    CarryOverIn,
    DecisionGroundsIn,
    MatchIn,
    OfferedBillOut,
    OfferedBills,
    OfficeIn,
    SuspenseCaseOut,
    SuspenseCasePage,
    TakenDecisionOut,
    TakenDecisionPage,
)
from services.payment.refunds.service import SuspenseNotHeld
from services.payment.suspense.offices import SuspenseOffice
from services.payment.suspense.reasons import SuspenseReason
from shared.approvals.schemas import ApprovalOut
from shared.approvals.service import AnotherWaits, Grounds
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.fields import Day
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["suspense"])
_FIRST = (date(1, 1, 1), UUID(int=0))


@ROUTER.get("/v1/suspense-cases", dependencies=[requires("payment:read")])
@responses_for(DateInTheFuture)
async def list_cases(
    session: Session,
    context: CurrentContext[object],
    office: SuspenseOffice | None = None,
    reason: SuspenseReason | None = None,
    as_of: Day | None = None,
    older_than_days: Annotated[int, Query(ge=0, le=36_500)] = 0,
    after_day: Day | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> SuspenseCasePage:
    """Suspended money that waits, the oldest first, with who has to act and its age in days as of a day.

    ``after_day`` and ``after`` are ``next_day`` and ``next`` of the page before.
    """
    day = as_of or await business_date(session, context.clock)
    await refuse_future(session, context, [day])
    place = (after_day, after) if after_day is not None and after is not None else _FIRST
    found = await repository.cases(
        session,
        until=date.fromordinal(max(day.toordinal() - older_than_days, 1)),
        reason=reason,
        office=office,
        after=place,
        limit=limit,
    )
    last = found[-1] if len(found) == limit else None
    return SuspenseCasePage(
        as_of=day,
        items=[_shown(each, day) for each in found],
        next=last.id if last is not None else None,
        next_day=last.suspended_on if last is not None else None,
    )


@ROUTER.get("/v1/suspense/{suspense_id}/decisions", dependencies=[requires("payment:read")])
async def list_decisions(
    session: Session,
    suspense_id: UUID,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> TakenDecisionPage:
    """What two people decided about a suspended sum, with their reasons."""
    found = await repository.taken(session, suspense_id, after=after, limit=limit)
    return TakenDecisionPage.of(map(TakenDecisionOut.model_validate, found), limit, key=lambda each: each.id)


@ROUTER.get("/v1/suspense/{suspense_id}/offered-bills", dependencies=[requires("payment:read")])
@responses_for(NotFound)
async def list_offered_bills(session: Session, context: CurrentContext[object], suspense_id: UUID) -> OfferedBills:
    """The open bills of its person that a suspended sum pays to the fen."""
    found = await service.offered(session, suspense_id, await business_date(session, context.clock))
    items = [
        OfferedBillOut(
            bill_id=bill.id,
            enrolment_id=bill.enrolment_id,
            benefit_year=bill.benefit_year,
            region=bill.region,
            due_fen=bill.display_row(day).due_fen,
            applied_on=day,
        )
        for bill, day in found
    ]
    return OfferedBills(items=items)


@ROUTER.post("/v1/suspense/{suspense_id}/office", status_code=204, dependencies=[requires("payment:operate")])
@responses_for(NotFound, SuspenseNotHeld)
async def assign_case(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], suspense_id: UUID, body: OfficeIn
) -> None:
    """Give a case to another office, with the reason; who had it before stays on record."""
    today = await business_date(session, context.clock)
    await service.assign(session, suspense_id, body.office, body.because, today, caller.trace())


@ROUTER.post(
    "/v1/suspense/{suspense_id}/match",
    status_code=202,
    dependencies=[requires("payment:operate", for_whole_area=True)],
)
@responses_for(NotFound, SuspenseNotHeld, service.NeedsTreasuryRefund, service.BillNotPayable, AnotherWaits)
async def propose_match(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], suspense_id: UUID, body: MatchIn
) -> ApprovalOut:
    """Propose that a suspended sum pays somebody's bill; another client approves, and it is paid in the same moment."""
    today = await business_date(session, context.clock)
    approval = await service.propose_match(
        session, context.settings.region, suspense_id, body.enrolment_id, _grounds(body), caller.trace(), today
    )
    return ApprovalOut.of(approval, today)


@ROUTER.post("/v1/suspense/{suspense_id}/return", status_code=202, dependencies=[requires("payment:operate")])
@responses_for(NotFound, SuspenseNotHeld, service.NeedsTreasuryRefund, AnotherWaits)
async def propose_return(
    session: Session,
    caller: CurrentCaller,
    context: CurrentContext[object],
    suspense_id: UUID,
    body: DecisionGroundsIn,
) -> ApprovalOut:
    """Propose that a suspended sum goes back to its payer; another client approves, and its channel is asked."""
    today = await business_date(session, context.clock)
    approval = await service.propose_refund(session, suspense_id, _grounds(body), caller.trace(), today)
    return ApprovalOut.of(approval, today)


@ROUTER.post("/v1/suspense/{suspense_id}/carry-over", status_code=202, dependencies=[requires("payment:operate")])
@responses_for(NotFound, SuspenseNotHeld, service.NeedsTreasuryRefund, service.NoCarryOver, AnotherWaits)
async def propose_carry_over(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], suspense_id: UUID, body: CarryOverIn
) -> ApprovalOut:
    """Propose that a suspended sum waits for its person's bill of a later benefit year; another client approves."""
    today = await business_date(session, context.clock)
    approval = await service.propose_carry_over(
        session, suspense_id, body.benefit_year, _grounds(body), caller.trace(), today
    )
    return ApprovalOut.of(approval, today)


def _grounds(body: DecisionGroundsIn) -> Grounds:
    return Grounds(body.reason, body.evidence)


def _shown(case: ListedCase, day: date) -> SuspenseCaseOut:
    return SuspenseCaseOut(**asdict(case), age_days=(day - case.suspended_on).days)
