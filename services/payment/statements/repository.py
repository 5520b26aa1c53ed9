"""Reading and writing the bank's lines. No other package writes this table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class NewBankLine:
    """A line of a bank statement to be imported."""

    id: UUID
    line_no: int
    kind: str
    reference: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """What was imported under a line number."""

    line_no: int
    booked_on: date
    kind: str
    reference: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class UnexplainedLine:
    """A line that no slip or settlement explains."""

    statement_no: str
    line_no: int
    booked_on: date
    kind: str
    reference: str
    amount_fen: int
    set_aside_because: str | None


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """Money that a channel paid into the pending account."""

    id: UUID
    reference: str
    amount_fen: int
    booked_on: date
    actor: str
    correlation_id: UUID

    @property
    def trace(self) -> Trace:
        """The chain of causes that the bank's line begins."""
        return Trace(self.actor, self.correlation_id, self.id)


@dataclass(frozen=True, slots=True)
class DepositLine:
    """A line of the bank's statement that stands for a slip's cash."""

    id: UUID
    reference: str
    amount_fen: int
    booked_on: date
    actor: str


_NEW = ColumnMap[NewBankLine](
    {"id": "uuid", "line_no": "integer", "kind": "text", "reference": "text", "amount_fen": "bigint"}
)
_INSERT = insert_rows(
    "bank_line",
    _NEW,
    given={
        "statement_no": "text",
        "booked_on": "date",
        "region": "text",
        "actor": "text",
        "correlation_id": "uuid",
    },
    order_by="n.line_no",
    then="ON CONFLICT (statement_no, line_no) DO NOTHING RETURNING line_no",
)
_STORED = select_into(
    ImportedLine,
    """
    SELECT {fields} FROM bank_line
    WHERE statement_no = :statement_no AND line_no = ANY(CAST(:line_nos AS integer[])) ORDER BY line_no
    """,
)
_UNEXPLAINED = select_into(
    UnexplainedLine, "SELECT {fields} FROM bank_line WHERE batch_id IS NULL ORDER BY id LIMIT :limit"
)
_NEXT_SETTLEMENT = select_into(
    SettlementLine,
    """
    SELECT {fields} FROM bank_line
    WHERE kind = 'SETTLEMENT' AND batch_id IS NULL AND set_aside_because IS NULL
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    """,
)
_LAST_OF_BATCH = select_into(
    SettlementLine,
    "SELECT {fields} FROM bank_line WHERE batch_id = :batch_id ORDER BY booked_on DESC, id DESC LIMIT 1",
)
_EXPLAIN = text("UPDATE bank_line SET batch_id = :batch_id WHERE id = :id")
_SET_ASIDE = text("UPDATE bank_line SET set_aside_because = :because WHERE id = :id")
_RELEASE_DEPOSITS = text(
    """
    UPDATE bank_line SET batch_id = NULL
    WHERE batch_id = :batch_id AND kind = 'DEPOSIT' AND reference <> ALL(CAST(:slips AS text[]))
    """
)
_EXPLAIN_DEPOSITS = select_into(
    DepositLine,
    """
    UPDATE bank_line SET batch_id = :batch_id
    WHERE kind = 'DEPOSIT' AND reference = ANY(CAST(:slips AS text[])) AND (batch_id IS NULL OR batch_id = :batch_id)
    RETURNING {fields}
    """,
)


async def insert(
    session: AsyncSession, statement_no: str, booked_on: date, lines: Sequence[NewBankLine], region: str, trace: Trace
) -> set[int]:
    """Import lines; returns the line numbers that are new."""
    same = {
        "statement_no": statement_no,
        "booked_on": booked_on,
        "region": region,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    return set((await session.execute(_INSERT, _NEW.arrays(lines) | same)).scalars())


async def stored(session: AsyncSession, statement_no: str, line_nos: Sequence[int]) -> dict[int, ImportedLine]:
    """What was imported under these line numbers."""
    wanted = {"statement_no": statement_no, "line_nos": sorted(line_nos)}
    return {line.line_no: line for line in await fetch_all(session, _STORED, ImportedLine, wanted)}


async def unexplained(session: AsyncSession, limit: int) -> list[UnexplainedLine]:
    """The oldest lines that no slip or settlement explains."""
    return await fetch_all(session, _UNEXPLAINED, UnexplainedLine, {"limit": limit})


async def lock_next_settlement(session: AsyncSession) -> SettlementLine | None:
    """A settlement that belongs to no batch yet, held for this worker alone."""
    return await fetch_one(session, _NEXT_SETTLEMENT, SettlementLine)


async def last_settlement_of(session: AsyncSession, batch_id: UUID) -> SettlementLine:
    """The settlement that a batch was compared with last."""
    (line,) = await fetch_all(session, _LAST_OF_BATCH, SettlementLine, {"batch_id": batch_id})
    return line


async def explain(session: AsyncSession, line_id: UUID, batch_id: UUID) -> None:
    """Note which batch a settlement belongs to."""
    await session.execute(_EXPLAIN, {"id": line_id, "batch_id": batch_id})


async def set_aside(session: AsyncSession, line_id: UUID, because: str) -> None:
    """Leave a settlement unexplained, with the reason."""
    await session.execute(_SET_ASIDE, {"id": line_id, "because": because})


async def release_deposits(session: AsyncSession, batch_id: UUID, slips: Sequence[str]) -> None:
    """Leave a batch's deposits unexplained again, except those of these slips."""
    await session.execute(_RELEASE_DEPOSITS, {"batch_id": batch_id, "slips": list(slips)})


async def explain_deposits(session: AsyncSession, batch_id: UUID, slips: Sequence[str]) -> list[DepositLine]:
    """Note on the deposits of these slips which batch they are compared with; these are the ones to compare."""
    return await fetch_all(session, _EXPLAIN_DEPOSITS, DepositLine, {"batch_id": batch_id, "slips": list(slips)})
