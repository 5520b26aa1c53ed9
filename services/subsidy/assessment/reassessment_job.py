"""The work that follows a change of what people are priced by: enrolments are priced again, in bounded batches.

A roster line changes something when it comes, and again on the day from which it counts; so does a new policy.
"""

from services.subsidy.assessment import service
from services.subsidy.changes import repository as changes
from services.subsidy.changes.policy_change import is_applied
from services.subsidy.job_names import REASSESSMENT
from services.subsidy.resources import SubsidyResources
from shared.database.business_date import business_date
from shared.service import Job, ServiceContext

BATCH = 500


async def reassess(context: ServiceContext[SubsidyResources]) -> int:
    """Price one batch of queued people again."""
    async with context.database.transaction(context.settings.region) as session:
        await changes.hold_day(session)
        if not await is_applied(session, context.resources.policy_digest):
            return 0  # another process prices by the policy in force
        changed = await changes.take(session, BATCH)
        if changed:
            today = await business_date(session, context.clock)
            await service.reassess(session, context.resources.pricer, changed, today)
        return len(changed)


REASSESS = Job(REASSESSMENT, reassess)
JOBS = (REASSESS,)
