"""How far an import is in the file, and what became of the rows so far. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.registration.imports.records import Position
from shared.errors import DomainError, ErrorCode


class RunsElsewhere(DomainError):
    """Another process got ahead with the same file."""

    code = ErrorCode.IMPORT_RUNS_ELSEWHERE


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the rows so far."""

    imported: int = 0
    unchanged: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """How many there were."""
        return self.imported + self.unchanged + self.refused

    def with_batch(self, imported: int, unchanged: int, refused: Iterable[str]) -> "Tally":
        """The tally with one more batch; refusals by their codes."""
        codes = Counter(refused)
        return Tally(
            self.imported + imported,
            self.unchanged + unchanged,
            self.refused + codes.total(),
            self.reasons + codes,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One import, and how far it is in the file and in the file of errors."""

    id: UUID
    position: Position
    tally: Tally
    error_bytes: int

    def after(self, end: Position, tally: Tally, error_bytes: int) -> "Run":
        """The run behind one more batch."""
        return replace(self, position=end, tally=tally, error_bytes=error_bytes)
