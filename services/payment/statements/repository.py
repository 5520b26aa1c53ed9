"""Reading and writing the bank's lines. No other package writes this table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
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
    bank_reference: str | None


@dataclass(frozen=True, slots=True)
class StatementHead:
    """Which statement of which account, and the day on which the bank booked its lines."""

    statement_no: str
    account: str
    booked_on: date


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """What was imported before in the place of a line ``line_no``: under its number, or under its bank reference."""

    line_no: int
    kind: str
    reference: str
    amount_fen: int
    bank_reference: str | None
    reversed: bool


@dataclass(frozen=True, slots=True)
class BankLine:
    """A line of the bank's statement, what explains it, and the approval that reversed it."""

    id: UUID
    statement_no: str
    line_no: int
    account: str
    booked_on: date
    kind: str
    reference: str
    amount_fen: int
    bank_reference: str | None
    batch_id: UUID | None
    set_aside_because: str | None
    reversed_on: date | None
    reversed_by: UUID | None
    region: str
    actor: str
    correlation_id: UUID


class StatedLine(Protocol):
    """A line as a statement has it: its number there, and the bank's own reference."""

    @property
    def line_no(self) -> int:
        """Its place on the statement."""

    @property
    def bank_reference(self) -> str | None:
        """The bank's 流水号, where it gives one."""


_NEW = ColumnMap[NewBankLine](
    {
        "id": "uuid",
        "line_no": "integer",
        "kind": "text",
        "reference": "text",
        "amount_fen": "bigint",
        "bank_reference": "text",
    }
)
_SOUGHT = ColumnMap[StatedLine]({"line_no": "integer", "bank_reference": "text"})
_INSERT = insert_rows(
    "bank_line",
    _NEW,
    given={
        "statement_no": "text",
        "account": "text",
        "booked_on": "date",
        "region": "text",
        "actor": "text",
        "correlation_id": "uuid",
    },
    order_by="n.line_no",
    then="ON CONFLICT DO NOTHING RETURNING line_no",
)
# The bank's own reference names a booking wherever it stands; without one a line is known by its place.
_STORED = _SOUGHT.statement(
    """
    WITH sought AS MATERIALIZED (SELECT line_no, bank_reference FROM {rows}), found AS (
        SELECT n.line_no, l.id FROM sought n JOIN bank_line l
          ON l.statement_form = :statement_no AND l.line_no = n.line_no
         AND l.account_form = :account
         AND extract(year FROM l.booked_on) = extract(year FROM CAST(:booked_on AS date))
        UNION
        SELECT n.line_no, l.id FROM sought n JOIN bank_line l
          ON l.bank_reference_form = n.bank_reference AND l.account_form = :account
         AND l.booked_on = :booked_on
    )
    SELECT found.line_no, l.kind, l.reference, l.amount_fen, l.bank_reference, l.reversed_on IS NOT NULL AS reversed
    FROM found JOIN bank_line l USING (id) ORDER BY found.line_no, l.id
    """
)
_OF_STATEMENT = select_into(
    BankLine,
    """
    SELECT {fields} FROM bank_line
    WHERE statement_form = :statement_no AND id > {after} ORDER BY id LIMIT :limit
    """,
)
_UNEXPLAINED = select_into(
    BankLine,
    """
    SELECT {fields} FROM bank_line
    WHERE batch_id IS NULL AND reversed_on IS NULL AND id > {after} ORDER BY id LIMIT :limit
    """,
)
_FIND = select_into(BankLine, "SELECT {fields} FROM bank_line WHERE id = :id")
_LOCK = select_into(BankLine, "SELECT {fields} FROM bank_line WHERE id = :id FOR UPDATE")
_REVERSE = text("UPDATE bank_line SET reversed_on = :day, reversed_by = :approval WHERE id = :id")
_LET_WAIT = text("UPDATE bank_line SET set_aside_because = :because WHERE id = :id")
_FREE = text("UPDATE bank_line SET batch_id = NULL WHERE batch_id = :batch_id AND reversed_on IS NULL")
_EXPLAIN = text("UPDATE bank_line SET batch_id = :batch_id WHERE id = :id")

_LAST_BOOKED = text("SELECT max(booked_on) FROM bank_line WHERE batch_id = :batch_id AND reversed_on IS NULL")


async def insert(
    session: AsyncSession, head: StatementHead, lines: Sequence[NewBankLine], region: str, trace: Trace
) -> set[int]:
    """Import lines; returns the line numbers that are new."""
    same = {
        "statement_no": head.statement_no,
        "account": head.account,
        "booked_on": head.booked_on,
        "region": region,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    return set((await session.execute(_INSERT, _NEW.arrays(lines) | same)).scalars())


async def stored(
    session: AsyncSession, head: StatementHead, lines: Sequence[StatedLine]
) -> dict[int, list[ImportedLine]]:
    """What was imported before in the places of these lines, reversed or not; by line number."""
    same = {"account": head.account, "booked_on": head.booked_on, "statement_no": head.statement_no}
    found: dict[int, list[ImportedLine]] = {}
    for line in await fetch_all(session, _STORED, ImportedLine, _SOUGHT.arrays(lines) | same):
        found.setdefault(line.line_no, []).append(line)
    return found


async def of_statement(session: AsyncSession, statement_no: str, *, after: UUID | None, limit: int) -> list[BankLine]:
    """The lines of statements with a number, in the order in which they came."""
    return await fetch_all(
        session, _OF_STATEMENT, BankLine, {"statement_no": statement_no, "after": after, "limit": limit}
    )


async def unexplained(session: AsyncSession, *, after: UUID | None, limit: int) -> list[BankLine]:
    """Lines that no slip or settlement explains and nobody reversed, the oldest first."""
    return await fetch_all(session, _UNEXPLAINED, BankLine, {"after": after, "limit": limit})


async def find(session: AsyncSession, line_id: UUID) -> BankLine | None:
    """A line by its id."""
    return await fetch_one(session, _FIND, BankLine, {"id": line_id})


async def lock(session: AsyncSession, line_id: UUID) -> BankLine | None:
    """A line, held until the transaction ends."""
    return await fetch_one(session, _LOCK, BankLine, {"id": line_id})


async def reverse(session: AsyncSession, line_id: UUID, approval_id: UUID, day: date) -> None:
    """Note the approval that reversed a line, locked before; it stays where it was, and counts for nothing."""
    await session.execute(_REVERSE, {"id": line_id, "approval": approval_id, "day": day})


async def let_wait(session: AsyncSession, line_id: UUID, because: str) -> None:
    """Leave a settlement until something that it waits for has come."""
    await session.execute(_LET_WAIT, {"id": line_id, "because": because})


async def free(session: AsyncSession, batch_id: UUID) -> None:
    """Take a batch's settlements that nobody reversed out of it: they are met once more."""
    await session.execute(_FREE, {"batch_id": batch_id})


async def explain(session: AsyncSession, line_id: UUID, batch_id: UUID) -> None:
    """Note which batch a settlement belongs to."""
    await session.execute(_EXPLAIN, {"id": line_id, "batch_id": batch_id})


async def last_booked(session: AsyncSession, batch_id: UUID) -> date | None:
    """The last day on which the bank booked something that stands for a batch."""
    found: date | None = (await session.execute(_LAST_BOOKED, {"batch_id": batch_id})).scalar_one()
    return found
