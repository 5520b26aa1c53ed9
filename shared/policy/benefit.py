"""From when to when a person is covered, waits included."""

from dataclasses import dataclass
from datetime import date, timedelta

from shared.policy.conditions import same_day_later
from shared.policy.pack import BenefitYear, CoverFrom, Wait, Window

BenefitStart = CoverFrom


@dataclass(frozen=True, slots=True)
class BenefitRule:
    """How the covered days follow from the day of payment; ``starts_on`` is the earliest first day."""

    start: CoverFrom
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Covered:
    """The covered days, both included."""

    first: date
    last: date


def benefit_rule(window: Window, benefit: BenefitYear, birth_date: date, wait: Wait | None = None) -> BenefitRule:
    """The rule of a window: the whole benefit year, from the day after payment and wait, or from birth.

    Nobody is covered before they are born.
    """
    if window.cover is CoverFrom.BIRTH:
        return BenefitRule(CoverFrom.BIRTH, birth_date, benefit.last)
    waits = (wait or window.wait).code is not None
    start = CoverFrom.DAY_AFTER_WAIT if waits else window.cover
    return BenefitRule(start, max(birth_date, benefit.first), benefit.last)


def covered_days(rule: BenefitRule, wait: Wait, paid_on: date) -> Covered | None:
    """The days covered after a payment; None where the wait passes the end of the period.

    A wait runs from the payment if that came late, else from the eve of the benefit period (default 1).
    """
    if rule.start is not CoverFrom.DAY_AFTER_WAIT:
        return Covered(rule.starts_on, rule.ends_on)
    anchor = max(paid_on, rule.starts_on - timedelta(days=1))
    first = _after(anchor, wait) + timedelta(days=1)
    return Covered(first, rule.ends_on) if first <= rule.ends_on else None


def _after(anchor: date, wait: Wait) -> date:
    """The last day of a wait: months by the calendar (Civil Code 202), then days."""
    return same_day_later(anchor, wait.months) + timedelta(days=wait.days)
