"""The region directory: which towns and villages the pooling area has."""

from collections.abc import Mapping

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.domain.region import covers
from shared.errors import DomainError, ErrorCode

_KNOWN = text("SELECT EXISTS (SELECT FROM region_directory WHERE code IN (:village, :town))")
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


async def require(session: AsyncSession, village: str) -> None:
    """Refuse a village that neither it nor its town is in the directory; raises ``UnknownRegion``."""
    known = await session.execute(_KNOWN, {"village": village, "town": village[:9]})
    if not known.scalar_one():
        raise UnknownRegion(pointer="/region")


async def add(session: AsyncSession, area: str, names: Mapping[str, str]) -> None:
    """Enter towns and villages by code, or rename them; raises ``UnknownRegion`` for a code outside ``area``."""
    for index, code in enumerate(names):
        if not covers(area, code):
            raise UnknownRegion(f"{code} is not in {area}", pointer=f"/regions/{index}/code")
    rows = [{"code": code, "name": name} for code, name in names.items()]
    await session.execute(_ADD, {"rows": orjson.dumps(rows).decode()})
