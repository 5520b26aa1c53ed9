"""When cover begins, from the day of payment and the rules that the paid row of the schedule carries."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from shared.contracts.subsidy import BenefitRule, WaitRule

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
        starts_on = max(starts_on, _add_months(paid_on, wait.months) + timedelta(days=wait.days + 1))
    if starts_on > benefit.ends_on:
        return Period(None, None, wait=wait.code, held=WAITING_EXCEEDS_BENEFIT_PERIOD)
    return Period(starts_on, benefit.ends_on, wait=wait.code)


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
