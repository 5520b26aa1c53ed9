"""Queries on the targets: in force is, for each township, the line of the highest version."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, fetch_one, select_into

MAX_TOWNS = 5_000  # a province has about 2,500


@dataclass(frozen=True, slots=True)
class TargetSet:
    """One published version of a county's targets."""

    id: UUID
    region: str
    version: int
    document: str
    note: str
    declared_total: int


@dataclass(frozen=True, slots=True, order=True)
class TownTarget:
    """A township and the number of people it has to reach; in order of their regions."""

    region: str
    name: str
    target: int


_TOWNS = ColumnMap[TownTarget]({"region": "text", "name": "text", "target": "bigint"})
_CURRENT_SET = select_into(
    TargetSet,
    """
    SELECT {fields} FROM target_set
    WHERE benefit_year = :year AND region = :county
    ORDER BY version DESC LIMIT 1
    """,
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
    VALUES (:id, :county, :benefit_year, :version, :document, :note, :total, :actor, :correlation_id)
    ON CONFLICT (region, benefit_year, version) DO NOTHING
    RETURNING id
    """
)
_ADD_TOWNS = insert_rows(
    "town_target",
    _TOWNS,
    given={"benefit_year": "integer", "version": "integer", "actor": "text", "correlation_id": "uuid"},
    order_by="n.region",
)


async def current_set(session: AsyncSession, county: str, benefit_year: int) -> TargetSet | None:
    """The newest version of a county's targets for a year."""
    return await fetch_one(session, _CURRENT_SET, TargetSet, {"county": county, "year": benefit_year})


async def in_force(session: AsyncSession, benefit_year: int) -> list[TownTarget]:
    """Each visible township with the target it has to reach, by region."""
    return await fetch_all(session, _IN_FORCE, TownTarget, {"year": benefit_year, "most": MAX_TOWNS})


async def add(
    session: AsyncSession, target_set: TargetSet, benefit_year: int, towns: Sequence[TownTarget], trace: Trace
) -> bool:
    """Record a version with its lines; False if another amendment took the version first."""
    by: dict[str, object] = {
        "benefit_year": benefit_year,
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
    await session.execute(_ADD_TOWNS, _TOWNS.arrays(towns) | by)
    return True
