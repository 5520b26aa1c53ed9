"""Published events stay in the outbox for 30 days; topics and cursors stay for ever."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

KEPT = timedelta(days=30)
PURGED_AT_ONCE = 5_000

_PURGE = text(
    """
    DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox WHERE id < :made_before AND published_at < :published_before ORDER BY id LIMIT :limit)
    """
)


async def purge(session: AsyncSession, now: datetime, limit: int = PURGED_AT_ONCE) -> int:
    """Remove some of what was published more than 30 days before ``now``; answers how many, 0 when all is done."""
    before = now - KEPT
    # Ids begin with the time they were made, so the primary key finds the old ones.
    made_before = UUID(int=int(before.timestamp() * 1000) << 80)
    result = await session.execute(_PURGE, {"made_before": made_before, "published_before": before, "limit": limit})
    return result.rowcount if isinstance(result, CursorResult) else 0
