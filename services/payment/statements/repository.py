"""Reading and writing the bank's lines. No other package writes this table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace

_INSERT = text(
    """
    INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, region, actor,
                           correlation_id)
    SELECT n.id, :statement_no, n.line_no, :booked_on, n.kind, n.reference, n.amount_fen, :region, :actor,
           :correlation_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:line_nos AS integer[]), CAST(:kinds AS text[]),
                CAST(:refs AS text[]), CAST(:amounts AS bigint[])) AS n (id, line_no, kind, reference, amount_fen)
    ORDER BY n.line_no
    ON CONFLICT (statement_no, line_no) DO NOTHING
    RETURNING line_no
    """
)
_STORED = text(
    """
    SELECT line_no, booked_on, kind, reference, amount_fen FROM bank_line
    WHERE statement_no = :statement_no AND line_no = ANY(CAST(:line_nos AS integer[])) ORDER BY line_no
    """
)
_UNEXPLAINED = text(
    """
    SELECT statement_no, line_no, booked_on, kind, reference, amount_fen, set_aside_because FROM bank_line
    WHERE batch_id IS NULL ORDER BY id LIMIT :limit
    """
)
_NEXT_SETTLEMENT = text(
    """
    SELECT id, reference, amount_fen, booked_on, actor, correlation_id FROM bank_line
    WHERE kind = 'SETTLEMENT' AND batch_id IS NULL AND set_aside_because IS NULL
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    """
)
_LAST_OF_BATCH = text(
    """
    SELECT id, reference, amount_fen, booked_on, actor, correlation_id FROM bank_line
    WHERE batch_id = :batch_id ORDER BY booked_on DESC, id DESC LIMIT 1
    """
)
_EXPLAIN = text("UPDATE bank_line SET batch_id = :batch_id WHERE id = :id")
_SET_ASIDE = text("UPDATE bank_line SET set_aside_because = :because WHERE id = :id")
_RELEASE_DEPOSITS = text(
    """
    UPDATE bank_line SET batch_id = NULL
    WHERE batch_id = :batch_id AND kind = 'DEPOSIT' AND reference <> ALL(CAST(:slips AS text[]))
    """
)
_EXPLAIN_DEPOSITS = text(
    """
    UPDATE bank_line SET batch_id = :batch_id
    WHERE kind = 'DEPOSIT' AND reference = ANY(CAST(:slips AS text[])) AND (batch_id IS NULL OR batch_id = :batch_id)
    RETURNING id, booked_on, actor
    """
)


@dataclass(frozen=True, slots=True)
class NewBankLine:
    """A line of a bank statement to be imported."""

    id: UUID
    line_no: int
    kind: str
    reference: str
    amount_fen: int


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
    """A line of the bank's statement that a slip was matched with."""

    id: UUID
    booked_on: date
    actor: str


async def insert(
    session: AsyncSession, statement_no: str, booked_on: date, lines: Sequence[NewBankLine], region: str, trace: Trace
) -> set[int]:
    """Import lines; returns the line numbers that are new."""
    values = {
        "statement_no": statement_no,
        "booked_on": booked_on,
        "region": region,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
        "ids": [line.id for line in lines],
        "line_nos": [line.line_no for line in lines],
        "kinds": [line.kind for line in lines],
        "refs": [line.reference for line in lines],
        "amounts": [line.amount_fen for line in lines],
    }
    return set((await session.execute(_INSERT, values)).scalars())


async def stored(
    session: AsyncSession, statement_no: str, line_nos: Sequence[int]
) -> dict[int, tuple[date, str, str, int]]:
    """What was imported under these line numbers: day, kind, reference, amount."""
    rows = await session.execute(_STORED, {"statement_no": statement_no, "line_nos": sorted(line_nos)})
    return {row.line_no: (row.booked_on, row.kind, row.reference, row.amount_fen) for row in rows}


async def unexplained(session: AsyncSession, limit: int) -> list[dict[str, object]]:
    """The oldest lines that no slip or settlement explains."""
    return [dict(row._mapping) for row in await session.execute(_UNEXPLAINED, {"limit": limit})]


async def lock_next_settlement(session: AsyncSession) -> SettlementLine | None:
    """A settlement that belongs to no batch yet, held for this worker alone."""
    row = (await session.execute(_NEXT_SETTLEMENT)).one_or_none()
    return SettlementLine(*row) if row else None


async def last_settlement_of(session: AsyncSession, batch_id: UUID) -> SettlementLine:
    """The settlement that a batch was compared with last."""
    return SettlementLine(*(await session.execute(_LAST_OF_BATCH, {"batch_id": batch_id})).one())


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
    """Note on the deposits of these slips which batch they were compared with."""
    rows = await session.execute(_EXPLAIN_DEPOSITS, {"batch_id": batch_id, "slips": list(slips)})
    return [DepositLine(*row) for row in rows]
