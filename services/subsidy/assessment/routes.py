"""Assessments over HTTP: read one, or decide a case of which nothing is stored."""

from uuid import UUID

from fastapi import APIRouter

from services.subsidy.assessment import repository, service
from services.subsidy.assessment.schemas import AssessmentOut, CaseIn, PreviewOut
from services.subsidy.resources import SubsidyResources
from shared.errors import NotFound
from shared.web.dependencies import CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["assessments"])


@ROUTER.get("/v1/enrolments/{enrolment_id}/assessment", dependencies=[requires("subsidy:read")])
@responses_for(NotFound)
async def assessment(session: Session, enrolment_id: UUID) -> AssessmentOut:
    """What an enrolment owes by day of payment, who pays the rest, and why, with the clauses."""
    versions = await repository.versions_of(session, enrolment_id)
    if not versions:
        raise NotFound
    return AssessmentOut.of(versions)


@ROUTER.post("/v1/assessments:preview", dependencies=[requires("subsidy:read")])
@responses_for(service.FactMissing)
async def preview(context: CurrentContext[SubsidyResources], body: CaseIn) -> PreviewOut:
    """Decide a case under the policy pack in force, as it would be decided, and store nothing."""
    pack = context.resources.pack
    decided, reasons = service.preview(pack, body)
    return PreviewOut(pack=pack.id, answer=decided, reasons=reasons)
