"""How far a township is: counted in whole people, so that no float decides a rank."""

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


def completion_percent(enrolled: int, target: int) -> str | None:
    """The share of a target that is reached, in percent, half-up to 2 decimals; a target of nobody has no share."""
    if target == 0:
        return None
    hundredths = (enrolled * 20_000 + target) // (2 * target)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def remaining(enrolled: int, target: int) -> int:
    """People still missing to the target."""
    return max(target - enrolled, 0)


def over(enrolled: int, target: int) -> int:
    """People beyond the target; a target is never a cap."""
    return max(enrolled - target, 0)
