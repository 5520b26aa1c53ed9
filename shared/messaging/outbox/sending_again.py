"""Sending again what was marked as sent: it need not lie on the bus any more, and consumers drop what they know."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.engine import Database

AT_ONCE: Final = 5_000

# In the order in which rows were written, because there an index stands; consumers sort out what overlaps.
_PORTION = text(
    """
    WITH part AS MATERIALIZED (
        SELECT written_by, id, lane, published_at FROM outbox
        WHERE (written_by, id) > (CAST(CAST(:after_written_by AS text) AS xid8), CAST(:after_id AS uuid))
        ORDER BY written_by, id LIMIT :at_once
    ), marked AS (
        UPDATE outbox SET published_at = NULL FROM part
        WHERE outbox.id = part.id AND part.published_at >= CAST(:since AS timestamptz)
          AND (CAST(:lanes AS integer[]) IS NULL OR part.lane = ANY (CAST(:lanes AS integer[])))
        RETURNING outbox.id
    )
    SELECT CAST(written_by AS text) AS written_by, id, (SELECT count(*) FROM marked) AS marked
    FROM part ORDER BY written_by DESC, id DESC LIMIT 1
    """
)
_ALWAYS = datetime.fromisoformat("0001-01-01T00:00:00+00:00")


async def send_again(
    database: Database,
    region: str,
    *,
    since: datetime = _ALWAYS,
    lanes: Collection[int] | None = None,
    at_once: int = AT_ONCE,
) -> int:
    """Let the relay send once more what it marked from ``since`` on; answers how many events. Safe to repeat."""
    after, total = ("0", UUID(int=0)), 0
    while True:
        async with database.transaction(region) as session:
            found = await _portion(session, after, since, lanes, at_once)
        if found is None:
            return total
        after, marked = found
        total += marked


async def _portion(
    session: AsyncSession, after: tuple[str, UUID], since: datetime, lanes: Collection[int] | None, at_once: int
) -> tuple[tuple[str, UUID], int] | None:
    written_by, id_ = after
    values = {
        "after_written_by": written_by,
        "after_id": id_,
        "since": since,
        "lanes": None if lanes is None else sorted(lanes),
        "at_once": at_once,
    }
    row = (await session.execute(_PORTION, values)).one_or_none()
    return None if row is None else ((row.written_by, row.id), row.marked)
