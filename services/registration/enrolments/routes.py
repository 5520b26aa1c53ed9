"""Enrolments over HTTP."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.registration.enrolments import registering, repository
from services.registration.enrolments.explaining import ExplanationOut
from services.registration.enrolments.schemas import (
    EnrolmentIn,
    EnrolmentOut,
    EnrolmentsIn,
    EnrolmentsOut,
    ListedOut,
    RefusedOut,
    RegisteredOut,
    TakenOut,
)
from services.registration.enrolments.state import State
from services.registration.regions.service import UnknownRegion
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.errors import DomainError, NotFound
from shared.web.dependencies import CurrentCaller, CurrentRunning, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["enrolments"])


@router.post("/v1/enrolments", status_code=201, dependencies=[requires("registration:write")])
@responses_for(
    registering.InvalidNumber,
    registering.BirthDateDiffers,
    registering.NotBornYet,
    UnknownRegion,
    registering.AlreadyEnrolled,
    NotFound,
)
async def register(
    session: Session, caller: CurrentCaller, running: CurrentRunning, body: EnrolmentIn
) -> RegisteredOut:
    """Register one person for one benefit year."""
    today = await business_date(session, running.clock)
    registered = await registering.register(session, running.resources, body.application(), today, caller.trace())
    return RegisteredOut.model_validate(registered)


@router.post("/v1/enrolments/batch", dependencies=[requires("registration:write")])
@responses_for(NotFound)
async def register_many(
    session: Session, caller: CurrentCaller, running: CurrentRunning, body: EnrolmentsIn
) -> EnrolmentsOut:
    """Register a village's applications in one go; each is taken or refused by itself, and has a chain of its own."""
    today = await business_date(session, running.clock)
    applications = [(entry.application(), Trace.start(caller.client)) for entry in body.enrolments]
    outcomes = list(enumerate(await registering.register_all(session, running.resources, applications, today), 1))
    return EnrolmentsOut(
        registered=[
            TakenOut.model_validate({"line": line, **asdict(outcome)})
            for line, outcome in outcomes
            if not isinstance(outcome, DomainError)
        ],
        refused=[RefusedOut.of(line, outcome) for line, outcome in outcomes if isinstance(outcome, DomainError)],
    )


@router.get("/v1/enrolments", dependencies=[requires("registration:read")])
async def list_enrolments(
    session: Session,
    benefit_year: Annotated[int, Query(ge=2000, le=2100)],
    state: State,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[ListedOut]:
    """Enrolments of a benefit year in one state; ``after`` is the last id of the page before."""
    rows = await repository.listed(session, benefit_year=benefit_year, state=state, after=after, limit=limit)
    return [ListedOut.model_validate(row) for row in rows]


@router.get("/v1/enrolments/{enrolment_id}", dependencies=[requires("registration:read")])
@responses_for(NotFound)
async def show(session: Session, enrolment_id: UUID) -> EnrolmentOut:
    """One enrolment: what is due and why, what was paid, from when the person is covered."""
    row = await repository.find(session, enrolment_id)
    if row is None:
        raise NotFound
    return EnrolmentOut.of(row)


@router.get("/v1/enrolments/{enrolment_id}/explain", dependencies=[requires("registration:read")])
@responses_for(NotFound)
async def explain(session: Session, running: CurrentRunning, enrolment_id: UUID) -> ExplanationOut:
    """Why an enrolment stands as it does: which rules decided, which did not, each with the sentence it stands on."""
    row = await repository.find(session, enrolment_id)
    if row is None:
        raise NotFound
    return ExplanationOut.of(row, await business_date(session, running.clock))
