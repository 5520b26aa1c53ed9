"""The door at which an assessment is read."""

from uuid import UUID

from fastapi import APIRouter

from services.subsidy.assessment import repository
from services.subsidy.assessment.schemas import AssessmentOut
from shared.errors import NotFound
from shared.web.dependencies import Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["assessments"])


@router.get("/v1/enrolments/{enrolment_id}/assessment", dependencies=[requires("subsidy:read")])
@responses_for(NotFound)
async def assessment(session: Session, enrolment_id: UUID) -> AssessmentOut:
    """What an enrolment owes by day of payment, who pays the rest, and why, with the clauses."""
    versions = await repository.versions_of(session, enrolment_id)
    if not versions:
        raise NotFound
    return AssessmentOut.of(versions)
