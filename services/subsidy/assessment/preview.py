"""The door at which a case is decided and nothing is stored: facts in, the answer with its reasons out."""

from typing import Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, model_validator

from services.subsidy.assessment.pricing import as_reason
from services.subsidy.resources import SubsidyResources
from shared.contracts.subsidy import Reason
from shared.errors import DomainError, ErrorCode
from shared.policy.answer import answer
from shared.policy.case_decision import decided
from shared.policy.facts import MissingFact
from shared.policy.question import CaseFacts
from shared.web.dependencies import CurrentContext, requires
from shared.web.error_responses import responses_for
from shared.web.fields import example
from shared.web.strict_route import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["assessments"])


class FactMissing(DomainError):
    """A rule has to look at something that nobody said."""

    code = ErrorCode.FACT_MISSING


class CaseIn(CaseFacts):
    """One person's case under the pack in force; amounts that an installation configures are not the caller's."""

    model_config = example(
        birth_date="1980-05-01",
        hukou="local",
        residence="in_area_long_term",
        other_insurance={"type": "none"},
        registration_date="2023-11-05",
        payment_date="2023-11-05",
        channel="WECHAT",
    )

    @model_validator(mode="after")
    def _configured_here(self) -> Self:
        if "config_overrides" in self.model_fields_set:
            raise ValueError("config_overrides belong to the installation")
        return self


class PreviewOut(BaseModel):
    """The answer in the shape of a worked case (amounts in yuan), and every rule that was tried."""

    pack: str
    answer: dict[str, Any]
    reasons: list[Reason]


@router.post("/v1/assessments:preview", dependencies=[requires("subsidy:read")])
@responses_for(FactMissing)
async def preview(context: CurrentContext[SubsidyResources], body: CaseIn) -> PreviewOut:
    """Decide a case under the policy pack in force, as it would be decided, and store nothing."""
    resources = context.resources
    try:
        decision = decided(resources.pack, body)
    except MissingFact as missing:
        raise FactMissing(str(missing), pointer=f"/{missing.name.replace('.', '/')}") from None
    return PreviewOut(
        pack=resources.pack.id,
        answer=answer(resources.pack, decision, body.person()),
        reasons=[as_reason(reason) for reason in decision.reasons],
    )
