"""What a measurement says: a number per round, its unit, and the goal where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Goal:
    """What the median must reach: at least ``limit`` or at most."""

    limit: float
    at_least: bool

    @property
    def words(self) -> str:
        """The goal as the table shows it."""
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"

    def met(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value >= self.limit if self.at_least else value <= self.limit


def at_least(limit: float) -> Goal:
    """The more the better."""
    return Goal(limit, at_least=True)


def at_most(limit: float) -> Goal:
    """The less the better."""
    return Goal(limit, at_least=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what was measured, round by round."""

    subject: str
    what: str
    unit: str
    values: tuple[float, ...]
    goal: Goal | None = None

    @property
    def median(self) -> float:
        """The value that the goal is held against."""
        return median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        return None if self.goal is None else self.goal.met(self.median)


def line(subject: str, what: str, unit: str, values: Sequence[float], goal: Goal | None = None) -> Line:
    """A line of the table; raises ValueError where nothing was measured."""
    if not values:
        raise ValueError(f"{subject} {what}: nothing was measured")
    return Line(subject, what, unit, tuple(values), goal)


def ratio(subject: str, what: str, ours: Sequence[float], theirs: Sequence[float], goal: Goal | None = None) -> Line:
    """Ours over theirs, pair by pair as they were measured beside each other."""
    return line(subject, what, "×", [one / other for one, other in zip(ours, theirs, strict=True)], goal)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
