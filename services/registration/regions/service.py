"""The region directory: which towns and villages the pooling area has."""

from collections.abc import Collection, Mapping

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.domain.region import covers
from shared.errors import DomainError, ErrorCode

_KNOWN = text(
    """
    SELECT code FROM region_directory WHERE code = ANY(CAST(:codes AS text[])) ORDER BY code LIMIT 10000
    """
)
# Towns of which the directory names villages: there no other code is one.
_DETAILED = text(
    """
    SELECT DISTINCT left(code, 9) AS town FROM region_directory
    WHERE length(code) = 12 AND left(code, 9) = ANY(CAST(:towns AS text[])) ORDER BY 1 LIMIT 10000
    """
)
_OF_CALLER = text("SELECT current_setting('canbao.region')")
_ADD = text(
    """
    INSERT INTO region_directory (code, name)
    SELECT code, name FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(code text, name text) ORDER BY code
    ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name
    """
)


class UnknownRegion(DomainError):
    """The code is no village of the pooling area."""

    code = ErrorCode.UNKNOWN_REGION


async def of_caller(session: AsyncSession) -> str:
    """The region that this transaction may see and write."""
    return str((await session.execute(_OF_CALLER)).scalar_one())


async def known(session: AsyncSession, villages: Collection[str]) -> set[str]:
    """Those of the villages that stand in the directory, or whose town stands there with no village of its own."""
    towns = {village[:9] for village in villages}
    found = set((await session.execute(_KNOWN, {"codes": sorted({*villages, *towns})})).scalars())
    detailed = set((await session.execute(_DETAILED, {"towns": sorted(towns)})).scalars())
    return {village for village in villages if village in found or village[:9] in found - detailed}


async def add(session: AsyncSession, area: str, names: Mapping[str, str]) -> None:
    """Enter towns and villages by code, or rename them; raises ``UnknownRegion`` for a code outside ``area``."""
    for index, code in enumerate(names):
        if not covers(area, code):
            raise UnknownRegion(f"{code} 不在 {area} 内 · is not in {area}", pointer=f"/regions/{index}/code")
    rows = [{"code": code, "name": name} for code, name in names.items()]
    await session.execute(_ADD, {"rows": orjson.dumps(rows).decode()})
