"""Counts of enrolments in SQL, by village, year, state and day of payment."""

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import running_counts
from shared.database.running_counts import RunningCounts

COUNTS = RunningCounts(
    "enrolment_count",
    {
        "region": "{row}.region",
        "benefit_year": "{row}.benefit_year",
        "state": "{row}.state",
        "reason_code": "CASE WHEN {row}.state = 'REJECTED' THEN {row}.reason_code END",
        "paid_on": "{row}.paid_on",
    },
)
_FOLDING = COUNTS.folding()


async def fold(session: AsyncSession) -> int:
    """Add a portion of what changes have left behind to the counts; how much."""
    return await running_counts.fold(session, _FOLDING)
