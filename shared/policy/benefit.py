"""From when to when a person is covered, waits included."""

from dataclasses import dataclass
from datetime import date, timedelta

from shared.domain.waits import first_day_after
from shared.policy.pack import BenefitYear, CoverFrom, Wait, Window


@dataclass(frozen=True, slots=True)
class CoverRule:
    """How the covered days follow from the day of payment; ``starts_on`` is the earliest first day."""

    start: CoverFrom
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class CoverPeriod:
    """The covered days, both included."""

    first: date
    last: date


def benefit_rule(window: Window, benefit: BenefitYear, birth_date: date, wait: Wait | None = None) -> CoverRule:
    """The rule of a window: the whole benefit year, from the day after payment and wait, or from birth.

    A late payer's wait runs from the payment; a wait of somebody who pays in time, from the eve of the benefit period,
    whatever the day (default 1). Nobody is covered before they are born.
    """
    waits, first = wait or window.wait, max(birth_date, benefit.first)
    if window.cover is CoverFrom.BIRTH:
        # Only a newborn rule of its own buys days before the benefit year: who pays later is never covered earlier.
        return CoverRule(CoverFrom.BIRTH, birth_date if window.before_year else first, benefit.last)
    if waits.code is None:
        return CoverRule(window.cover, first, benefit.last)
    if window.late or window.wait.code is not None:
        return CoverRule(CoverFrom.DAY_AFTER_WAIT, first, benefit.last)
    after = first_day_after(benefit.first - timedelta(days=1), months=waits.months, days=waits.days)
    return CoverRule(CoverFrom.YEAR_START, max(after, first), benefit.last)


def covered_days(rule: CoverRule, wait: Wait, paid_on: date) -> CoverPeriod | None:
    """The days covered after a payment; None where the wait passes the end of the period."""
    first = rule.starts_on
    if rule.start is CoverFrom.DAY_AFTER_WAIT:
        first = max(first, first_day_after(paid_on, months=wait.months, days=wait.days))
    return CoverPeriod(first, rule.ends_on) if first <= rule.ends_on else None
