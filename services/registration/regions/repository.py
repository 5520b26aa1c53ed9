"""The region directory in SQL."""

from collections.abc import Collection, Mapping
from operator import itemgetter

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.bulk import ColumnMap, insert_rows

_ENTRIES = ColumnMap[tuple[str, str]]({"code": ("text", itemgetter(0)), "name": ("text", itemgetter(1))})
_LISTED = text(
    """
    SELECT code FROM region_directory WHERE code = ANY(CAST(:codes AS text[])) ORDER BY code LIMIT 10000
    """
)
_DETAILED = text(
    """
    SELECT DISTINCT left(code, 9) AS town FROM region_directory
    WHERE length(code) = 12 AND left(code, 9) = ANY(CAST(:towns AS text[])) ORDER BY 1 LIMIT 10000
    """
)
_OF_CALLER = text("SELECT current_setting('canbao.region')")
_ADD = insert_rows(
    "region_directory", _ENTRIES, order_by="n.code", then="ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name"
)


async def of_caller(session: AsyncSession) -> str:
    """The region that this transaction may see and write."""
    return str((await session.execute(_OF_CALLER)).scalar_one())


async def listed(session: AsyncSession, codes: Collection[str]) -> set[str]:
    """Those of the codes that stand in the directory."""
    return set((await session.execute(_LISTED, {"codes": sorted(codes)})).scalars())


async def detailed(session: AsyncSession, towns: Collection[str]) -> set[str]:
    """Those of the towns of which the directory names villages: no other village of theirs exists."""
    return set((await session.execute(_DETAILED, {"towns": sorted(towns)})).scalars())


async def add(session: AsyncSession, names: Mapping[str, str]) -> None:
    """Enter regions by code, or rename them."""
    await session.execute(_ADD, _ENTRIES.arrays(list(names.items())))
