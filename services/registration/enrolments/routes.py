"""Enrolments over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from services.registration.enrolments import repository, service
from services.registration.enrolments.schemas import EnrolmentIn, EnrolmentOut, RegisteredOut
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentRunning, Session, requires

router = APIRouter(tags=["enrolments"])


@router.post("/v1/enrolments", status_code=201, dependencies=[requires("registration:write")])
async def register(
    session: Session, caller: CurrentCaller, running: CurrentRunning, body: EnrolmentIn
) -> RegisteredOut:
    """Register one person for one benefit year."""
    today = await business_date(session, running.clock)
    registered = await service.register(session, running.resources, body.application(), today, caller.trace())
    return RegisteredOut.model_validate(registered)


@router.get("/v1/enrolments/{enrolment_id}", dependencies=[requires("registration:read")])
async def show(session: Session, enrolment_id: UUID) -> EnrolmentOut:
    """One enrolment: what is due and why, what was paid, from when the person is covered."""
    row = await repository.find(session, enrolment_id)
    if row is None:
        raise NotFound
    return EnrolmentOut.of(row)
