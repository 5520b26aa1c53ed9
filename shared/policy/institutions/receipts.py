"""Books of receipts: every number is used, voided or returned, and only an entrusted collector issues one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

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


def write_off(issued: Numbers, parts: Sequence[Numbers]) -> WriteOff:
    """Account for a book; ``parts`` are what was used, voided and returned."""
    book = range(issued[0], issued[1] + 1)
    times = Counter(number for first, last in parts for number in range(first, last + 1))
    return WriteOff(
        unaccounted=sum(number not in times for number in book),
        twice=sum(count > 1 for count in times.values()),
        foreign=sum(number not in book for number in times),
    )


def may_issue(entrusted_from: date, entrusted_until: date | None, day: date) -> bool:
    """Whether a collector's entrustment is in force on a day."""
    return entrusted_from <= day and (entrusted_until is None or day <= entrusted_until)
