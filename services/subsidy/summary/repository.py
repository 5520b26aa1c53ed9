"""Counts of people by price, and of roster lines, in SQL."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.counts.repository import LINES, PEOPLE
from shared.database.row import fetch_all

# People who are priced alike share a row of pricing, so a county comes down to some hundred combinations.
_COMBINATIONS = text(
    f"""
    SELECT counted.people, counted.paid, pricing.outcome, pricing.reason_code,
           pricing.schedule -> counted.row_no AS row
    FROM (
        SELECT pricing_id, row_no, paid, sum(people)::bigint AS people FROM ({PEOPLE.standing}) AS each
        WHERE benefit_year = :benefit_year GROUP BY pricing_id, row_no, paid HAVING sum(people) <> 0
    ) AS counted
    JOIN pricing ON pricing.id = counted.pricing_id
    ORDER BY pricing.id, counted.row_no, counted.paid
    LIMIT 10000
    """  # noqa: S608 - a constant
)
_IN_FORCE = text(
    f"""
    SELECT identity, sum(people)::bigint AS lines FROM ({LINES.standing}) AS each
    GROUP BY identity HAVING sum(people) <> 0 ORDER BY identity LIMIT 100
    """  # noqa: S608 - a constant
)


@dataclass(frozen=True, slots=True)
class PriceCount:
    """People who are priced alike, and the row of the schedule that counts for them; paid or not."""

    people: int
    paid: bool
    outcome: str
    reason_code: str | None
    row: dict[str, Any] | None


class _LineCount(NamedTuple):
    identity: str
    lines: int


async def price_counts(session: AsyncSession, benefit_year: int) -> list[PriceCount]:
    """People of a year by price."""
    return await fetch_all(session, _COMBINATIONS, PriceCount, {"benefit_year": benefit_year})


async def lines_in_force(session: AsyncSession) -> dict[str, int]:
    """Roster lines in force, by identity."""
    return {one.identity: one.lines for one in await fetch_all(session, _IN_FORCE, _LineCount)}
