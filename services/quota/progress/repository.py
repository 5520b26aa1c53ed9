"""Queries on the village counters; only villages are stored, so that no town row is fought over."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.quota.progress.completion import Counts
from shared.contracts.event import Trace

MAX_NAMED = 100  # villages outside every known town that are named; their sums are always complete

_OPEN = text(
    """
    INSERT INTO village_counter (benefit_year, region, registered, enrolled, terminated, actor, correlation_id)
    SELECT village.benefit_year, village.region, 0, 0, 0, village.actor, village.correlation_id
    FROM unnest(CAST(:years AS int[]), CAST(:regions AS text[]), CAST(:actors AS text[]),
                CAST(:correlations AS uuid[])) AS village (benefit_year, region, actor, correlation_id)
    ORDER BY village.benefit_year, village.region
    ON CONFLICT (benefit_year, region) DO NOTHING
    """
)
# Locked in key order before the update: two members that count for the same villages wait, and never for each other.
_ADD = text(
    """
    WITH change AS (
        SELECT * FROM unnest(
            CAST(:years AS int[]), CAST(:regions AS text[]), CAST(:registered AS bigint[]),
            CAST(:enrolled AS bigint[]), CAST(:terminated AS bigint[]), CAST(:actors AS text[]),
            CAST(:correlations AS uuid[])
        ) AS change (benefit_year, region, registered, enrolled, terminated, actor, correlation_id)
    ), locked AS (
        SELECT change.* FROM village_counter counter JOIN change USING (benefit_year, region)
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
    SELECT substr(region, 1, 9) AS town, sum(registered)::bigint AS registered, sum(enrolled)::bigint AS enrolled,
           sum(terminated)::bigint AS terminated
    FROM village_counter
    WHERE benefit_year = :year
    GROUP BY 1 ORDER BY 1 LIMIT :most
    """
)
_OUTSIDE = text(
    """
    SELECT counter.region, counter.registered, counter.enrolled, counter.terminated
    FROM village_counter counter
    WHERE counter.benefit_year = :year
      AND NOT EXISTS (
          SELECT FROM town_target town
          WHERE town.benefit_year = counter.benefit_year AND town.region = substr(counter.region, 1, 9)
      )
    ORDER BY counter.region LIMIT :most
    """
)
_NOTICES = text(
    """
    SELECT DISTINCT ON (region) region, version, document, note FROM target_set
    WHERE benefit_year = :year
    ORDER BY region, version DESC LIMIT 200
    """
)


@dataclass(frozen=True, slots=True)
class Notice:
    """Which notice the targets of a county come from."""

    region: str
    version: int
    document: str
    note: str


async def add(session: AsyncSession, changes: Mapping[tuple[int, str], tuple[Counts, Trace]]) -> None:
    """Add to the counters of villages, by (benefit year, village), opening those that are new."""
    if not changes:
        return
    rows = sorted(changes.items())
    keys = {
        "years": [year for (year, _), _ in rows],
        "regions": [region for (_, region), _ in rows],
        "actors": [trace.actor for _, (_, trace) in rows],
        "correlations": [trace.correlation_id for _, (_, trace) in rows],
    }
    await session.execute(_OPEN, keys)
    counts = [counts for _, (counts, _) in rows]
    await session.execute(
        _ADD,
        keys
        | {
            "registered": [count.registered for count in counts],
            "enrolled": [count.enrolled for count in counts],
            "terminated": [count.terminated for count in counts],
        },
    )


async def by_town(session: AsyncSession, benefit_year: int, most: int) -> dict[str, Counts]:
    """The sums of the villages, by the town that their code begins with."""
    rows = await session.execute(_BY_TOWN, {"year": benefit_year, "most": most})
    return {row.town: Counts(row.registered, row.enrolled, row.terminated) for row in rows}


async def outside(session: AsyncSession, benefit_year: int) -> list[tuple[str, Counts]]:
    """The first villages, by code, that lie in no town with a target."""
    rows = await session.execute(_OUTSIDE, {"year": benefit_year, "most": MAX_NAMED})
    return [(row.region, Counts(row.registered, row.enrolled, row.terminated)) for row in rows]


async def notices(session: AsyncSession, benefit_year: int) -> list[Notice]:
    """The notices in force, one per county."""
    return [Notice(*row) for row in await session.execute(_NOTICES, {"year": benefit_year})]
