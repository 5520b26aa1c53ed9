"""Counts of enrolments in SQL."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments.counts.repository import COUNTS
from shared.database.row import fetch_all

# Both countings in one reading of the year: by town, and (where the town is NULL) by day of enrolment.
_COUNTED = text(
    f"""
    SELECT left(region, 9) AS town, paid_on, state, sum(people)::bigint AS enrolments,
           coalesce(sum(people) FILTER (
               WHERE state = 'REJECTED' AND reason_code = ANY(CAST(:reasons AS text[]))), 0)::bigint AS out_of_scope
    FROM ({COUNTS.standing}) AS counted WHERE benefit_year = :benefit_year
    GROUP BY GROUPING SETS ((left(region, 9), state), (paid_on, state)) HAVING sum(people) <> 0 ORDER BY 1, 2, 3
    """  # noqa: S608 - a constant
)
_BY_DAY = text(
    f"""
    SELECT NULL AS town, paid_on, state, sum(people)::bigint AS enrolments, 0 AS out_of_scope
    FROM ({COUNTS.standing}) AS counted
    WHERE benefit_year = :benefit_year AND paid_on IS NOT NULL
    GROUP BY paid_on, state HAVING sum(people) <> 0 ORDER BY 2, 3
    """  # noqa: S608 - a constant
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
