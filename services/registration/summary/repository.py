"""Counts of enrolments in SQL."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.row import fetch_all

# Both countings in one reading of the year: by town, and (where the town is NULL) by day of enrolment.
_COUNTED = text(
    """
    SELECT left(region, 9) AS town, paid_on, state, count(*) AS enrolments,
           count(*) FILTER (WHERE state = 'REJECTED' AND reason_code = ANY(CAST(:reasons AS text[]))) AS out_of_scope
    FROM enrolment WHERE benefit_year = :benefit_year
    GROUP BY GROUPING SETS ((left(region, 9), state), (paid_on, state)) ORDER BY 1, 2, 3
    """
)
_BY_DAY = text(
    """
    SELECT NULL AS town, paid_on, state, count(*) AS enrolments, 0 AS out_of_scope FROM enrolment
    WHERE benefit_year = :benefit_year AND paid_on IS NOT NULL GROUP BY paid_on, state ORDER BY 2, 3
    """
)


@dataclass(frozen=True, slots=True)
class StateCount:
    """Enrolments in one state, and those among them that are out of scope: of a town, or (town None) of a day."""

    town: str | None
    paid_on: date | None
    state: str
    enrolments: int
    out_of_scope: int


async def by_town_and_day(session: AsyncSession, benefit_year: int, out_of_scope: Collection[str]) -> list[StateCount]:
    """Enrolments of a year by town, and by day of payment; ``out_of_scope`` are the reasons that do not count."""
    asked = {"benefit_year": benefit_year, "reasons": sorted(out_of_scope)}
    return await fetch_all(session, _COUNTED, StateCount, asked)


async def by_day(session: AsyncSession, benefit_year: int) -> list[StateCount]:
    """Paid enrolments of a year by day of payment and state."""
    return await fetch_all(session, _BY_DAY, StateCount, {"benefit_year": benefit_year})
