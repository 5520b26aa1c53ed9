"""The consumer's offsets in its own database: whoever moves them owns the records between."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.bus.protocol import Place

_INTRODUCE = text(
    """
    INSERT INTO consumer_offset (topic, partition, next_offset)
    SELECT topic, partition, 0
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])) AS p (topic, partition)
    ORDER BY topic, partition
    ON CONFLICT (topic, partition) DO NOTHING
    """
)
_LOAD = text(
    """
    SELECT topic, partition, next_offset, last_event_id
    FROM consumer_offset
    JOIN unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])) AS p (topic, partition)
        USING (topic, partition)
    ORDER BY topic, partition
    """
)
_COMPARE_AND_SET = text(
    """
    WITH held AS MATERIALIZED (
        SELECT o.topic, o.partition, m.next_offset, m.last_event_id
        FROM consumer_offset o
        JOIN unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:expected AS bigint[]),
                    CAST(:next AS bigint[]), CAST(:last AS uuid[]))
             AS m (topic, partition, expected, next_offset, last_event_id)
             ON m.topic = o.topic AND m.partition = o.partition AND m.expected = o.next_offset
        ORDER BY o.topic, o.partition
        FOR UPDATE OF o
    )
    UPDATE consumer_offset o SET next_offset = held.next_offset, last_event_id = held.last_event_id
    FROM held WHERE o.topic = held.topic AND o.partition = held.partition
    RETURNING o.topic, o.partition
    """
)


@dataclass(frozen=True, slots=True)
class Move:
    """A partition's offset goes from what this member believes to what it is about to take in."""

    place: Place
    expected: int
    next_offset: int
    last_event_id: UUID | None


async def load(session: AsyncSession, places: Collection[Place]) -> Mapping[Place, tuple[int, UUID | None]]:
    """Next offset and last event per partition; one never read before starts at the beginning."""
    wanted = {"topics": [place.topic for place in places], "partitions": [place.partition for place in places]}
    await session.execute(_INTRODUCE, wanted)
    rows = await session.execute(_LOAD, wanted)
    return {Place(row.topic, row.partition): (row.next_offset, row.last_event_id) for row in rows}


async def compare_and_set(session: AsyncSession, moves: Collection[Move]) -> set[Place]:
    """Move the offsets that stand where this member believes; the records of the others are another member's."""
    rows = await session.execute(
        _COMPARE_AND_SET,
        {
            "topics": [move.place.topic for move in moves],
            "partitions": [move.place.partition for move in moves],
            "expected": [move.expected for move in moves],
            "next": [move.next_offset for move in moves],
            "last": [move.last_event_id for move in moves],
        },
    )
    return {Place(row.topic, row.partition) for row in rows}
