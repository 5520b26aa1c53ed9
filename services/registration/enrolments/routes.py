"""Enrolments over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from services.registration.enrolments import repository
from services.registration.enrolments.explanation import explain
from services.registration.enrolments.schemas import EnrolmentOut, ExplanationOut
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["enrolments"])


@ROUTER.get("/v1/enrolments/{enrolment_id}", dependencies=[requires("registration:read")])
@responses_for(NotFound)
async def show(session: Session, enrolment_id: UUID) -> EnrolmentOut:
    """One enrolment: what is due and why, what was paid, from when the person is covered."""
    details = await repository.find(session, enrolment_id)
    if details is None:
        raise NotFound
    return EnrolmentOut.of(details)


@ROUTER.get("/v1/enrolments/{enrolment_id}/explain", name="explain", dependencies=[requires("registration:read")])
@responses_for(NotFound)
async def show_explanation(session: Session, context: CurrentContext, enrolment_id: UUID) -> ExplanationOut:
    """Why an enrolment stands as it does: which rules decided, which did not, each with the sentence it stands on."""
    details = await repository.find(session, enrolment_id)
    if details is None:
        raise NotFound
    return explain(details, await business_date(session, context.clock))
