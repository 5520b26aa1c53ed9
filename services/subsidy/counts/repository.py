"""Counts in SQL: people by village, year and price, roster lines in force by village and identity."""

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import running_counts
from shared.database.running_counts import RunningCounts

PEOPLE = RunningCounts(
    "enrolment_count",
    {
        "region": "{row}.region",
        "benefit_year": "{row}.benefit_year",
        "pricing_id": "{row}.pricing_id",
        "row_no": "{row}.row_no",
        "paid": "{row}.paid_on IS NOT NULL",
    },
    where="{row}.terminated_on IS NULL",
)
LINES = RunningCounts(
    "roster_line_count",
    {"region": "{row}.region", "identity": "{row}.identity"},
    where="{row}.withdrawn_on IS NULL",
)
_PEOPLE, _LINES = PEOPLE.folding(), LINES.folding()


async def fold(session: AsyncSession) -> int:
    """Add a portion of what changes have left behind to the counts of either; the larger of the portions."""
    return max([await running_counts.fold(session, folding) for folding in (_PEOPLE, _LINES)])
