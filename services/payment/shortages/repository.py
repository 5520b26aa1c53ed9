"""Named queries on parts of statements whose cash did not all reach the account."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class Shortage:
    """A part that waits for what its collector owes; amounts in fen."""

    batch_id: UUID
    statement_no: str
    village: str
    owner: str
    receipts_fen: int
    in_account_fen: int
    since: date


_LISTED = select_into(
    Shortage,
    """
    SELECT {fields} FROM remittance_batch
    WHERE state = 'SHORT' AND id > coalesce(CAST(:after AS uuid), '00000000-0000-0000-0000-000000000000')
    ORDER BY id LIMIT :limit
    """,
    batch_id="id",
    village="region",
    owner="actor",
    receipts_fen="declared_fen",
    in_account_fen="coalesce(counted_fen, 0)",
    since="coalesce(moved_on, (recorded_at AT TIME ZONE 'Asia/Shanghai')::date)",
)
# A part for which the bank booked something under a slip of its statement.
_LOCK_PAYABLE = text(
    """
    SELECT b.id FROM remittance_batch b
    WHERE b.state = 'SHORT' AND EXISTS (
        SELECT FROM remittance_batch o JOIN deposit_slip s ON s.batch_id = o.id AND NOT s.withdrawn
        JOIN bank_line l ON l.kind = 'DEPOSIT' AND l.reference_form = s.slip_form
        WHERE o.statement_form = b.statement_form AND o.statement_no = b.statement_no AND o.region = b.region
          AND o.previous_batch_id IS NULL
          AND l.batch_id IS NULL AND l.set_aside_because IS NULL AND l.reversed_on IS NULL)
    ORDER BY b.id LIMIT 1 FOR UPDATE OF b SKIP LOCKED
    """
)
_SHORT_SINCE = text(
    """
    SELECT effective_on FROM remittance_step
    WHERE batch_id = :batch_id AND to_state = 'SHORT' AND effective_on IS NOT NULL ORDER BY id LIMIT 1
    """
)


async def listed(session: AsyncSession, *, after: UUID | None, limit: int) -> list[Shortage]:
    """A page of what collectors owe."""
    return await fetch_all(session, _LISTED, Shortage, {"after": after, "limit": limit})


async def lock_payable(session: AsyncSession) -> UUID | None:
    """A short part for which something came, held for this worker alone."""
    found: UUID | None = (await session.execute(_LOCK_PAYABLE)).scalar_one_or_none()
    return found


async def short_since(session: AsyncSession, batch_id: UUID) -> date | None:
    """The day of the deposit by which a part was found short; None for a part that never was."""
    found: date | None = (await session.execute(_SHORT_SINCE, {"batch_id": batch_id})).scalar_one_or_none()
    return found
