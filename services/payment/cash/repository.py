"""Reading and writing collection statements and deposit slips. No other package writes these tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.cash.three_way_match import StatementLine
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap
from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class StatedSlip:
    """What a slip of a batch says."""

    slip_no: str
    amount_fen: int
    deposited_on: date


@dataclass(frozen=True, slots=True)
class StoredSlip:
    """A deposit slip as it stands."""

    batch_id: UUID
    amount_fen: int
    deposited_on: date


_STATED = ColumnMap[StatementLine]({"receipt_no": "text", "enrolment_id": "uuid", "amount_fen": "bigint"})
# The lines keep the village's order.
_INSERT_LINES = _STATED.statement(
    """
    INSERT INTO collection_line (batch_id, version, ordinal, receipt_no, enrolment_id, amount_fen, region, actor,
                                 correlation_id)
    SELECT :batch_id, :version, n.position, n.receipt_no, n.enrolment_id, n.amount_fen, :village, :actor,
           :correlation_id
    FROM {rows}
    """
)
_LINES = select_into(
    StatementLine,
    "SELECT {fields} FROM collection_line WHERE batch_id = :batch_id AND version = :version ORDER BY ordinal",
)
_SLIPS = select_into(
    StatedSlip,
    "SELECT {fields} FROM deposit_slip WHERE batch_id = :batch_id AND NOT withdrawn ORDER BY slip_no",
)
_SLIP = select_into(
    StoredSlip,
    """
    SELECT {fields} FROM deposit_slip WHERE slip_form = :slip_no
    ORDER BY cardinality(look_alike), slip_no LIMIT 1
    """,
)
_INSERT_SLIP = text(
    """
    INSERT INTO deposit_slip (slip_no, batch_id, amount_fen, deposited_on, region, actor, correlation_id)
    VALUES (:slip_no, :batch_id, :amount_fen, :deposited_on, :village, :actor, :correlation_id)
    ON CONFLICT DO NOTHING RETURNING slip_no
    """
)
_SLIPS_OF_PARTS = text(
    """
    SELECT slip_no FROM deposit_slip WHERE batch_id = ANY(CAST(:batch_ids AS uuid[])) AND NOT withdrawn
    ORDER BY slip_no
    """
)
_MOVE_SLIPS = text(
    "UPDATE deposit_slip SET batch_id = :into WHERE batch_id = ANY(CAST(:batch_ids AS uuid[])) AND NOT withdrawn"
)
_WITHDRAW_SLIPS = text("UPDATE deposit_slip SET withdrawn = true WHERE batch_id = :batch_id AND NOT withdrawn")
_RESTATE_SLIP = text(
    """
    UPDATE deposit_slip SET amount_fen = :amount_fen, deposited_on = :deposited_on, withdrawn = false
    WHERE slip_form = :slip_no AND batch_id = :batch_id AND look_alike = '{}' RETURNING slip_no
    """
)
# A batch can be compared once the bank has booked something for each of its slips.
_COMPARABLE = text(
    """
    SELECT b.id FROM remittance_batch b
    WHERE b.state = 'SUBMITTED'
      AND EXISTS (SELECT FROM deposit_slip s WHERE s.batch_id = b.id AND NOT s.withdrawn)
      AND NOT EXISTS (
          SELECT FROM deposit_slip s WHERE s.batch_id = b.id AND NOT s.withdrawn
          AND NOT EXISTS (SELECT FROM bank_line l
                          WHERE l.kind = 'DEPOSIT' AND l.reference_form = s.slip_form
                            AND l.reversed_on IS NULL AND (l.batch_id IS NULL OR l.batch_id = b.id)))
    ORDER BY b.id LIMIT 1 FOR UPDATE OF b SKIP LOCKED
    """
)


async def insert_lines(
    session: AsyncSession, batch_id: UUID, version: int, village: str, lines: Sequence[StatementLine], trace: Trace
) -> None:
    """Keep what the village stated, as one version."""
    same = {
        "batch_id": batch_id,
        "version": version,
        "village": village,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    await session.execute(_INSERT_LINES, _STATED.arrays(lines) | same)


async def lines(session: AsyncSession, batch_id: UUID, version: int) -> list[StatementLine]:
    """What the village stated in a version."""
    return await fetch_all(session, _LINES, StatementLine, {"batch_id": batch_id, "version": version})


async def slips(session: AsyncSession, batch_id: UUID) -> list[StatedSlip]:
    """The slips of a batch; they change under the batch's lock only."""
    return await fetch_all(session, _SLIPS, StatedSlip, {"batch_id": batch_id})


async def slips_of_parts(session: AsyncSession, batch_ids: Sequence[UUID]) -> list[str]:
    """The numbers of the slips of some parts of a statement."""
    return list((await session.execute(_SLIPS_OF_PARTS, {"batch_ids": list(batch_ids)})).scalars())


async def move_slips(session: AsyncSession, batch_ids: Sequence[UUID], into: UUID) -> None:
    """Let the slips of reversed parts stand for the part that goes on in their place."""
    await session.execute(_MOVE_SLIPS, {"batch_ids": list(batch_ids), "into": into})


async def slip(session: AsyncSession, slip_no: str) -> StoredSlip | None:
    """A slip by its number."""
    return await fetch_one(session, _SLIP, StoredSlip, {"slip_no": slip_no})


async def insert_slip(
    session: AsyncSession, batch_id: UUID, village: str, slip_no: str, amount_fen: int, deposited_on: date, trace: Trace
) -> bool:
    """Record a slip; False where its number is taken."""
    values = {
        "slip_no": slip_no,
        "batch_id": batch_id,
        "amount_fen": amount_fen,
        "deposited_on": deposited_on,
        "village": village,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    return (await session.execute(_INSERT_SLIP, values)).scalar_one_or_none() is not None


async def withdraw_slips(session: AsyncSession, batch_id: UUID) -> None:
    """Take back every slip of a batch, before they are stated again."""
    await session.execute(_WITHDRAW_SLIPS, {"batch_id": batch_id})


async def restate_slip(
    session: AsyncSession, batch_id: UUID, slip_no: str, amount_fen: int, deposited_on: date
) -> bool:
    """State a slip of the batch again; False where the batch has no slip of that number."""
    values = {"batch_id": batch_id, "slip_no": slip_no, "amount_fen": amount_fen, "deposited_on": deposited_on}
    return (await session.execute(_RESTATE_SLIP, values)).scalar_one_or_none() is not None


async def lock_comparable(session: AsyncSession) -> UUID | None:
    """A submitted batch whose slips the bank has all booked, held for this worker alone."""
    found: UUID | None = (await session.execute(_COMPARABLE)).scalar_one_or_none()
    return found
