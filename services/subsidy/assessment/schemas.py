"""What HTTP speaks about assessments; amounts in fen."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.subsidy import Reason, ScheduleRow


class VersionOut(BaseModel):
    """One version of an assessment: what made it, and how it ended."""

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
    def of(cls, versions: Sequence[Mapping[str, Any]]) -> Self:
        """The newest version with the others beside it."""
        return cls(**versions[0], versions=[VersionOut.model_validate(dict(version)) for version in versions])
