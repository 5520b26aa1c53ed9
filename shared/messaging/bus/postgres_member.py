"""One member of a group on the PostgreSQL bus: keeps its leases, and reads the log where it holds one."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import orjson
import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.bus.errors import error_summary
from shared.messaging.bus.postgres_group import GroupLeases
from shared.messaging.bus.protocol import Incoming, PartitionId, RebalanceListener

_HEARTBEAT_S = 1.0
_RETRY_S = 0.1
# How long to wait before looking again when nothing was there: short after work, longer when it is quiet.
_FIRST_POLL_S, _LAST_POLL_S = 0.01, 0.2

_log = structlog.get_logger("canbao.bus")

# A reader beyond the end of its partition, or in a topic that is not the one it has read from, starts over.
_READ = text(
    """
    SELECT l.topic, l.partition, l."offset", l.key, CAST(l.headers AS text) AS headers, l.value, h.incarnation
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:offsets AS bigint[]),
                CAST(:incarnations AS uuid[]))
         WITH ORDINALITY AS a (topic, partition, start, incarnation, turn)
    JOIN bus_head h ON h.topic = a.topic AND h.partition = a.partition
        AND (h.next <> a.start OR h.incarnation <> a.incarnation)
    CROSS JOIN LATERAL (
        SELECT * FROM bus_log b
        WHERE b.topic = a.topic AND b.partition = a.partition
            AND b."offset" >= CASE WHEN a.start > h.next OR h.incarnation <> a.incarnation THEN 0 ELSE a.start END
        ORDER BY b."offset" LIMIT :per_partition
    ) AS l
    ORDER BY a.turn, l."offset"
    LIMIT :limit
    """
)
_ENDS = text(
    """
    SELECT h.topic, h.partition, h.next
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])) AS a (topic, partition)
    JOIN bus_head h ON h.topic = a.topic AND h.partition = a.partition
    ORDER BY h.topic, h.partition
    """
)
_pollers: dict[str, set[asyncio.Event]] = {}


def appended(address: str) -> None:
    """Notify the members in this process that read from the same database."""
    for signal in _pollers.get(address, ()):
        signal.set()


class PostgresMember:
    """Reads the partitions that its leases name."""

    def __init__(
        self, engine: AsyncEngine, group: GroupLeases, listener: RebalanceListener, *, prefix: str, address: str
    ) -> None:
        # One statement at a time: no transaction to begin and end around each look.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._group, self._listener = group, listener
        self._prefix, self._address = prefix, address
        self._offsets: dict[PartitionId, int] = {}
        # Of which making of its topic the records were that came last; kept while the partition is ours.
        self._incarnations: dict[PartitionId, UUID] = {}
        self._turn = 0
        self._appended = asyncio.Event()
        self._poll_s = _FIRST_POLL_S  # kept from poll to poll, so that a quiet bus is looked at seldom
        self._heartbeats: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        _pollers.setdefault(self._address, set()).add(self._appended)
        try:
            await self._heartbeat()
        except BaseException:
            # A member that could not join gives back the leases it took.
            await self.__aexit__(None, None, None)
            raise
        self._heartbeats = asyncio.create_task(self._heartbeat_loop(), name="bus member")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _pollers[self._address].discard(self._appended)
        if self._heartbeats is not None:
            self._heartbeats.cancel()
            await asyncio.gather(self._heartbeats, return_exceptions=True)
        await self._lose(set(self._offsets))
        try:
            await self._group.leave()
        except Exception as refusal:
            # The leases end by themselves.
            _log.info("leases not given back", error=error_summary(refusal))

    async def poll(self, limit: int, wait_s: float) -> Sequence[Incoming]:
        """Up to ``limit`` records; waits up to ``wait_s`` seconds for the first."""
        deadline = monotonic() + wait_s
        while True:
            self._appended.clear()
            if records := await self._read(limit):
                self._poll_s = _FIRST_POLL_S
                return records
            left_s = deadline - monotonic()
            try:
                await asyncio.wait_for(self._appended.wait(), min(self._poll_s, max(left_s, 0)))
                self._poll_s = _FIRST_POLL_S
            except TimeoutError:
                self._poll_s = min(self._poll_s * 2, _LAST_POLL_S)
            if monotonic() >= deadline:
                return []  # the next poll begins with a look

    async def seek(self, partition_id: PartitionId, offset: int) -> None:
        """Read on from here in this partition."""
        if self._with_prefix(partition_id) in self._offsets:
            self._offsets[self._with_prefix(partition_id)] = offset

    async def commit_offsets(self, offsets: Mapping[PartitionId, int]) -> None:
        """Nothing to do: no tool reads group offsets here; the consumer's database has them."""

    async def ends(self) -> Mapping[PartitionId, int]:
        """The offset after the last record of each assigned partition."""
        partition_ids = sorted(self._offsets)
        wanted = {
            "topics": [partition_id.topic for partition_id in partition_ids],
            "partitions": [partition_id.partition for partition_id in partition_ids],
        }
        async with self._engine.connect() as connection:
            rows = await connection.execute(_ENDS, wanted)
            return {self._without_prefix(PartitionId(row.topic, row.partition)): row.next for row in rows}

    async def _read(self, limit: int) -> list[Incoming]:
        if not self._offsets:
            return []
        # Another partition comes first each time, so that a full one starves no other.
        partition_ids = sorted(self._offsets)
        self._turn = (self._turn + 1) % len(partition_ids)
        partition_ids = partition_ids[self._turn :] + partition_ids[: self._turn]
        wanted = {
            "topics": [partition_id.topic for partition_id in partition_ids],
            "partitions": [partition_id.partition for partition_id in partition_ids],
            "offsets": [self._offsets[partition_id] for partition_id in partition_ids],
            "incarnations": [self._incarnations.get(partition_id) for partition_id in partition_ids],
            "limit": limit,
            "per_partition": max(1, limit // 2),
        }
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_READ, wanted)).all()
        records = []
        for row in rows:
            partition_id = PartitionId(row.topic, row.partition)
            if partition_id in self._offsets:
                self._offsets[partition_id] = row.offset + 1
                self._incarnations[partition_id] = row.incarnation
                records.append(self._incoming(row))
        return records

    def _incoming(self, row: Row[Any]) -> Incoming:
        partition_id = PartitionId(row.topic.removeprefix(self._prefix), row.partition)
        return Incoming(partition_id, row.offset, row.key, orjson.loads(row.headers), row.value)

    async def _heartbeat_loop(self) -> None:
        pause_s = _HEARTBEAT_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                pause_s = _HEARTBEAT_S if await self._heartbeat() else _RETRY_S
            except Exception as error:
                _log.warning("leases not renewed", error=error_summary(error))
                if self._group.expired:
                    await self._lose(set(self._offsets))

    async def _heartbeat(self) -> bool:
        """Renew, give up what is another's share, take what is ours; says whether all of our share is held."""
        held, share = await self._group.renew()
        await self._lose(set(self._offsets) - held)
        surplus = held - share
        if surplus:
            await self._lose(surplus)
            await self._group.give_back(surplus)
        wanted = share - set(self._offsets)
        if wanted:
            taken = await self._group.take(wanted)
            if taken:
                starts = await self._listener.assigned([self._without_prefix(partition_id) for partition_id in taken])
                self._offsets |= {self._with_prefix(partition_id): start for partition_id, start in starts.items()}
        return set(self._offsets) == share

    async def _lose(self, partition_ids: Collection[PartitionId]) -> None:
        lost = [partition_id for partition_id in partition_ids if partition_id in self._offsets]
        if lost:
            await self._listener.revoked([self._without_prefix(partition_id) for partition_id in lost])
            for partition_id in lost:
                self._offsets.pop(partition_id, None)
                self._incarnations.pop(partition_id, None)

    def _without_prefix(self, partition_id: PartitionId) -> PartitionId:
        return PartitionId(partition_id.topic.removeprefix(self._prefix), partition_id.partition)

    def _with_prefix(self, partition_id: PartitionId) -> PartitionId:
        return PartitionId(self._prefix + partition_id.topic, partition_id.partition)
