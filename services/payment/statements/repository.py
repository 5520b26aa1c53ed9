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
from shared.domain.document_number import canonical_number


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
# From a merchant's first day with bills on, a settlement is met with its payout; before it, with the day's sum.
_NEXT_SETTLEMENT = select_into(
    SettlementLine,
    """
    SELECT {fields} FROM bank_line
    WHERE kind = 'SETTLEMENT' AND batch_id IS NULL AND set_aside_because IS NULL AND reversed_on IS NULL
      AND CAST(:billed AS boolean) = EXISTS (
          SELECT FROM billed_merchant m
          WHERE m.channel = split_part(reference, ':', 1) AND m.merchant_id = split_part(reference, ':', 2)
            AND m.first_day <= CAST(split_part(reference, ':', 3) AS date))
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    """,
)
_LET_WAIT = text("UPDATE bank_line SET set_aside_because = :because WHERE id = :id")
_LOOK_AGAIN = text(
    """
    UPDATE bank_line SET set_aside_because = NULL
    WHERE kind = 'SETTLEMENT' AND batch_id IS NULL AND set_aside_because = :because AND reversed_on IS NULL
      AND split_part(reference, ':', 1) = :channel AND split_part(reference, ':', 2) = :merchant_id
    """
)
_FREE = text("UPDATE bank_line SET batch_id = NULL WHERE batch_id = :batch_id AND reversed_on IS NULL")
_LAST_OF_BATCH = select_into(
    SettlementLine,
    "SELECT {fields} FROM bank_line WHERE batch_id = :batch_id ORDER BY booked_on DESC, id DESC LIMIT 1",
)
_STANDING_OF_BATCH = select_into(
    SettlementLine,
    """
    SELECT {fields} FROM bank_line WHERE batch_id = :batch_id AND reversed_on IS NULL ORDER BY booked_on, id FOR UPDATE
    """,
)
_EXPLAIN = text("UPDATE bank_line SET batch_id = :batch_id WHERE id = :id")
_RELEASE_DEPOSITS = text(
    """
    UPDATE bank_line SET batch_id = NULL
    WHERE batch_id = :batch_id AND kind = 'DEPOSIT' AND reference_form <> ALL(CAST(:slips AS text[]))
    """
)
_EXPLAIN_DEPOSITS = select_into(
    DepositLine,
    """
    UPDATE bank_line SET batch_id = :batch_id, set_aside_because = NULL
    WHERE kind = 'DEPOSIT' AND reference_form = ANY(CAST(:slips AS text[]))
      AND (batch_id IS NULL OR batch_id = :batch_id) AND reversed_on IS NULL
    RETURNING {fields}
    """,
)

# What the bank booked under the slips of a statement and nothing explains yet.
_LOCK_FREE_DEPOSITS = select_into(
    DepositLine,
    """
    SELECT {fields} FROM bank_line
    WHERE kind = 'DEPOSIT' AND reference_form = ANY(CAST(:slips AS text[])) AND batch_id IS NULL
      AND set_aside_because IS NULL AND reversed_on IS NULL
    ORDER BY booked_on, id FOR UPDATE
    """,
)
_LOOK_AGAIN_AT_DEPOSITS = text(
    """
    UPDATE bank_line SET set_aside_because = NULL
    WHERE kind = 'DEPOSIT' AND reference_form = ANY(CAST(:slips AS text[])) AND batch_id IS NULL
      AND set_aside_because IS NOT NULL AND reversed_on IS NULL
    """
)
_DEPOSITS_OF_BATCH = text("SELECT id FROM bank_line WHERE batch_id = :batch_id AND kind = 'DEPOSIT' ORDER BY id")
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


async def lock_next_settlement(session: AsyncSession, *, billed: bool) -> SettlementLine | None:
    """A settlement that belongs to no batch yet, of days with bills or of those without, held for this worker alone."""
    return await fetch_one(session, _NEXT_SETTLEMENT, SettlementLine, {"billed": billed})


async def let_wait(session: AsyncSession, line_id: UUID, because: str) -> None:
    """Leave a settlement until something that it waits for has come."""
    await session.execute(_LET_WAIT, {"id": line_id, "because": because})


async def look_again(session: AsyncSession, channel: str, merchant_id: str, because: str) -> None:
    """What a merchant's settlements waited for may have come."""
    await session.execute(_LOOK_AGAIN, {"channel": channel, "merchant_id": merchant_id, "because": because})


async def free(session: AsyncSession, batch_id: UUID) -> None:
    """Take a batch's settlements that nobody reversed out of it: they are met once more."""
    await session.execute(_FREE, {"batch_id": batch_id})


async def last_settlement_of(session: AsyncSession, batch_id: UUID) -> SettlementLine:
    """The settlement that a batch was compared with last."""
    (line,) = await fetch_all(session, _LAST_OF_BATCH, SettlementLine, {"batch_id": batch_id})
    return line


async def lock_standing(session: AsyncSession, batch_id: UUID) -> list[SettlementLine]:
    """The settlements of a batch that nobody reversed, held until the transaction ends, in the order of their days."""
    return await fetch_all(session, _STANDING_OF_BATCH, SettlementLine, {"batch_id": batch_id})


async def explain(session: AsyncSession, line_id: UUID, batch_id: UUID) -> None:
    """Note which batch a settlement belongs to."""
    await session.execute(_EXPLAIN, {"id": line_id, "batch_id": batch_id})


async def release_deposits(session: AsyncSession, batch_id: UUID, slips: Sequence[str]) -> None:
    """Leave a batch's deposits unexplained again, except those of these slips."""
    await session.execute(
        _RELEASE_DEPOSITS, {"batch_id": batch_id, "slips": [canonical_number(slip) for slip in slips]}
    )


async def lock_free_deposits(session: AsyncSession, slips: Sequence[str]) -> list[DepositLine]:
    """Deposits of these slips that nothing explains yet, by their days, held until the transaction ends."""
    return await fetch_all(
        session, _LOCK_FREE_DEPOSITS, DepositLine, {"slips": [canonical_number(slip) for slip in slips]}
    )


async def look_again_at_deposits(session: AsyncSession, slips: Sequence[str]) -> None:
    """What did not fit under these slips may fit now."""
    await session.execute(_LOOK_AGAIN_AT_DEPOSITS, {"slips": [canonical_number(slip) for slip in slips]})


async def deposits_of(session: AsyncSession, batch_id: UUID) -> list[UUID]:
    """Every deposit that was matched with a batch, reversed ones too."""
    return list((await session.execute(_DEPOSITS_OF_BATCH, {"batch_id": batch_id})).scalars())


async def last_booked(session: AsyncSession, batch_id: UUID) -> date | None:
    """The last day on which the bank booked something that stands for a batch."""
    found: date | None = (await session.execute(_LAST_BOOKED, {"batch_id": batch_id})).scalar_one()
    return found


async def explain_deposits(session: AsyncSession, batch_id: UUID, slips: Sequence[str]) -> list[DepositLine]:
    """Note on the deposits of these slips which batch they are compared with; these are the ones to compare."""
    return await fetch_all(
        session,
        _EXPLAIN_DEPOSITS,
        DepositLine,
        {"batch_id": batch_id, "slips": [canonical_number(slip) for slip in slips]},
    )
