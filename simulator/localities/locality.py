"""What a season has to know of a place: its towns and days, who is aided, and what its document asks of each person."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Town:
    """A township: an illustrative nine-digit code, its name and the number of persons it is to enrol."""

    region: str
    name: str
    target: int


@dataclass(frozen=True, slots=True)
class Owed:
    """What a person owes and others pay, in fen, and the first covered day; written by hand, never asked of canbao.

    Without ``due_fen`` nobody may collect: on hold until an amount is configured, or ``rejected`` for good.
    """

    due_fen: int | None
    aid_fen: int = 0
    covered_from: date | None = None
    rejected: bool = False


REJECTED = Owed(None, rejected=True)


@dataclass(frozen=True, slots=True)
class Story:
    """One person of whom the document says something of its own; steps are places in the calendar."""

    name: str
    owed: Owed
    at: int  # registers, and pays where something is due
    born: date | None = None
    declared: Mapping[str, Any] = field(default_factory=dict)  # beyond name, number, birth and village
    identity: str | None = None
    certified_at: int = 0


@dataclass(frozen=True, slots=True)
class Calendar:
    """The season's days: the collecting stage in steps, its last days one by one, the turn of the year, latecomers."""

    steps: tuple[date, ...]
    last_day: date
    correction: int = 5  # departments send what their first rosters missed
    last_cash: int = 11  # receipts are written so early that statement, slip and bank agree before the stage is over
    last_online: int = 11
    turn_of_year: int = 13

    @property
    def last(self) -> int:
        """The step on which the season ends."""
        return len(self.steps) - 1

    def at(self, day: date) -> int:
        """The step of a day."""
        return self.steps.index(day)


def collecting(first: date, last: date, *afterwards: date) -> Calendar:
    """A stage in eleven even steps, its last days and New Year, and the days on which latecomers are dealt with."""
    before = last - timedelta(days=2)
    even = tuple(first + (before - first) * step // 11 for step in range(12))
    return Calendar((*even, last, last + timedelta(days=1), *afterwards), last)


@dataclass(frozen=True, slots=True)
class Locality:
    """A place under one policy pack. Amounts are in fen, shares of people per thousand."""

    pack: str
    county: str
    name: str
    document: str
    benefit_year: int
    towns: tuple[Town, ...]
    targets_printed: bool  # by the document; else they are invented for the demonstration
    calendar: Calendar
    standard_fen: int
    shares: Mapping[str, int]
    pairs: tuple[tuple[str, ...], ...]
    owed: Callable[[date, Collection[str]], Owed]  # by birth date and certified identities
    closes: bool  # nobody but those of whom the document says so pays after the stage
    certified_on: date
    roster_document: str
    declared: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # what an identity must declare
    stories: tuple[Story, ...] = ()
    late_identity: str = "DIBAO"

    @property
    def total(self) -> int:
        """The people whom all townships together are to enrol."""
        return sum(town.target for town in self.towns)

    def scaled(self, total: int) -> tuple[Town, ...]:
        """The townships in proportion to ``total`` persons; the whole number gives the whole numbers."""
        parts = apportion(total, [town.target for town in self.towns])
        return tuple(Town(town.region, town.name, part) for town, part in zip(self.towns, parts, strict=True))


def highest_aid_alone(standard_fen: int, aid_fen: Mapping[str, int], first_day: date) -> Callable[..., Owed]:
    """What people owe where the highest aid of their identities counts, and no other."""

    def owed(_: date, identities: Collection[str]) -> Owed:
        aid = max((aid_fen.get(identity, 0) for identity in identities), default=0)
        return Owed(standard_fen - aid, aid, first_day)

    return owed


def numbered(county: str, names: Sequence[str], targets: Sequence[int]) -> tuple[Town, ...]:
    """Townships with illustrative codes, from 101 on."""
    pairs = enumerate(zip(names, targets, strict=True), start=101)
    return tuple(Town(f"{county}{code}", name, target) for code, (name, target) in pairs)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion by largest remainder, so that the parts sum exactly; ties go to the first named."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    short = total - sum(parts)
    for place in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:short]:
        parts[place] += 1
    return parts
