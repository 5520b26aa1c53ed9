"""Why an enrolment stands as it does: the rules that were tried, apart by whether they won, each with its sentence."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import RowMapping

from shared.contracts.subsidy import Reason, ScheduleRow


class ExplanationOut(BaseModel):
    """What decided an enrolment, what did not and why, and what is due by day of payment; amounts in fen.

    The reasons are those of ``day``: of the payment, else of today; ``row`` says what holds on it (null where no money
    may come any more), ``schedule`` what holds on the other days, each with the reasons that are its own.
    """

    enrolment_id: UUID
    state: str
    assessed: bool
    pack: str | None
    outcome: str | None
    reason_code: str | None
    identities: list[str]
    day: date
    row: ScheduleRow | None
    decided_by: list[Reason]
    ruled_out: list[Reason]
    schedule: list[ScheduleRow]
    paid_on: date | None
    benefit_start: date | None
    benefit_end: date | None

    @classmethod
    def of(cls, row: RowMapping, today: date) -> Self:
        """Explain one enrolment by the assessment that it follows."""
        said: dict[str, Any] = row["assessment"] or {}
        schedule = [ScheduleRow.model_validate(each) for each in said.get("schedule", ())]
        day: date = row["paid_on"] or today
        in_force = next((each for each in schedule if day <= each.pay_until), None)
        # What holds for every row stands above the rows only.
        of_rows = {reason for each in schedule for reason in each.reasons}
        reasons = [
            reason
            for reason in map(Reason.model_validate, said.get("reasons", ()))
            if reason not in of_rows or (in_force is not None and reason in in_force.reasons)
        ]
        return cls(
            enrolment_id=row["id"],
            state=row["state"],
            assessed=bool(said),
            pack=said.get("pack"),
            outcome=said.get("outcome"),
            reason_code=said.get("reason_code"),
            identities=list(said.get("identities", ())),
            day=day,
            row=in_force,
            decided_by=[reason for reason in reasons if reason.won],
            ruled_out=[reason for reason in reasons if not reason.won],
            schedule=schedule,
            paid_on=row["paid_on"],
            benefit_start=row["benefit_start"],
            benefit_end=row["benefit_end"],
        )
