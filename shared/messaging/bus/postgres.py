"""The bus on PostgreSQL: an append-only log whose offsets have no gaps and follow the order of commits.

The head of a partition is locked for as long as the appending transaction lasts, so that a reader who has seen an
offset has seen all before it; a sequence would leave gaps, and readers would overtake slow writers.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import orjson
from sqlalchemy import text

from shared.database.engine import open_engine
from shared.messaging.bus.errors import is_transient
from shared.messaging.bus.postgres_group import LEASE_S, GroupLeases
from shared.messaging.bus.postgres_member import PostgresMember, appended
from shared.messaging.bus.protocol import Bus, BusRefused, Incoming, Outgoing, PartitionId, RebalanceListener

POOL = 4
SEND_TIMEOUT_S = 5.0

_APPEND = text(
    """
    WITH held AS MATERIALIZED (
        SELECT h.topic, h.partition, n.records
        FROM bus_head h
        JOIN unnest(CAST(:heads AS text[]), CAST(:head_partitions AS integer[]), CAST(:records AS integer[]))
             AS n (topic, partition, records) ON n.topic = h.topic AND n.partition = h.partition
        ORDER BY h.topic, h.partition
        FOR UPDATE OF h
    ), moved AS (
        UPDATE bus_head h SET next = h.next + held.records
        FROM held WHERE h.topic = held.topic AND h.partition = held.partition
        RETURNING h.topic, h.partition, h.next - held.records AS first
    )
    INSERT INTO bus_log (topic, partition, "offset", event_id, key, headers, value)
    SELECT moved.topic, moved.partition, moved.first + r.position, r.event_id, r.key, CAST(r.headers AS jsonb), r.value
    FROM unnest(
             CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:positions AS integer[]),
             CAST(:event_ids AS uuid[]), CAST(:keys AS bytea[]), CAST(:headers AS text[]), CAST(:values AS bytea[])
         ) AS r (topic, partition, position, event_id, key, headers, value)
    JOIN moved ON moved.topic = r.topic AND moved.partition = r.partition
    RETURNING 1
    """
)
_CREATE = text(
    """
    INSERT INTO bus_head (topic, partition)
    SELECT topic, partition
    FROM unnest(CAST(:topics AS text[])) AS t (topic)
    CROSS JOIN generate_series(0, CAST(:partitions AS integer) - 1) AS p (partition)
    ORDER BY topic, partition
    ON CONFLICT (topic, partition) DO NOTHING
    """
)
_TOPICS = text(
    """
    SELECT topic, count(*) AS partitions FROM bus_head WHERE starts_with(topic, :prefix) GROUP BY topic ORDER BY topic
    """
)
_ENDS = text(
    """
    SELECT topic, partition, next FROM bus_head WHERE topic = ANY (CAST(:topics AS text[])) ORDER BY topic, partition
    """
)
_READ = text(
    """
    SELECT l.topic, l.partition, l."offset", l.key, CAST(l.headers AS text) AS headers, l.value
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:starts AS bigint[]))
         AS a (topic, partition, start)
    CROSS JOIN LATERAL (
        SELECT * FROM bus_log b
        WHERE b.topic = a.topic AND b.partition = a.partition AND b."offset" >= a.start
        ORDER BY b."offset" LIMIT :limit
    ) AS l
    ORDER BY l.topic, l.partition, l."offset"
    """
)


class PostgresBus(Bus):
    """The installation's topics in the ``bus`` database."""

    def __init__(self, url: str, *, installation: str, partitions: int, name: str, lease_s: float = LEASE_S) -> None:
        """Prepare a small pool of its own; ``name`` is what the server calls these connections."""
        self.installation, self.partitions = installation, partitions
        self._prefix = f"{installation}."
        self._lease_s = lease_s
        self._engine = open_engine(url, pool_size=POOL, application_name=f"{name} bus")
        # Members in the same process need not poll to learn that something was appended.
        self._address = str(self._engine.url)

    async def broker(self) -> str:
        """There is one bus database per installation's server."""
        return "postgres"

    async def topics(self) -> Mapping[str, int]:
        """The installation's topics and their partition counts."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_TOPICS, {"prefix": self._prefix})
            return {row.topic.removeprefix(self._prefix): row.partitions for row in rows}

    async def create_topics(self, topics: Collection[str]) -> None:
        """Create what is missing; refuses a topic with another partition count."""
        there = await self.topics()
        for topic in topics:
            if there.get(topic, self.partitions) != self.partitions:
                raise BusRefused.for_partitions(topic, there[topic], self.partitions)
        missing = sorted(self._prefix + topic for topic in topics if topic not in there)
        if missing:
            async with self._engine.begin() as connection:
                await connection.execute(_CREATE, {"topics": missing, "partitions": self.partitions})

    async def send(self, records: Sequence[Outgoing]) -> Sequence[Exception | None]:
        """Append all in one transaction; if that fails, partition by partition, so that one blocks no other."""
        if not records:
            return []
        if await self._try_append(records) is None:
            return [None] * len(records)
        by_partition: dict[PartitionId, list[Outgoing]] = {}
        for record in records:
            by_partition.setdefault(record.partition_id, []).append(record)
        # The first failure may be everybody's (the server is gone): do not ask once per partition then.
        failed: dict[PartitionId, Exception | None] = {}
        for partition_id, batch in by_partition.items():
            error = await self._try_append(batch)
            failed[partition_id] = error
            if error is not None and is_transient(error):
                break
        return [failed.get(record.partition_id, TimeoutError("not tried")) for record in records]

    async def _try_append(self, records: Sequence[Outgoing]) -> Exception | None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._append(records)
        except Exception as error:
            return error
        appended(self._address)
        return None

    async def _append(self, records: Sequence[Outgoing]) -> None:
        counts: dict[PartitionId, int] = {}
        positions = []
        for record in records:
            positions.append(counts.get(record.partition_id, 0))
            counts[record.partition_id] = positions[-1] + 1
        async with self._engine.begin() as connection:
            result = await connection.execute(
                _APPEND,
                {
                    "heads": [self._prefix + partition_id.topic for partition_id in counts],
                    "head_partitions": [partition_id.partition for partition_id in counts],
                    "records": list(counts.values()),
                    "topics": [self._prefix + record.partition_id.topic for record in records],
                    "partitions": [record.partition_id.partition for record in records],
                    "positions": positions,
                    "event_ids": [record.id for record in records],
                    "keys": [record.key for record in records],
                    "headers": [orjson.dumps(dict(record.headers)).decode() for record in records],
                    "values": [record.value for record in records],
                },
            )
            if len(result.all()) != len(records):
                raise LookupError("a topic does not exist")

    def join(self, group: str, topics: Collection[str], listener: RebalanceListener) -> PostgresMember:
        """Take part in a group for as long as the block runs."""
        leases = GroupLeases(
            self._engine,
            name=f"{self._prefix}{group}",
            topics=sorted(self._prefix + topic for topic in topics),
            partitions=self.partitions,
            lease_s=self._lease_s,
        )
        return PostgresMember(self._engine, leases, listener, prefix=self._prefix, address=self._address)

    async def ends(self, topics: Collection[str]) -> Mapping[PartitionId, int]:
        """The offset after the last record of each partition."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_ENDS, {"topics": [self._prefix + topic for topic in topics]})
            return {PartitionId(row.topic.removeprefix(self._prefix), row.partition): row.next for row in rows}

    async def read(self, starts: Mapping[PartitionId, int], limit: int) -> Sequence[Incoming]:
        """Up to ``limit`` records of each partition from an offset on."""
        asked = {
            "topics": [self._prefix + partition_id.topic for partition_id in starts],
            "partitions": [partition_id.partition for partition_id in starts],
            "starts": list(starts.values()),
        }
        async with self._engine.connect() as connection:
            rows = await connection.execute(_READ, asked | {"limit": limit})
            return [
                Incoming(
                    PartitionId(row.topic.removeprefix(self._prefix), row.partition),
                    row.offset,
                    row.key,
                    orjson.loads(row.headers),
                    row.value,
                )
                for row in rows
            ]

    async def replicas(self) -> Mapping[str, tuple[int, int]]:
        """It lies in one database: the server's own copies are its administrator's affair."""
        return {}

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
