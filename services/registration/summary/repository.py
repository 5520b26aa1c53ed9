"""Counts of enrolments in SQL."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.row import fetch_all

_BY_TOWN = text(
    """
    SELECT left(region, 9) AS town, state, count(*) AS enrolments,
           count(*) FILTER (WHERE state = 'REJECTED' AND reason_code = ANY(CAST(:reasons AS text[]))) AS out_of_scope
    FROM enrolment WHERE benefit_year = :benefit_year GROUP BY left(region, 9), state ORDER BY 1, 2
    """
)


@dataclass(frozen=True, slots=True)
class StateCount:
    """A town's enrolments in one state, and those among them that are out of scope."""

    town: str
    state: str
    enrolments: int
    out_of_scope: int


async def by_town(session: AsyncSession, benefit_year: int, out_of_scope: Collection[str]) -> list[StateCount]:
    """Enrolments of a year by town and state; ``out_of_scope`` are the reasons of rejections that do not count."""
    return await fetch_all(
        session, _BY_TOWN, StateCount, {"benefit_year": benefit_year, "reasons": sorted(out_of_scope)}
    )
