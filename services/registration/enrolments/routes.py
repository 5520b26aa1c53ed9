"""Enrolments over HTTP."""

from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter

from services.registration.enrolments import registering, repository
from services.registration.enrolments.explaining import ExplanationOut
from services.registration.enrolments.schemas import (
    EnrolmentIn,
    EnrolmentOut,
    EnrolmentsIn,
    EnrolmentsOut,
    RefusedOut,
    RegisteredOut,
    TakenOut,
)
from services.registration.regions.service import UnknownRegion
from services.registration.resources import RegistrationResources
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.errors import DomainError, NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
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
    session: Session, caller: CurrentCaller, context: CurrentContext[RegistrationResources], body: EnrolmentIn
) -> RegisteredOut:
    """Register one person for one benefit year."""
    today = await business_date(session, context.clock)
    registered = await registering.register(session, context.resources, body.application(), today, caller.trace())
    return RegisteredOut.model_validate(registered)


@router.post("/v1/enrolments/batch", dependencies=[requires("registration:write")])
@responses_for(NotFound)
async def register_many(
    session: Session, caller: CurrentCaller, context: CurrentContext[RegistrationResources], body: EnrolmentsIn
) -> EnrolmentsOut:
    """Register a village's applications in one go; each is taken or refused by itself, and has a chain of its own."""
    today = await business_date(session, context.clock)
    applications = [(entry.application(), Trace.start(caller.client)) for entry in body.enrolments]
    outcomes = list(enumerate(await registering.register_all(session, context.resources, applications, today), 1))
    return EnrolmentsOut(
        registered=[
            TakenOut.model_validate({"line": line, **asdict(outcome)})
            for line, outcome in outcomes
            if not isinstance(outcome, DomainError)
        ],
        refused=[RefusedOut.of(line, outcome) for line, outcome in outcomes if isinstance(outcome, DomainError)],
    )


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
async def explain(session: Session, context: CurrentContext, enrolment_id: UUID) -> ExplanationOut:
    """Why an enrolment stands as it does: which rules decided, which did not, each with the sentence it stands on."""
    row = await repository.find(session, enrolment_id)
    if row is None:
        raise NotFound
    return ExplanationOut.of(row, await business_date(session, context.clock))
