"""Queries on the targets: in force is, for each township, the line of the highest version."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.quota.targets.schemas import TargetsIn, TownTargetIn
from shared.contracts.event import Trace

MAX_TOWNS = 5_000  # a province has about 2,500

_CURRENT_SET = text(
    """
    SELECT id, region, version, document, note, declared_total FROM target_set
    WHERE benefit_year = :year AND region = :county
    ORDER BY version DESC LIMIT 1
    """
)
_IN_FORCE = text(
    """
    SELECT DISTINCT ON (region) region, name, target FROM town_target
    WHERE benefit_year = :year
    ORDER BY region, version DESC LIMIT :most
    """
)
# Two amendments at once both see version n; the unique key lets one of them have n + 1.
_ADD_SET = text(
    """
    INSERT INTO target_set
        (id, region, benefit_year, version, document, note, declared_total, actor, correlation_id)
    VALUES (:id, :county, :year, :version, :document, :note, :total, :actor, :correlation_id)
    ON CONFLICT (region, benefit_year, version) DO NOTHING
    RETURNING id
    """
)
_ADD_TOWNS = text(
    """
    INSERT INTO town_target (region, benefit_year, version, name, target, actor, correlation_id)
    SELECT town.region, :year, :version, town.name, town.target, :actor, :correlation_id
    FROM unnest(CAST(:regions AS text[]), CAST(:names AS text[]), CAST(:targets AS bigint[]))
        AS town (region, name, target)
    ORDER BY town.region
    """
)


@dataclass(frozen=True, slots=True)
class TargetSet:
    """One published version of a county's targets."""

    id: UUID
    region: str
    version: int
    document: str
    note: str
    declared_total: int


async def current_set(session: AsyncSession, county: str, benefit_year: int) -> TargetSet | None:
    """The newest version of a county's targets for a year."""
    row = (await session.execute(_CURRENT_SET, {"county": county, "year": benefit_year})).one_or_none()
    return TargetSet(*row) if row else None


async def in_force(session: AsyncSession, benefit_year: int) -> list[TownTargetIn]:
    """Each visible township with the target it has to reach, by region."""
    rows = await session.execute(_IN_FORCE, {"year": benefit_year, "most": MAX_TOWNS})
    return [TownTargetIn(region=row.region, name=row.name, target=row.target) for row in rows]


async def add(session: AsyncSession, target_set: TargetSet, body: TargetsIn, trace: Trace) -> bool:
    """Record a version with its lines; False if another amendment took the version first."""
    by: dict[str, object] = {
        "year": body.benefit_year,
        "version": target_set.version,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    head: dict[str, object] = {
        "id": target_set.id,
        "county": target_set.region,
        "document": target_set.document,
        "note": target_set.note,
        "total": target_set.declared_total,
    }
    if (await session.execute(_ADD_SET, head | by)).one_or_none() is None:
        return False
    await session.execute(_ADD_TOWNS, _columns(body.towns) | by)
    return True


def _columns(towns: Sequence[TownTargetIn]) -> dict[str, object]:
    return {
        "regions": [town.region for town in towns],
        "names": [town.name for town in towns],
        "targets": [town.target for town in towns],
    }
