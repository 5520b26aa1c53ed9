"""How far the lines of batches have followed through a step. No other package writes this table."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace
from shared.database.row import fetch_one, select_into


@dataclass(frozen=True, slots=True)
class Move:
    """The lines of a batch on their way through a step: ``lines_left`` of them, those after ``moved_to``."""

    step_id: UUID
    batch_id: UUID
    step: str
    replaced_by: UUID | None
    moved_to: UUID | None
    lines_left: int
    actor: str


_BEGIN = text(
    """
    INSERT INTO remittance_move (step_id, batch_id, step, replaced_by, lines_left, region, actor, correlation_id)
    VALUES (:step_id, :batch_id, :step, :replaced_by, :lines_left, :region, :actor, :correlation_id)
    """
)
_GO_ON = text("UPDATE remittance_move SET moved_to = :moved_to, lines_left = :lines_left WHERE step_id = :step_id")
_TAKE = select_into(
    Move,
    "SELECT {fields} FROM remittance_move WHERE lines_left > 0 ORDER BY step_id LIMIT 1 FOR UPDATE SKIP LOCKED",
)
_LEFT = text(
    """
    SELECT coalesce(sum(lines_left), 0) FROM (
        SELECT lines_left FROM remittance_move WHERE batch_id = :batch_id AND lines_left > 0
        UNION ALL
        SELECT lines_left FROM remittance_move WHERE replaced_by = :batch_id AND lines_left > 0
    ) AS under_way
    """
)


async def begin(session: AsyncSession, move: Move, region: str, trace: Trace) -> None:
    """Begin to move the lines of a batch."""
    values = {name: getattr(move, name) for name in ("step_id", "batch_id", "step", "replaced_by", "lines_left")}
    whose = {"region": region, "actor": trace.actor, "correlation_id": trace.correlation_id}
    await session.execute(_BEGIN, values | whose)


async def go_on(session: AsyncSession, move: Move, moved_to: UUID, lines: int) -> None:
    """Note how far the lines have moved."""
    left = {"moved_to": moved_to, "lines_left": move.lines_left - lines}
    await session.execute(_GO_ON, left | {"step_id": move.step_id})


async def take(session: AsyncSession) -> Move | None:
    """The oldest move that no worker holds."""
    return await fetch_one(session, _TAKE, Move)


async def lines_left(session: AsyncSession, batch_id: UUID) -> int:
    """How many lines are still to follow the batch, or to come into it from the one that it replaces."""
    return int((await session.execute(_LEFT, {"batch_id": batch_id})).scalar_one())
