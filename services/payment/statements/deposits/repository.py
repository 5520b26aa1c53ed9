"""Named queries on the deposits of cash among the bank's lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.row import fetch_all, select_into
from shared.domain.document_number import canonical_number


@dataclass(frozen=True, slots=True)
class DepositLine:
    """A line of the bank's statement that stands for a slip's cash."""

    id: UUID
    reference: str
    amount_fen: int
    booked_on: date
    actor: str


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


async def explain_deposits(session: AsyncSession, batch_id: UUID, slips: Sequence[str]) -> list[DepositLine]:
    """Note on the deposits of these slips which batch they are compared with; these are the ones to compare."""
    return await fetch_all(
        session,
        _EXPLAIN_DEPOSITS,
        DepositLine,
        {"batch_id": batch_id, "slips": [canonical_number(slip) for slip in slips]},
    )
