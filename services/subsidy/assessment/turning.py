"""The day by which people are priced: when it turns, roster lines begin and cease to count, and somebody must look.

It follows the installation's business date where an operator states one, else the calendar.
"""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.business_date import business_date
from shared.service import Job, ServiceContext

# The one row is there from the start: whoever turns the day waits for it before reading which day it is.
_HOLD = text("SELECT day FROM day_turned FOR SHARE")
_LOCK = text("SELECT day FROM day_turned FOR UPDATE")
_GO_BACK = text("UPDATE day_turned SET day = :day WHERE day > :day")
_TURN = text("UPDATE day_turned SET day = :day WHERE day < :day")
_COUNTING_FROM_NOW_ON = text(
    """
    INSERT INTO roster_change (id, region, person_token, actor, correlation_id, cause)
    SELECT uuidv7(), region, person_token, actor, correlation_id, 'DAY_TURNED' FROM roster_line
    WHERE (certified_on > :before AND certified_on <= :today) OR (withdrawn_on > :before AND withdrawn_on <= :today)
    """
)


async def hold_day(session: AsyncSession) -> date:
    """The day that has turned, held: it turns no further until whoever is priced meanwhile can be seen."""
    day: date = (await session.execute(_HOLD)).scalar_one()
    return day


async def begin_at(session: AsyncSession, day: date) -> None:
    """Go back to a day, where a later one has turned: the first that an operator states may lie in the past."""
    await session.execute(_GO_BACK, {"day": day})


async def turn_to(session: AsyncSession, day: date) -> int:
    """Have everybody priced anew whose lines begin or cease to count since the last turn; gives how many lines."""
    before: date = (await session.execute(_LOCK)).scalar_one()
    if day <= before:
        return 0
    await session.execute(_TURN, {"day": day})
    queued = await session.execute(_COUNTING_FROM_NOW_ON, {"before": before, "today": day})
    return queued.rowcount  # type: ignore[attr-defined,no-any-return]


async def _step(context: ServiceContext[object]) -> int:
    async with context.database.transaction(context.settings.region) as session:
        await session.execute(_LOCK)
        return await turn_to(session, await business_date(session, context.clock))


TURNING = Job("turn of the day", _step, interval_s=10.0)
