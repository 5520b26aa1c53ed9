"""The installation's business date: a row in each database, so that a season can be rehearsed on other days."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.domain.clock import Clock, business_date_of

_READ = text("SELECT business_date FROM business_date")
_LOCK = text("SELECT business_date FROM business_date FOR UPDATE")
_ADVANCE = text(
    """
    INSERT INTO business_date (singleton, business_date) VALUES (true, :day)
    ON CONFLICT (singleton) DO UPDATE SET business_date = EXCLUDED.business_date
        WHERE business_date.business_date < EXCLUDED.business_date
    """
)


async def business_date(session: AsyncSession, clock: Clock) -> date:
    """The day that business follows: the one an operator set, else today in Asia/Shanghai."""
    day: date | None = (await session.execute(_READ)).scalar_one_or_none()
    return day if day is not None else business_date_of(clock.now())


async def advance_business_date(session: AsyncSession, day: date) -> date | None:
    """Move the business date forward to ``day`` and say what it was; an earlier day changes nothing."""
    before: date | None = (await session.execute(_LOCK)).scalar_one_or_none()
    await session.execute(_ADVANCE, {"day": day})
    return before
