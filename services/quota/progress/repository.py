"""Queries on the village counters; only villages are stored, so that no town row is fought over."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.quota.progress.completion import Counts
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap
from shared.database.row import fetch_all, select_into

MAX_NAMED = 100  # villages outside every known town that are named; their sums are always complete


@dataclass(frozen=True, slots=True)
class TargetDocument:
    """Which document the targets of a county come from."""

    region: str
    version: int
    document: str
    note: str


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """The people of one village or town."""

    region: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class VillageChange:
    """By how much the counters of one village change, and what caused it last."""

    benefit_year: int
    region: str
    counts: Counts
    trace: Trace


_CHANGES = ColumnMap[VillageChange](
    {
        "benefit_year": "integer",
        "region": "text",
        "registered": ("bigint", "counts.registered"),
        "enrolled": ("bigint", "counts.enrolled"),
        "terminated": ("bigint", "counts.terminated"),
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_OPEN = _CHANGES.statement(
    """
    INSERT INTO village_counter (benefit_year, region, registered, enrolled, terminated, actor, correlation_id)
    SELECT n.benefit_year, n.region, 0, 0, 0, n.actor, n.correlation_id FROM {rows}
    ORDER BY n.benefit_year, n.region
    ON CONFLICT (benefit_year, region) DO NOTHING
    """
)
# Locked in key order before the update: two members that count for the same villages wait, and never for each other.
_ADD = _CHANGES.statement(
    """
    WITH locked AS (
        SELECT n.* FROM village_counter counter JOIN {rows} USING (benefit_year, region)
        ORDER BY counter.benefit_year, counter.region
        FOR UPDATE OF counter
    )
    UPDATE village_counter counter
    SET registered = counter.registered + locked.registered,
        enrolled = counter.enrolled + locked.enrolled,
        terminated = counter.terminated + locked.terminated,
        actor = locked.actor,
        correlation_id = locked.correlation_id,
        recorded_at = now()
    FROM locked
    WHERE counter.benefit_year = locked.benefit_year AND counter.region = locked.region
    """
)
_BY_TOWN = text(
    """
    SELECT substr(region, 1, 9) AS place, sum(registered)::bigint AS registered, sum(enrolled)::bigint AS enrolled,
           sum(terminated)::bigint AS terminated
    FROM village_counter
    WHERE benefit_year = :year
    GROUP BY 1 ORDER BY 1 LIMIT :most
    """
)
_OUTSIDE = text(
    """
    SELECT counter.region AS place, counter.registered, counter.enrolled, counter.terminated
    FROM village_counter counter
    WHERE counter.benefit_year = :year
      AND NOT EXISTS (
          SELECT FROM town_target town
          WHERE town.benefit_year = counter.benefit_year AND town.region = substr(counter.region, 1, 9)
      )
    ORDER BY counter.region LIMIT :most
    """
)
_TARGET_DOCUMENTS = select_into(
    TargetDocument,
    """
    SELECT DISTINCT ON (region) {fields} FROM target_set
    WHERE benefit_year = :year
    ORDER BY region, version DESC LIMIT 200
    """,
)


async def add(session: AsyncSession, changes: Sequence[VillageChange]) -> None:
    """Add to the counters of villages, opening those that are new; each village stands in ``changes`` once."""
    if changes:
        columns = _CHANGES.arrays(changes)
        await session.execute(_OPEN, columns)
        await session.execute(_ADD, columns)


async def by_town(session: AsyncSession, benefit_year: int, most: int) -> dict[str, Counts]:
    """The sums of the villages, by the town that their code begins with."""
    towns = await fetch_all(session, _BY_TOWN, _counted, {"year": benefit_year, "most": most})
    return {town.region: town.counts for town in towns}


async def outside(session: AsyncSession, benefit_year: int) -> list[PlaceCounts]:
    """The first villages, by code, that lie in no town with a target."""
    return await fetch_all(session, _OUTSIDE, _counted, {"year": benefit_year, "most": MAX_NAMED})


async def target_documents(session: AsyncSession, benefit_year: int) -> list[TargetDocument]:
    """The documents in force, one per county."""
    return await fetch_all(session, _TARGET_DOCUMENTS, TargetDocument, {"year": benefit_year})


def _counted(place: str, registered: int, enrolled: int, terminated: int) -> PlaceCounts:
    return PlaceCounts(place, Counts(registered, enrolled, terminated))
