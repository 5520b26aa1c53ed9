"""Why an enrolment stands as it does: the rules that were tried, apart by whether they won, each with its sentence."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.registration.enrolments.repository import EnrolmentDetails
from services.registration.enrolments.schemas import ExplanationOut
from shared.contracts.subsidy import Reason, ScheduleRow


def explain(details: EnrolmentDetails, today: date) -> ExplanationOut:
    """Explain one enrolment by the assessment that it follows."""
    assessment: Mapping[str, Any] = details.assessment or {}
    schedule = [ScheduleRow.model_validate(each) for each in assessment.get("schedule", ())]
    day = details.paid_on or today
    in_force = next((each for each in schedule if day <= each.pay_until), None)
    # What holds for every row stands above the rows only.
    of_rows = {reason for each in schedule for reason in each.reasons}
    reasons = [
        reason
        for reason in map(Reason.model_validate, assessment.get("reasons", ()))
        if reason not in of_rows or (in_force is not None and reason in in_force.reasons)
    ]
    return ExplanationOut(
        enrolment_id=details.id,
        state=details.state,
        assessed=bool(assessment),
        pack=assessment.get("pack"),
        outcome=assessment.get("outcome"),
        reason_code=assessment.get("reason_code"),
        identities=list(assessment.get("identities", ())),
        day=day,
        row=in_force,
        decided_by=[reason for reason in reasons if reason.won],
        ruled_out=[reason for reason in reasons if not reason.won],
        schedule=schedule,
        paid_on=details.paid_on,
        benefit_start=details.benefit_start,
        benefit_end=details.benefit_end,
    )
