"""The consumer's offsets in its own database: the member that advances them owns the records between."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all
from shared.messaging.bus.protocol import PartitionId


@dataclass(frozen=True, slots=True)
class OffsetAdvance:
    """A compare-and-set of one partition's offset: from what this member believes to past its batch."""

    partition_id: PartitionId
    expected: int
    next_offset: int
    last_event_id: UUID | None


_PARTITIONS = ColumnMap[PartitionId]({"topic": "text", "partition": "integer"})
_ADVANCES = ColumnMap[OffsetAdvance](
    {
        "topic": ("text", "partition_id.topic"),
        "partition": ("integer", "partition_id.partition"),
        "expected": "bigint",
        "next_offset": "bigint",
        "last_event_id": "uuid",
    }
)
_INTRODUCE = insert_rows(
    "consumer_offset",
    _PARTITIONS,
    given={"next_offset": "bigint"},
    order_by="n.topic, n.partition",
    then="ON CONFLICT (topic, partition) DO NOTHING",
)
_LOAD = _PARTITIONS.statement(
    """
    SELECT o.topic, o.partition, o.next_offset, o.last_event_id
    FROM consumer_offset o JOIN {rows} ON n.topic = o.topic AND n.partition = o.partition
    ORDER BY o.topic, o.partition
    """
)
_COMPARE_AND_SET = _ADVANCES.statement(
    """
    WITH held AS MATERIALIZED (
        SELECT o.topic, o.partition, n.next_offset, n.last_event_id
        FROM consumer_offset o
        JOIN {rows} ON n.topic = o.topic AND n.partition = o.partition AND n.expected = o.next_offset
        ORDER BY o.topic, o.partition
        FOR UPDATE OF o
    )
    UPDATE consumer_offset o SET next_offset = held.next_offset, last_event_id = held.last_event_id
    FROM held WHERE o.topic = held.topic AND o.partition = held.partition
    RETURNING o.topic, o.partition
    """
)


async def load(
    session: AsyncSession, partition_ids: Collection[PartitionId]
) -> Mapping[PartitionId, tuple[int, UUID | None]]:
    """Next offset and last event per partition; one never read before starts at the beginning."""
    wanted = _PARTITIONS.arrays(list(partition_ids))
    await session.execute(_INTRODUCE, wanted | {"next_offset": 0})
    rows = await session.execute(_LOAD, wanted)
    return {PartitionId(row.topic, row.partition): (row.next_offset, row.last_event_id) for row in rows}


async def compare_and_set(session: AsyncSession, advances: Sequence[OffsetAdvance]) -> set[PartitionId]:
    """Advance the offsets that are where this member expects; returns those, the others belong to another member."""
    return set(await fetch_all(session, _COMPARE_AND_SET, PartitionId, _ADVANCES.arrays(advances)))
