"""Published events stay in the outbox for 30 days and leave in whole sealed blocks; topics and cursors stay for ever.

The oldest blocks go first, and only as many as hold every event before those that leave: what is left of an aggregate
is numbered without a gap. Two transactions that overlap may stand in another order than they numbered their events.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit.repository import first_differing_block
from shared.database.engine import Database
from shared.messaging.outbox.audited import OUTBOX

KEPT = timedelta(days=30)
PURGED_AT_ONCE = 5_000

# Blocks as far as the limit and at least one. ``reach`` is the last block that must leave with those up to here; a
# predecessor that stands in none of them must stay, and so must everything that follows it.
_LEAVING = text(
    """
    WITH upcoming AS MATERIALIZED (
        SELECT block, rows, sealed_at, last_written_by, last_id, CAST(:first AS bigint) AS first,
               lag(last_written_by, 1, '0'::xid8) OVER (ORDER BY block) AS after_written_by,
               lag(last_id, 1, '00000000-0000-0000-0000-000000000000'::uuid) OVER (ORDER BY block) AS after_id,
               sum(rows) OVER (ORDER BY block) - rows AS rows_before
        FROM sealed_block
        WHERE table_name = 'outbox' AND block >= CAST(:first AS bigint) - 1
          AND block < CAST(:first AS bigint) + CAST(:limit AS bigint)
    ), asked AS MATERIALIZED (
        SELECT * FROM upcoming
        WHERE block >= first
          AND rows_before < CAST(:limit AS bigint) + coalesce((SELECT rows FROM upcoming WHERE block = first - 1), 0)
    ), event AS MATERIALIZED (
        SELECT asked.block, o.id, o.key, o.aggregate_seq,
               coalesce(o.published_at < :before AND asked.sealed_at < :before, false) AS old
        FROM asked JOIN LATERAL (
            SELECT id, key, aggregate_seq, published_at FROM outbox
            WHERE (written_by, id) > (asked.after_written_by, asked.after_id)
              AND (written_by, id) <= (asked.last_written_by, asked.last_id)
        ) AS o ON true
    ), reached AS (
        SELECT event.block, bool_and(event.old) AS old,
               max(CASE WHEN earlier.id IS NULL THEN 0 ELSE coalesce(inside.block, 9223372036854775807) END) AS reach
        FROM event
        LEFT JOIN outbox AS earlier ON earlier.key = event.key AND earlier.aggregate_seq = event.aggregate_seq - 1
        LEFT JOIN event AS inside ON inside.id = earlier.id
        GROUP BY event.block
    ), closed AS (
        SELECT asked.block, asked.rows, bool_and(coalesce(reached.old, true)) OVER so_far AS old,
               max(coalesce(reached.reach, 0)) OVER so_far AS reach
        FROM asked LEFT JOIN reached ON reached.block = asked.block
        WINDOW so_far AS (ORDER BY asked.block)
    )
    SELECT max(block) FILTER (WHERE old AND reach <= block) AS last,
           coalesce(bool_and(old), false) AS all_old, coalesce(max(block), 0) AS asked_to,
           EXISTS (SELECT FROM sealed_block WHERE table_name = 'outbox' AND block > (SELECT max(block) FROM asked))
               AS more
    FROM closed
    """
)
_FIRST = text("SELECT coalesce(max(block), 0) + 1 FROM purged_block WHERE table_name = 'outbox'")
_DELETE = text(
    """
    DELETE FROM outbox USING (
        SELECT last_written_by, last_id FROM sealed_block WHERE table_name = 'outbox' AND block = :last
    ) AS b
    WHERE (outbox.written_by, outbox.id) <= (b.last_written_by, b.last_id) AND outbox.published_at < :before
    """
)
_RECORD = text(
    """
    INSERT INTO purged_block (table_name, block, purged_at)
    SELECT 'outbox', block, CAST(:now AS timestamptz) FROM generate_series(CAST(:first AS bigint), :last) AS block
    """
)
_ROWS = text(
    "SELECT sum(rows)::bigint FROM sealed_block WHERE table_name = 'outbox' AND block BETWEEN :first AND :last"
)
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('canbao.purge'))")
_NOW = text("SELECT clock_timestamp()")


class BlockDiffers(RuntimeError):
    """A block's rows are not what was sealed: they stay, as evidence."""

    def __init__(self, block: int) -> None:
        """Name the block."""
        super().__init__(
            f"outbox block {block}: 行与封存时不符，不予清除；请运行 canbao verify"
            f" · its rows are not what was sealed and are not purged: run canbao verify"
        )


class _Leaving(NamedTuple):
    """Up to which block events may leave now; else whether a look at more blocks may find one."""

    last: int | None
    worth_another_look: bool


async def purge(session: AsyncSession, now: datetime, limit: int = PURGED_AT_ONCE) -> int:
    """Remove some blocks of what was published and sealed more than 30 days before ``now``; answers how many events.

    0 when all is done, or another process is at it. Raises BlockDiffers.
    """
    if not (await session.execute(_LOCK)).scalar_one():
        return 0
    first = int((await session.execute(_FIRST)).scalar_one())
    leaving = await _leaving(session, first, now - KEPT, limit)
    while leaving.last is None and leaving.worth_another_look:
        limit *= 2
        leaving = await _leaving(session, first, now - KEPT, limit)
    if leaving.last is None:
        return 0
    if (differing := await first_differing_block(session, OUTBOX, first, leaving.last)) is not None:
        raise BlockDiffers(differing)
    between = {"first": first, "last": leaving.last}
    sealed = (await session.execute(_ROWS, between)).scalar_one()
    result = await session.execute(_DELETE, {"last": leaving.last, "before": now - KEPT})
    deleted = result.rowcount if isinstance(result, CursorResult) else 0
    if deleted != sealed:
        raise BlockDiffers(leaving.last)
    await session.execute(_RECORD, between | {"now": now})
    return deleted


async def purge_published(database: Database, region: str) -> int:
    """Remove some of what is old by the database's clock; one process at a time does so."""
    async with database.transaction(region) as session:
        return await purge(session, (await session.execute(_NOW)).scalar_one())


async def _leaving(session: AsyncSession, first: int, before: datetime, limit: int) -> _Leaving:
    found = (await session.execute(_LEAVING, {"first": first, "before": before, "limit": limit})).one()
    return _Leaving(found.last, found.all_old and found.more)
