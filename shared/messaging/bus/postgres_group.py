"""Which member of a group reads which partition on the PostgreSQL bus: lease rows, divided evenly.

Two members may believe for a moment that they hold the same partition (one was stopped, its lease ended): the
compare-and-set of the offset in the consumer's own database decides which member's work counts.
"""

from collections.abc import Collection, Iterable, Sequence
from time import monotonic
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.domain.ids import new_id
from shared.messaging.bus.protocol import PartitionId

LEASE_S = 10.0

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:group, 0))")
_EXPIRE = text("DELETE FROM bus_member WHERE group_name = :group AND expires_at < clock_timestamp()")
_PRESENT = text(
    """
    INSERT INTO bus_member (group_name, member, topics, expires_at)
    VALUES (:group, :me, CAST(:topics AS text[]), clock_timestamp() + make_interval(secs => :lease_s))
    ON CONFLICT (group_name, member) DO UPDATE SET expires_at = EXCLUDED.expires_at, topics = EXCLUDED.topics
    """
)
_MEMBERS = text("SELECT member, topics FROM bus_member WHERE group_name = :group ORDER BY member")
_RENEW = text(
    """
    UPDATE bus_lease SET expires_at = clock_timestamp() + make_interval(secs => :lease_s)
    WHERE group_name = :group AND member = :me
    RETURNING topic, partition
    """
)
_TAKE = text(
    """
    INSERT INTO bus_lease AS l (group_name, topic, partition, member, expires_at)
    SELECT :group, topic, partition, :me, clock_timestamp() + make_interval(secs => :lease_s)
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])) AS w (topic, partition)
    ORDER BY topic, partition
    ON CONFLICT (group_name, topic, partition) DO UPDATE SET member = EXCLUDED.member, expires_at = EXCLUDED.expires_at
        WHERE l.expires_at < clock_timestamp() OR l.member = EXCLUDED.member
    RETURNING topic, partition
    """
)
_GIVE = text(
    """
    DELETE FROM bus_lease l
    USING unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])) AS g (topic, partition)
    WHERE l.group_name = :group AND l.member = :me AND l.topic = g.topic AND l.partition = g.partition
    """
)
_LEAVE = text(
    """
    WITH gone AS (DELETE FROM bus_lease WHERE group_name = :group AND member = :me)
    DELETE FROM bus_member WHERE group_name = :group AND member = :me
    """
)


class GroupLeases:
    """One member's part in a group."""

    def __init__(
        self, engine: AsyncEngine, *, name: str, topics: Sequence[str], partitions: int, lease_s: float
    ) -> None:
        self.member = new_id()
        self._engine, self._topics, self._partitions, self._lease_s = engine, topics, partitions, lease_s
        self._me: dict[str, Any] = {"group": name, "me": self.member, "lease_s": lease_s}
        self._renewed = float("-inf")

    @property
    def expired(self) -> bool:
        """Whether the leases must be assumed to have ended, because they could not be renewed."""
        return monotonic() - self._renewed > self._lease_s

    async def renew(self) -> tuple[set[PartitionId], set[PartitionId]]:
        """Stay present; answers what this member's leases are and what they should be."""
        asked = monotonic()
        async with self._engine.begin() as connection:
            await connection.execute(_LOCK, {"group": self._me["group"]})
            await connection.execute(_EXPIRE, {"group": self._me["group"]})
            await connection.execute(_PRESENT, self._me | {"topics": list(self._topics)})
            members = [(row.member, row.topics) for row in await connection.execute(_MEMBERS, self._me_only("group"))]
            held = _partition_ids(await connection.execute(_RENEW, self._me))
        self._renewed = asked
        return held, self._fair_share(members)

    async def take(self, partition_ids: Collection[PartitionId]) -> set[PartitionId]:
        """Lease what is free; answers what was."""
        async with self._engine.begin() as connection:
            return _partition_ids(await connection.execute(_TAKE, self._me | _columns(partition_ids)))

    async def give_back(self, partition_ids: Collection[PartitionId]) -> None:
        """End leases early."""
        async with self._engine.begin() as connection:
            await connection.execute(_GIVE, self._me_only("group", "me") | _columns(partition_ids))

    async def leave(self) -> None:
        """End every lease and the membership."""
        async with self._engine.begin() as connection:
            await self._delete_membership(connection)

    async def _delete_membership(self, connection: AsyncConnection) -> None:
        await connection.execute(_LEAVE, self._me_only("group", "me"))

    def _fair_share(self, members: Sequence[tuple[Any, Collection[str]]]) -> set[PartitionId]:
        """Deal each topic's partitions to the members that read it, in turn; every member computes the same."""
        mine: set[PartitionId] = set()
        for shift, topic in enumerate(self._topics):
            readers = [member for member, topics in members if topic in topics]
            mine |= {
                PartitionId(topic, partition)
                for partition in range(self._partitions)
                if readers[(partition + shift) % len(readers)] == self.member
            }
        return mine

    def _me_only(self, *names: str) -> dict[str, Any]:
        return {name: self._me[name] for name in names}


def _columns(partition_ids: Collection[PartitionId]) -> dict[str, Any]:
    ordered = sorted(partition_ids)
    return {
        "topics": [partition_id.topic for partition_id in ordered],
        "partitions": [partition_id.partition for partition_id in ordered],
    }


def _partition_ids(rows: Iterable[Any]) -> set[PartitionId]:
    return {PartitionId(row.topic, row.partition) for row in rows}
