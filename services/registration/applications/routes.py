"""Applications over HTTP."""

from dataclasses import asdict

from fastapi import APIRouter

from services.registration.applications import service
from services.registration.applications.schemas import (
    AcceptedOut,
    EnrolmentIn,
    EnrolmentsIn,
    EnrolmentsOut,
    RefusedOut,
)
from services.registration.enrolments.schemas import RegisteredOut
from services.registration.regions.service import UnknownRegion
from services.registration.resources import RegistrationResources
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.errors import DomainError, NotFound
from shared.web.dependencies import (
    CurrentCaller,
    CurrentContext,
    ProtectionKeysDiffer,
    Session,
    requires,
    seals,
)
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["enrolments"])


@ROUTER.post("/v1/enrolments", status_code=201, dependencies=[requires("registration:write"), seals()])
@responses_for(
    service.InvalidNumber,
    service.BirthDateDiffers,
    service.NotBornYet,
    UnknownRegion,
    service.AlreadyEnrolled,
    NotFound,
    ProtectionKeysDiffer,
)
async def register(
    session: Session, caller: CurrentCaller, context: CurrentContext[RegistrationResources], body: EnrolmentIn
) -> RegisteredOut:
    """Register one person for one benefit year."""
    today = await business_date(session, context.clock)
    registered = await service.register(session, context.resources, body.application(), today, caller.trace())
    return RegisteredOut.model_validate(registered)


@ROUTER.post("/v1/enrolments/batch", dependencies=[requires("registration:write"), seals()])
@responses_for(NotFound, ProtectionKeysDiffer)
async def register_many(
    session: Session, caller: CurrentCaller, context: CurrentContext[RegistrationResources], body: EnrolmentsIn
) -> EnrolmentsOut:
    """Register a village's applications in one go; each is taken or refused by itself, and has a chain of its own."""
    today = await business_date(session, context.clock)
    applications = [(entry.application(), Trace.start(caller.client)) for entry in body.enrolments]
    outcomes = list(enumerate(await service.register_all(session, context.resources, applications, today), 1))
    return EnrolmentsOut(
        registered=[
            AcceptedOut.model_validate({"line": line, **asdict(outcome)})
            for line, outcome in outcomes
            if not isinstance(outcome, DomainError)
        ],
        refused=[RefusedOut.of(line, outcome) for line, outcome in outcomes if isinstance(outcome, DomainError)],
    )
