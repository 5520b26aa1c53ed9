"""The day by which people are priced: when it changes, roster lines begin and cease to count.

It follows the installation's business date where an operator states one, else the calendar.
"""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.changes import repository
from shared.database.business_date import advance_business_date, business_date
from shared.service import Job, ServiceContext


async def follow_business_date(session: AsyncSession, today: date) -> None:
    """Follow a stated business date; the first that an operator states may lie in the past."""
    if await advance_business_date(session, today) is None:
        await repository.go_back_to(session, today)
    await roll_over_to(session, today)


async def roll_over_to(session: AsyncSession, day: date) -> int:
    """Queue everybody whose lines begin or cease to count since the day before; returns how many lines."""
    before = await repository.lock_day(session)
    return 0 if day <= before else await repository.go_on_to(session, before, day)


async def _step(context: ServiceContext[object]) -> int:
    async with context.database.transaction(context.settings.region) as session:
        await repository.lock_day(session)
        return await roll_over_to(session, await business_date(session, context.clock))


DAY_ROLLOVER = Job("turn of the day", _step, interval_s=10.0)
