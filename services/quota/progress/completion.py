"""People of a place, as they are counted."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """People of one place: with a live enrolment, of these paid or with nothing due, and ended enrolments."""

    registered: int = 0
    enrolled: int = 0
    terminated: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.registered + other.registered,
            self.enrolled + other.enrolled,
            self.terminated + other.terminated,
        )

    @staticmethod
    def total(parts: Iterable["Counts"]) -> "Counts":
        """Towns are the sum of their villages, the county the sum of all."""
        return sum(parts, Counts())
