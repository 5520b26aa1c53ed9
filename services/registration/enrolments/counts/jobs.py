"""The job that folds the counts which changes of enrolments have left behind."""

from services.registration.enrolments.counts import repository
from shared.database.running_counts import FOLDED_AT_ONCE
from shared.service import Job, ServiceContext


async def fold(context: ServiceContext[object]) -> int:
    """Fold a portion of what has gathered; there is more to do at once only where it was a whole one."""
    async with context.database.transaction(context.settings.region) as session:
        folded = await repository.fold(session)
    return folded if folded == FOLDED_AT_ONCE else 0


JOBS = (Job("enrolment counts", fold, interval_s=30.0),)
