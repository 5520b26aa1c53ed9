"""The work that follows a change of what people are priced by: enrolments are priced anew, in bounded batches.

A roster line changes something when it comes, and again on the day from which it counts; so does a new policy.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.assessment import service
from services.subsidy.assessment.policy_change import is_applied
from services.subsidy.assessment.repository import Change
from services.subsidy.assessment.turning import hold_day
from services.subsidy.resources import SubsidyResources
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.service import Job, ServiceContext

BATCH = 500
_TAKE = text(
    """
    DELETE FROM roster_change WHERE id IN (
        SELECT id FROM roster_change ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    ) RETURNING id, person_token, actor, correlation_id, cause
    """
)


async def _step(context: ServiceContext[SubsidyResources]) -> int:
    async with context.database.transaction(context.settings.region) as session:
        await hold_day(session)
        if not await is_applied(session, context.resources.policy_digest):
            return 0  # another process prices by the policy in force
        changed = await _take(session)
        if changed:
            today = await business_date(session, context.clock)
            await service.reassess(session, context.resources.pricer, changed, today)
        return len(changed)


async def _take(session: AsyncSession) -> dict[str, Change]:
    """The oldest changes, by person; the latest change of a person names who caused the new version, and what did."""
    rows = sorted(await session.execute(_TAKE, {"most": BATCH}))
    return {token: Change(cause, Trace(actor, correlation_id)) for _, token, actor, correlation_id, cause in rows}


REASSESS = Job("reassess", _step)
