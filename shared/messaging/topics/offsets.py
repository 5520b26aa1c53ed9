"""The consumer's offsets in its own database: the member that advances them owns the records between."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.bus.protocol import PartitionId

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
class OffsetAdvance:
    """A compare-and-set of one partition's offset: from what this member believes to past its batch."""

    partition_id: PartitionId
    expected: int
    next_offset: int
    last_event_id: UUID | None


async def load(
    session: AsyncSession, partition_ids: Collection[PartitionId]
) -> Mapping[PartitionId, tuple[int, UUID | None]]:
    """Next offset and last event per partition; one never read before starts at the beginning."""
    wanted = {
        "topics": [partition_id.topic for partition_id in partition_ids],
        "partitions": [partition_id.partition for partition_id in partition_ids],
    }
    await session.execute(_INTRODUCE, wanted)
    rows = await session.execute(_LOAD, wanted)
    return {PartitionId(row.topic, row.partition): (row.next_offset, row.last_event_id) for row in rows}


async def compare_and_set(session: AsyncSession, advances: Collection[OffsetAdvance]) -> set[PartitionId]:
    """Advance the offsets that are where this member expects; returns those, the others belong to another member."""
    rows = await session.execute(
        _COMPARE_AND_SET,
        {
            "topics": [advance.partition_id.topic for advance in advances],
            "partitions": [advance.partition_id.partition for advance in advances],
            "expected": [advance.expected for advance in advances],
            "next": [advance.next_offset for advance in advances],
            "last": [advance.last_event_id for advance in advances],
        },
    )
    return {PartitionId(row.topic, row.partition) for row in rows}
