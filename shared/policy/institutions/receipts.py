"""Books of receipts: every number is used, voided or returned, written off in two steps, issued by the entrusted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

Numbers = tuple[int, int]  # from … to, both included


@dataclass(frozen=True, slots=True)
class WriteOff:
    """Numbers of a book that nobody accounts for, that stand in two places, and that were never issued."""

    unaccounted: int
    twice: int
    foreign: int

    @property
    def complete(self) -> bool:
        """Whether the book may be written off."""
        return not (self.unaccounted or self.twice or self.foreign)


@dataclass(frozen=True, slots=True)
class Book:
    """What was issued, and what became of it: used, voided, returned."""

    issued: Numbers
    parts: tuple[Numbers, ...]


@dataclass(frozen=True, slots=True)
class TwoSteps:
    """村 → 乡镇 → 税务: the town's account of each village's book, and the tax bureau's account of the town's."""

    villages: tuple[WriteOff, ...]
    town: WriteOff

    @property
    def complete(self) -> bool:
        """The tax bureau writes off a town's book only after the town wrote off the book of every village."""
        return self.town.complete and all(village.complete for village in self.villages)


def write_off(issued: Numbers, parts: Sequence[Numbers]) -> WriteOff:
    """Account for a book; ``parts`` are what was used, voided and returned. Books of any size cost the same."""
    changes: dict[int, int] = {issued[0]: 0, issued[1] + 1: 0}
    for first, last in parts:
        changes[first] = changes.get(first, 0) + 1
        changes[last + 1] = changes.get(last + 1, 0) - 1
    unaccounted = twice = foreign = places = 0
    for first, after in pairwise(sorted(changes)):
        places += changes[first]
        size, within = after - first, issued[0] <= first <= issued[1]
        unaccounted += size if within and not places else 0
        twice += size if places > 1 else 0
        foreign += size if places and not within else 0
    return WriteOff(unaccounted, twice, foreign)


def beyond(runs: Iterable[Numbers], others: Sequence[Numbers]) -> list[Numbers]:
    """The numbers of some runs that stand in no other: a recalled receipt was used before, and is one receipt."""
    rest = list(runs)
    for first, last in others:
        rest = [
            (start, end)
            for run in rest
            for start, end in ((run[0], min(run[1], first - 1)), (max(run[0], last + 1), run[1]))
            if start <= end
        ]
    return rest


def two_steps(issued: Numbers, kept: Iterable[Numbers], villages: Sequence[Book]) -> TwoSteps:
    """Account for a town's book: what it passed on to villages or kept, and within that each village's own."""
    passed_on = [village.issued for village in villages]
    return TwoSteps(
        tuple(write_off(village.issued, village.parts) for village in villages),
        write_off(issued, [*passed_on, *kept]),
    )


def may_issue(entrusted_from: date, entrusted_until: date | None, day: date) -> bool:
    """Whether a collector's entrustment is in force on a day."""
    return entrusted_from <= day and (entrusted_until is None or day <= entrusted_until)
