"""What HTTP speaks about assessments; amounts in fen."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, model_validator

from services.subsidy.assessment.repository import AssessmentVersion
from shared.contracts.subsidy import Reason, ScheduleRow
from shared.policy.question import CaseFacts
from shared.web.fields import example


class VersionOut(BaseModel):
    """One version of an assessment: what made it, and how it ended."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    assessed_on: date
    cause: str
    outcome: str
    reason_code: str | None


class AssessmentOut(VersionOut):
    """The assessment in force, with every rule that was tried and the clause it stands on; older versions by name."""

    enrolment_id: UUID
    region: str
    benefit_year: int
    pack: str
    identities: list[str]
    schedule: list[ScheduleRow]
    reasons: list[Reason]
    versions: list[VersionOut]

    @classmethod
    def of(cls, versions: Sequence[AssessmentVersion]) -> Self:
        """The newest version with the others beside it."""
        newest, older = versions[0], [VersionOut.model_validate(version) for version in versions]
        return cls.model_validate(asdict(newest) | {"versions": older})


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
