"""Named queries on payouts that are being settled."""

from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payments.counted.repository import CoveredRange
from services.payment.payouts.models import Payout
from shared.database.row import fetch_one, select_into


@dataclass(frozen=True, slots=True)
class PortionEnd:
    """Where so many movements end."""

    day: date
    line: int
    movements: int


_BEGIN_SETTLING = text(
    """
    UPDATE payout SET state = 'SETTLING', batch_id = :batch_id, settled_day = after_day, settled_line = after_line
    WHERE id = :id
    """
)
_LOCK_SETTLING = select_into(
    Payout, "SELECT {fields} FROM payout WHERE state = 'SETTLING' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
)
# Of each bill no more lines are read than the portion has: sorted as a whole, each portion would read all that is left.
_PORTION_END = select_into(
    PortionEnd,
    """
    SELECT {fields} FROM (
        SELECT b.bill_day, f.line_no FROM channel_bill b CROSS JOIN LATERAL (
            SELECT line_no FROM bill_flow_line
            WHERE bill_id = b.id AND kind <> 'PAYOUT'
              AND line_no > CASE WHEN b.bill_day = :after_day THEN :after_line ELSE 0 END
              AND line_no <= CASE WHEN b.bill_day = :until_day THEN :until_line ELSE 2147483647 END
            ORDER BY line_no LIMIT :portion
        ) AS f
        WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
          AND b.bill_day BETWEEN :after_day AND :until_day
        ORDER BY b.bill_day, f.line_no LIMIT :portion
    ) AS portion
    ORDER BY bill_day DESC, line_no DESC LIMIT 1
    """,
    day="bill_day",
    line="line_no",
    movements="count(*) OVER ()",
)
_SETTLED_TO = text("UPDATE payout SET settled_day = :day, settled_line = :line WHERE id = :id")
_MEET = text(
    "UPDATE payout SET state = 'MET', batch_id = :batch_id, settled_day = NULL, settled_line = NULL WHERE id = :id"
)


async def begin_settling(session: AsyncSession, payout: Payout, batch_id: UUID) -> None:
    """Note that a batch begins to settle a locked payout, and that none of its movements is settled."""
    await session.execute(_BEGIN_SETTLING, {"id": payout.id, "batch_id": batch_id})


async def lock_settling(session: AsyncSession) -> Payout | None:
    """The oldest payout that is being settled, held for this worker alone."""
    return await fetch_one(session, _LOCK_SETTLING, Payout)


async def portion_end(session: AsyncSession, left: CoveredRange, portion: int) -> PortionEnd | None:
    """Where the next movements end, at most so many; None where there are none."""
    return await fetch_one(session, _PORTION_END, PortionEnd, asdict(left) | {"portion": portion})


async def settled_to(session: AsyncSession, payout_id: UUID, day: date, line: int) -> None:
    """Note up to which place a locked payout is settled."""
    await session.execute(_SETTLED_TO, {"id": payout_id, "day": day, "line": line})


async def meet(session: AsyncSession, payout_id: UUID, batch_id: UUID) -> None:
    """Note the batch of the bank's line that a locked payout was met with."""
    await session.execute(_MEET, {"id": payout_id, "batch_id": batch_id})
