"""What an examination says: per township, and check by check with the rows that differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class RowFinding:
    """One row that differs, or that is to be named: what it is, where, what was expected and what was found."""

    subject: str
    region: str | None
    expected: str
    found: str
    difference_fen: int = 0


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found; ``rows`` and ``named`` hold the first rows only, the counts and sums are complete."""

    code: str
    zh: str
    en: str
    compares: str
    examined: int
    breaks: int
    break_fen: int
    in_flight: int
    in_flight_fen: int
    oldest_age_s: float
    rows: tuple[RowFinding, ...]
    waiting: tuple[RowFinding, ...]
    named_count: int
    named_fen: int
    named: tuple[RowFinding, ...]

    @property
    def verdict(self) -> str:
        """BREAK where a row differs without reason, IN_FLIGHT where every difference is on its way, else OK."""
        if self.breaks:
            return "BREAK"
        return "IN_FLIGHT" if self.in_flight else "OK"


@dataclass(frozen=True, slots=True)
class TownLine:
    """One township's people and money, or the whole installation's; amounts in fen.

    To be read across: ``paid + suspense + unapplied`` = ``collecting + pending + in_transit + treasury``, where
    suspense includes what is to be refunded, less what a channel gave back unasked, and collecting is what villages,
    collectors and channels still hold.
    """

    region: str | None
    name: str
    target: int | None = None
    registered: int = 0
    enrolled: int = 0
    due_fen: int = 0
    paid_fen: int = 0
    aided_fen: int = 0
    suspense_fen: int = 0
    unapplied_fen: int = 0
    collecting_fen: int = 0
    pending_fen: int = 0
    in_transit_fen: int = 0
    treasury_fen: int = 0


@dataclass(frozen=True, slots=True)
class CountyFigures:
    """What has no place in the table of townships: people who wait or are covered, money taken and given back."""

    paid_people: int = 0
    held: int = 0
    active: int = 0
    taken_online_fen: int = 0
    suspended_fen: int = 0
    unattributed_fen: int = 0
    refunded_fen: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class UnfinishedRestoration:
    """A restored service that is still being made whole again: how much waits, and the sentence that says it."""

    service: str
    waiting: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ConsistencyReport:
    """The whole examination."""

    installation: str
    region: str
    region_name: str
    benefit_year: int
    examined_at: datetime
    took_s: float
    towns: tuple[TownLine, ...]
    overall: TownLine
    checks: tuple[CheckResult, ...]
    # The last sealed block of each chain: service → table → block and hash.
    heads: Mapping[str, Mapping[str, Mapping[str, Any]]]
    # In which epoch each service announces.
    epochs: Mapping[str, int]
    figures: CountyFigures = CountyFigures()
    # Beside what is broken meanwhile, never instead of it.
    unfinished: tuple[UnfinishedRestoration, ...] = ()

    @property
    def breaks(self) -> int:
        """How many rows differ without reason."""
        return sum(check.breaks for check in self.checks)

    @property
    def in_flight(self) -> int:
        """How many differences an event or notice on its way explains."""
        return sum(check.in_flight for check in self.checks)

    @property
    def consistent(self) -> bool:
        """Whether nothing is broken; what is in flight is no break."""
        return not self.breaks

    @property
    def settled(self) -> bool:
        """Whether nothing is broken and nothing is on its way any more."""
        return not self.breaks and not self.in_flight
