"""The daily work that follows the business date."""

from services.registration.enrolments.service import activate
from shared.database.business_date import business_date
from shared.service import Job, ServiceContext

_STEP = 500


async def daily_step(context: ServiceContext[object]) -> int:
    """One batch of the work that a new day brings: cover begins and ends."""
    async with context.database.transaction(context.settings.region) as session:
        return await activate(session, await business_date(session, context.clock), _STEP)


JOBS = (Job("daily", daily_step),)
