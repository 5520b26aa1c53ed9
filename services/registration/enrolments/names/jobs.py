"""The job that gives names of earlier versions their token, until none is left."""

from services.registration.enrolments.names.service import name_portion
from services.registration.resources import RegistrationResources
from shared.service import Job, ServiceContext

_STEP = 500


async def name_step(context: ServiceContext[RegistrationResources]) -> int:
    """One portion; after an upgrade there are as many as enrolments stand, afterwards none."""
    async with context.database.transaction(context.settings.region) as session:
        return await name_portion(session, context.resources, _STEP)


JOBS = (Job("names", name_step, interval_s=60.0),)
