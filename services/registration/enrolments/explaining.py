"""Why an enrolment stands as it does: the rules that were tried, apart by whether they won, each with its sentence."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import RowMapping

from shared.contracts.subsidy import Reason, ScheduleRow


class ExplanationOut(BaseModel):
    """What decided an enrolment, what did not and why, and what is due by day of payment; amounts in fen."""

    enrolment_id: UUID
    state: str
    assessed: bool
    pack: str | None
    outcome: str | None
    reason_code: str | None
    identities: list[str]
    decided_by: list[Reason]
    ruled_out: list[Reason]
    schedule: list[ScheduleRow]
    paid_on: date | None
    benefit_start: date | None
    benefit_end: date | None

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """Explain one enrolment by the assessment that it follows."""
        said: dict[str, Any] = row["assessment"] or {}
        reasons = [Reason.model_validate(reason) for reason in said.get("reasons", ())]
        return cls(
            enrolment_id=row["id"],
            state=row["state"],
            assessed=bool(said),
            pack=said.get("pack"),
            outcome=said.get("outcome"),
            reason_code=said.get("reason_code"),
            identities=list(said.get("identities", ())),
            decided_by=[reason for reason in reasons if reason.won],
            ruled_out=[reason for reason in reasons if not reason.won],
            schedule=[ScheduleRow.model_validate(each) for each in said.get("schedule", ())],
            paid_on=row["paid_on"],
            benefit_start=row["benefit_start"],
            benefit_end=row["benefit_end"],
        )
