"""Statistics of messaging: for readiness, metrics and the console."""

from collections.abc import Collection
from dataclasses import dataclass

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.engine import Database
from shared.messaging.bus.protocol import Bus, PartitionId

GAP_UNREADY_S = 60.0

_STATS = text(
    """
    SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS unpublished,
           (SELECT EXTRACT(epoch FROM clock_timestamp() - min(recorded_at))
            FROM outbox WHERE published_at IS NULL) AS oldest_unpublished_s,
           (SELECT count(*) FROM dead_letter WHERE state = 'WAITING') AS dead_letters,
           (SELECT count(*) FROM parked_event) AS parked,
           g.gaps, g.oldest_gap_s
    FROM (
        SELECT count(*) AS gaps, EXTRACT(epoch FROM clock_timestamp() - min(p.parked_at)) AS oldest_gap_s
        FROM parked_event p
        WHERE NOT EXISTS (SELECT FROM dead_letter d
                          WHERE d.publisher = p.publisher AND d.aggregate_id = p.aggregate_id AND d.state = 'WAITING')
    ) AS g
    """
)
_OFFSETS = text("SELECT topic, partition, next_offset FROM consumer_offset ORDER BY topic, partition")


class MessagesOut(BaseModel):
    """Events that wait, for a summary; ages in seconds."""

    unpublished: int
    oldest_unpublished_s: int
    dead_letters: int
    parked: int
    oldest_gap_s: int


@dataclass(frozen=True, slots=True)
class BusStats:
    """Counts of events, ages in seconds by the database's clock (0 if there is none)."""

    unpublished: int
    oldest_unpublished_s: float
    dead_letters: int
    parked: int
    gaps: int
    oldest_gap_s: float

    def out(self) -> MessagesOut:
        """For a summary."""
        return MessagesOut(
            unpublished=self.unpublished,
            oldest_unpublished_s=int(self.oldest_unpublished_s),
            dead_letters=self.dead_letters,
            parked=self.parked,
            oldest_gap_s=int(self.oldest_gap_s),
        )

    @property
    def ready(self) -> bool:
        """Whether no event waits too long for one that belongs before it; a dead letter is visible, but not unready."""
        return self.oldest_gap_s <= GAP_UNREADY_S


async def bus_stats(database: Database, region: str) -> BusStats:
    """What waits in a service's database."""
    async with database.transaction(region) as session:
        return await bus_stats_in(session)


async def bus_stats_in(session: AsyncSession) -> BusStats:
    """The same within a transaction: as its region sees it."""
    row = (await session.execute(_STATS)).one()
    return BusStats(
        unpublished=row.unpublished,
        oldest_unpublished_s=float(row.oldest_unpublished_s or 0),
        dead_letters=row.dead_letters,
        parked=row.parked,
        gaps=row.gaps,
        oldest_gap_s=float(row.oldest_gap_s or 0),
    )


async def lag(database: Database, bus: Bus, region: str, topics: Collection[str]) -> dict[str, int]:
    """Per topic how many records on the bus this service has not yet taken in."""
    there = await bus.topics()
    ends = await bus.ends([topic for topic in topics if topic in there])
    async with database.transaction(region) as session:
        taken = {PartitionId(row.topic, row.partition): row.next_offset for row in await session.execute(_OFFSETS)}
    behind = dict.fromkeys(topics, 0)
    for partition_id, end in ends.items():
        behind[partition_id.topic] += max(0, end - taken.get(partition_id, 0))
    return behind
