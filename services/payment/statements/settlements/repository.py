"""Named queries on the settlements of channels among the bank's lines."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace
from shared.database.row import fetch_all, fetch_one, select_into

# Why a settlement of an institution waits: its own file of the day is its bill.
AWAITS_FILE: Final = "FILE_NOT_WORKED"


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """Money that a channel paid into the pending account."""

    id: UUID
    reference: str
    amount_fen: int
    booked_on: date
    reversed_on: date | None
    actor: str
    correlation_id: UUID

    @property
    def stands(self) -> bool:
        """Whether nobody reversed it: only then the bank has the money."""
        return self.reversed_on is None

    @property
    def trace(self) -> Trace:
        """The chain of causes that the bank's line begins."""
        return Trace(self.actor, self.correlation_id, self.id)


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
_LOOK_AGAIN = text(
    """
    UPDATE bank_line SET set_aside_because = NULL
    WHERE kind = 'SETTLEMENT' AND batch_id IS NULL AND set_aside_because = :because AND reversed_on IS NULL
      AND split_part(reference, ':', 1) = :channel AND split_part(reference, ':', 2) = :merchant_id
    """
)
_LOOK_AGAIN_AT_FILED = text(
    f"""
    UPDATE bank_line l SET set_aside_because = NULL
    WHERE l.kind = 'SETTLEMENT' AND l.batch_id IS NULL AND l.set_aside_because = '{AWAITS_FILE}'
      AND l.reversed_on IS NULL
      AND EXISTS (SELECT FROM channel_file f
                  WHERE f.institution = split_part(l.reference, ':', 2)
                    AND f.file_day = CAST(split_part(l.reference, ':', 3) AS date) AND f.accepted AND f.state = 'DONE')
    RETURNING l.id
    """  # noqa: S608 - a constant
)
# The day on which the money was there as a whole is that of the last line that stands, whichever came last.
_LAST_OF_BATCH = select_into(
    SettlementLine,
    """
    SELECT {fields} FROM bank_line WHERE batch_id = :batch_id
    ORDER BY reversed_on IS NOT NULL, booked_on DESC, id DESC LIMIT 1
    """,
)
_STANDING_OF_BATCH = select_into(
    SettlementLine,
    """
    SELECT {fields} FROM bank_line WHERE batch_id = :batch_id AND reversed_on IS NULL ORDER BY booked_on, id FOR UPDATE
    """,
)


async def lock_next_settlement(session: AsyncSession, *, billed: bool) -> SettlementLine | None:
    """A settlement that belongs to no batch yet, of days with bills or of those without, held for this worker alone."""
    return await fetch_one(session, _NEXT_SETTLEMENT, SettlementLine, {"billed": billed})


async def look_again(session: AsyncSession, channel: str, merchant_id: str, because: str) -> None:
    """What a merchant's settlements waited for may have come."""
    await session.execute(_LOOK_AGAIN, {"channel": channel, "merchant_id": merchant_id, "because": because})


async def look_again_at_filed(session: AsyncSession) -> int:
    """Settlements that waited for an institution's file of their day, which is worked now; returns how many."""
    return len((await session.execute(_LOOK_AGAIN_AT_FILED)).all())


async def last_settlement_of(session: AsyncSession, batch_id: UUID) -> SettlementLine:
    """The last settlement of a batch that stands; where nobody left one standing, the last that was reversed."""
    (line,) = await fetch_all(session, _LAST_OF_BATCH, SettlementLine, {"batch_id": batch_id})
    return line


async def lock_standing(session: AsyncSession, batch_id: UUID) -> list[SettlementLine]:
    """The settlements of a batch that nobody reversed, held until the transaction ends, in the order of their days."""
    return await fetch_all(session, _STANDING_OF_BATCH, SettlementLine, {"batch_id": batch_id})
