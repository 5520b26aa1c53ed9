"""How far an import is: recorded in the transaction that entered the rows, so that it stops anywhere and goes on."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.imports.records import Position
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode

# Whoever comes second finds the run of whoever came first.
_BEGIN = text(
    """
    INSERT INTO import_run (id, region, benefit_year, file_digest, actor, byte_position, line, imported, unchanged,
                            refused, reasons, error_bytes)
    VALUES (:id, :region, :benefit_year, :file_digest, :actor, :byte_position, :line, 0, 0, 0, '{}', 0)
    ON CONFLICT (region, benefit_year, file_digest) WHERE finished_at IS NULL DO NOTHING
    """
)
_UNFINISHED = text(
    """
    SELECT id, byte_position, line, imported, unchanged, refused, reasons, error_bytes FROM import_run
    WHERE region = :region AND benefit_year = :benefit_year AND file_digest = :file_digest AND finished_at IS NULL
    """
)
_CLAIM = text(
    """
    SELECT id FROM import_run WHERE id = :id AND byte_position = :byte_position AND finished_at IS NULL FOR UPDATE
    """
)
_RECORD = text(
    """
    UPDATE import_run SET byte_position = :byte_position, line = :line, imported = :imported, unchanged = :unchanged,
                          refused = :refused, reasons = CAST(:reasons AS jsonb), error_bytes = :error_bytes
    WHERE id = :id
    """
)
_FINISH = text("UPDATE import_run SET finished_at = now() WHERE id = :id")


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

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """As it was recorded."""
        tally = Tally(row["imported"], row["unchanged"], row["refused"], Counter(row["reasons"]))
        return cls(row["id"], Position(row["byte_position"], row["line"]), tally, row["error_bytes"])

    def after(self, end: Position, tally: Tally, error_bytes: int) -> "Run":
        """The run behind one more batch."""
        return replace(self, position=end, tally=tally, error_bytes=error_bytes)


async def begin_or_find(
    session: AsyncSession,
    *,
    region: str,
    benefit_year: int,
    digest: bytes,
    actor: str,
    begin: Position,
) -> Run:
    """A new run for this file, or the one that did not come to its end."""
    key = {"region": region, "benefit_year": benefit_year, "file_digest": digest}
    where = {"byte_position": begin.offset, "line": begin.line}
    await session.execute(_BEGIN, key | where | {"id": new_id(), "actor": actor})
    return Run.of((await session.execute(_UNFINISHED, key)).mappings().one())


async def claim(session: AsyncSession, run: Run) -> None:
    """Hold the run for this transaction; raises ``RunsElsewhere`` where another process took it further."""
    row = await session.execute(_CLAIM, {"id": run.id, "byte_position": run.position.offset})
    if row.scalar_one_or_none() is None:
        raise RunsElsewhere


async def record(session: AsyncSession, run: Run) -> None:
    """Write down how far the run is."""
    tally = run.tally
    await session.execute(
        _RECORD,
        {
            "id": run.id,
            "byte_position": run.position.offset,
            "line": run.position.line,
            "imported": tally.imported,
            "unchanged": tally.unchanged,
            "refused": tally.refused,
            "reasons": orjson.dumps(dict(tally.reasons)).decode(),
            "error_bytes": run.error_bytes,
        },
    )


async def finish(session: AsyncSession, run: Run) -> None:
    """The run came to its end: the same file again is a new one."""
    await claim(session, run)
    await session.execute(_FINISH, {"id": run.id})
