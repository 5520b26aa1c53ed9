"""Sums over counts of enrolments: by state, by town, and by day of enrolment."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from services.registration.enrolments.state import PAID_OR_BEYOND, State
from services.registration.summary.repository import StateCount
from services.registration.summary.schemas import DayOut, TownEnrolments


def by_state(counts: Iterable[StateCount]) -> dict[str, int]:
    """Enrolments of all towns in each state."""
    states = Counter[str]()
    for count in counts:
        if count.town is not None:
            states[count.state] += count.enrolments
    return dict(states)


def by_town(counts: Iterable[StateCount]) -> list[TownEnrolments]:
    """Enrolments of each town by state, how many of them count as registered, and how many are enrolled."""
    towns: dict[str, dict[str, int]] = {}
    out_of_scope = Counter[str]()
    for count in counts:
        if count.town is not None:
            towns.setdefault(count.town, {})[count.state] = count.enrolments
            out_of_scope[count.town] += count.out_of_scope
    return [_town(region, states, out_of_scope[region]) for region, states in towns.items()]


def by_day(counts: Iterable[StateCount]) -> list[DayOut]:
    """Who became enrolled on each day, of the counts that belong to no town."""
    days = Counter[date]()
    for count in counts:
        if count.town is None and count.paid_on is not None and count.state in PAID_OR_BEYOND:
            days[count.paid_on] += count.enrolments
    return [DayOut(day=day, enrolled=enrolled) for day, enrolled in days.items()]


def _town(region: str, states: dict[str, int], out_of_scope: int) -> TownEnrolments:
    return TownEnrolments(
        region=region,
        states=states,
        registered=sum(count for state, count in states.items() if state != State.TERMINATED) - out_of_scope,
        enrolled=sum(count for state, count in states.items() if state in PAID_OR_BEYOND),
    )
