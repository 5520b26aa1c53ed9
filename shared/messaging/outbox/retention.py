"""Published events stay in the outbox for 30 days; topics and cursors stay for ever."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.engine import Database

KEPT = timedelta(days=30)
PURGED_AT_ONCE = 5_000

# An aggregate's events go from the first one on: ids are made by machines whose clocks differ, so the oldest by id need
# not be the first in sequence, and what is left must be numbered without a gap.
_PURGE = text(
    """
    WITH old AS MATERIALIZED (
        SELECT id, key, aggregate_seq FROM outbox WHERE id < :made_before AND published_at < :published_before
        ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    DELETE FROM outbox WHERE id IN (
        SELECT old.id FROM old WHERE NOT EXISTS (
            SELECT FROM outbox AS earlier
            WHERE earlier.key = old.key AND earlier.aggregate_seq < old.aggregate_seq
              AND earlier.id NOT IN (SELECT id FROM old)))
    """
)
_NOW = text("SELECT clock_timestamp()")


async def purge(session: AsyncSession, now: datetime, limit: int = PURGED_AT_ONCE) -> int:
    """Remove some of what was published more than 30 days before ``now``; answers how many, 0 when all is done."""
    before = now - KEPT
    # Ids begin with the time they were made, so the primary key finds the old ones.
    made_before = UUID(int=int(before.timestamp() * 1000) << 80)
    result = await session.execute(_PURGE, {"made_before": made_before, "published_before": before, "limit": limit})
    return result.rowcount if isinstance(result, CursorResult) else 0


async def purge_published(database: Database, region: str) -> int:
    """Remove some of what is old by the database's clock; several processes may do so at once."""
    async with database.transaction(region) as session:
        return await purge(session, (await session.execute(_NOW)).scalar_one())
