"""From when to when a person is covered, waits included."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from shared.policy.pack import BenefitYear, Wait, Window


class BenefitStart(StrEnum):
    """Which day cover begins on."""

    YEAR_START = "YEAR_START"
    DAY_AFTER_WAIT = "DAY_AFTER_WAIT"


@dataclass(frozen=True, slots=True)
class BenefitRule:
    """How the covered days follow from the day of payment; ``starts_on`` is the earliest first day."""

    start: BenefitStart
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Covered:
    """The covered days, both included."""

    first: date
    last: date


def benefit_rule(window: Window, benefit: BenefitYear) -> BenefitRule:
    """The rule of a window: the whole benefit year, or from the day after a wait."""
    if window.wait.code is None:
        return BenefitRule(BenefitStart.YEAR_START, benefit.first, benefit.last)
    return BenefitRule(BenefitStart.DAY_AFTER_WAIT, benefit.first, benefit.last)


def covered_days(rule: BenefitRule, wait: Wait, paid_on: date) -> Covered | None:
    """The days covered after a payment; None where the wait passes the end of the period.

    A wait runs from the payment if that came late, else from the eve of the benefit period (default 1).
    """
    if rule.start is BenefitStart.YEAR_START:
        return Covered(rule.starts_on, rule.ends_on)
    anchor = max(paid_on, rule.starts_on - timedelta(days=1))
    first = _after(anchor, wait) + timedelta(days=1)
    return Covered(first, rule.ends_on) if first <= rule.ends_on else None


def _after(anchor: date, wait: Wait) -> date:
    """The last day of a wait: months by the calendar (Civil Code 202), then days."""
    months = anchor.month - 1 + wait.months
    year, month = anchor.year + months // 12, months % 12 + 1
    day = min(anchor.day, calendar.monthrange(year, month)[1])
    return date(year, month, day) + timedelta(days=wait.days)
