"""The region directory: which towns and villages the pooling area has."""

from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.regions import repository
from shared.domain.region import covers
from shared.errors import DomainError, ErrorCode


class UnknownRegion(DomainError):
    """The code is no village of the pooling area."""

    code = ErrorCode.UNKNOWN_REGION


async def known(session: AsyncSession, villages: Collection[str]) -> set[str]:
    """Those of the villages that stand in the directory, or whose town stands there with no village of its own."""
    towns = {village[:9] for village in villages}
    listed = await repository.listed(session, {*villages, *towns})
    detailed = await repository.detailed(session, towns)
    return {village for village in villages if village in listed or village[:9] in listed - detailed}


async def add(session: AsyncSession, area: str, names: Mapping[str, str]) -> None:
    """Enter towns and villages by code, or rename them; raises ``UnknownRegion`` for a code outside ``area``."""
    for index, code in enumerate(names):
        if not covers(area, code):
            raise UnknownRegion(f"{code} 不在 {area} 内 · is not in {area}", pointer=f"/regions/{index}/code")
    await repository.add(session, names)
