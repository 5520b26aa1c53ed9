"""Which people are equal to the rules of a pack, so that each distinct kind of person is decided once.

What is said of a person is compared as it stands, save the two days that nearly everybody has for themselves: a birth
date is no more to the rules than the ages it has reached, and the day of registration is the day from which ages count.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from datetime import date
from enum import IntEnum
from itertools import compress, count, repeat
from operator import add, gt, mul, or_

from shared.domain.waits import same_day_later
from shared.policy.conditions import Conditions
from shared.policy.facts import Facts
from shared.policy.pack import Pack


class Detail(IntEnum):
    """How much of a person's birth date and day of registration the rules look at."""

    AGES = 0
    REGISTRATION = 1
    BIRTH = 2


class PricingKeys:
    """Distinguishes people as far as one pack does."""

    def __init__(self, pack: Pack) -> None:
        limits: defaultdict[date | None, set[int]] = defaultdict(set)
        for whom in (asked := _asked(pack)):
            limits[whom.aged_on] |= {age for age in (whom.age_from, whom.age_under) if age is not None}
        self._ages = limits.pop(None, set())
        self._born_by = [_born_by(day, ages) for day, ages in limits.items() if day and ages]
        self._covered_from = pack.benefit.first
        self._newborns = pack.newborns is not None or any(
            whom.newborn is not None or whom.days_old_max is not None for whom in asked
        )
        self._days_of_all = any(whom.days_old_max is not None and whom.newborn is None for whom in asked)
        self._registration = any(
            _looks_at_the_day(whom) for whom in (*(rule.whom for rule in pack.scope), pack.exclusions.suspended_for)
        )

    def detail(self, facts: Facts) -> Detail:
        """What the rules look at in everybody of whom the same is said."""
        if self._days_of_all or (facts.newborn and self._newborns):
            return Detail.BIRTH
        other = facts.other_insurance
        days = (other.paid_through, facts.discharge_date, facts.sponsor_discharge_date)
        if other.suspended_on is not None or (self._registration and any(day is not None for day in days)):
            return Detail.REGISTRATION
        return Detail.AGES

    def keys(self, births: Sequence[date], registered: Sequence[date], details: Sequence[Detail]) -> Sequence[Hashable]:
        """One key for each person: two of whom the same is said are equal to the rules where their keys are.

        A schedule by day of payment is then the same; give it its ``as_of``. What is done for everybody runs inside C.
        """
        keys: list[Hashable] = list(self._ages_reached(births, registered))
        # Nobody is covered before they are born: a birth in the benefit year begins cover of its own.
        if not any(details) and max(births, default=self._covered_from) <= self._covered_from:
            return keys
        late_born = map(gt, births, repeat(self._covered_from))
        for place in compress(count(), map(or_, details, late_born)):
            born = births[place]
            alone = details[place] is Detail.BIRTH or born > self._covered_from
            keys[place] = (born if alone else keys[place], registered[place])
        return keys

    def _ages_reached(self, births: Sequence[date], registered: Sequence[date]) -> Iterable[int]:
        """Which of the ages in rules each person has reached, on the days on which ages count, as one number."""
        found: Iterable[int] = repeat(0, len(births))
        scale = 1
        days = set(registered) if self._ages else ()
        for age in sorted(self._ages):
            limit = {day: same_day_later(day, -12 * age) for day in days}
            younger = map(gt, births, map(limit.__getitem__, registered))
            found = map(add, found, map(mul, younger, repeat(scale)))
            scale *= 2
        for born_by in self._born_by:
            reached = {born: scale * bisect_left(born_by, born) for born in set(births)}
            found = map(add, found, map(reached.__getitem__, births))
            scale *= len(born_by) + 1
        return found


def _asked(pack: Pack) -> list[Conditions]:
    """Everything that a pack's rules ask of a person."""
    exempt = pack.continuity.exempt if pack.continuity else ()
    return [
        *(rule.whom for rule in pack.scope),
        *(window.whom for window in pack.windows),
        *(relief.whom for relief in pack.reliefs),
        *exempt,
        pack.exclusions.suspended_for,
    ]


def _looks_at_the_day(whom: Conditions) -> bool:
    """Whether a condition holds on some days and not on others; scope and suspension ask on the day of registration."""
    by_day = (
        whom.discharged_in_year,
        whom.sponsor_discharged_in_year,
        whom.discharged_months_max,
        whom.employee_gap_months_max,
        whom.employee_gap_months_over,
    )
    return any(value is not None for value in by_day)


def _born_by(day: date, ages: Iterable[int]) -> list[date]:
    """For each age the last birth date that has reached it on a day, from the earliest on."""
    return sorted(same_day_later(day, -12 * age) for age in ages)
