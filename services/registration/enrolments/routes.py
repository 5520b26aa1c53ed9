"""Enrolments over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.registration.enrolments import repository
from services.registration.enrolments.explanation import explain
from services.registration.enrolments.schemas import EnrolmentOut, EnrolmentPage, ExplanationOut, ListedOut
from services.registration.enrolments.state import State
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["enrolments"])


@ROUTER.get("/v1/enrolments", dependencies=[requires("registration:read")])
async def list_enrolments(
    session: Session,
    benefit_year: Annotated[int, Query(ge=2000, le=2100)],
    state: State,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> EnrolmentPage:
    """Enrolments of a benefit year in one state; ``after`` is the last id of the page before."""
    listed = await repository.list_in_state(session, benefit_year=benefit_year, state=state, after=after, limit=limit)
    return EnrolmentPage.of(map(ListedOut.model_validate, listed), limit, key=lambda one: one.id)


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
async def show_explanation(session: Session, context: CurrentContext[object], enrolment_id: UUID) -> ExplanationOut:
    """Why an enrolment stands as it does: which rules decided, which did not, each with the sentence it stands on."""
    details = await repository.find(session, enrolment_id)
    if details is None:
        raise NotFound
    return explain(details, await business_date(session, context.clock))
