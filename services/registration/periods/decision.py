"""When cover begins, from the day of payment and the rules that the paid row of the schedule carries."""

from dataclasses import dataclass
from datetime import date

from shared.contracts.subsidy import BenefitRule, WaitRule
from shared.domain.waits import first_day_after

WAITING_EXCEEDS_BENEFIT_PERIOD = "WAITING_EXCEEDS_BENEFIT_PERIOD"


@dataclass(frozen=True, slots=True)
class Period:
    """The days a person is covered, both included; held where the wait outlasts the benefit year."""

    starts_on: date | None
    ends_on: date | None
    wait: str | None = None
    held: str | None = None


def decide_period(paid_on: date, wait: WaitRule, benefit: BenefitRule) -> Period:
    """The covered days: start = payment day + wait + 1 day where there is a wait, else as the benefit rule says.

    The day of payment and the wait's last day are not covered (Civil Code, articles 201 and 202).
    """
    starts_on = benefit.starts_on
    if benefit.start == "DAY_AFTER_WAIT":
        starts_on = max(starts_on, first_day_after(paid_on, months=wait.months, days=wait.days))
    if starts_on > benefit.ends_on:
        return Period(None, None, wait=wait.code, held=WAITING_EXCEEDS_BENEFIT_PERIOD)
    return Period(starts_on, benefit.ends_on, wait=wait.code)
