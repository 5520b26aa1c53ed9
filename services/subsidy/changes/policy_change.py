"""Who has not paid is priced again once another policy is in force: an amount was configured, a deadline extended.

Nothing else would price them again: a case that was held for an amount would stay held for ever. The policy of the
process that started last is in force; a process that still runs under another one prices nobody again, and those whom
it registers are priced again.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.changes import repository
from services.subsidy.resources import SubsidyResources
from shared.service import Job, ServiceContext

_A_YEAR_S = 31_536_000.0
_AT_ONCE = 5_000  # enrolments in one transaction


async def is_applied(session: AsyncSession, digest: str) -> bool:
    """Whether a process's policy is the one in force; it stays so until this transaction is over."""
    return await repository.policy_in_force(session) in (None, digest)


async def _step(context: ServiceContext[SubsidyResources]) -> int:
    async with context.database.transaction(context.settings.region) as session:
        await repository.apply_policy(session, context.resources.policy_digest)
        await repository.queue_portion(session, _AT_ONCE)
    return 0


async def queue_more(context: ServiceContext[SubsidyResources], most: int = _AT_ONCE) -> int:
    """Queue the next of those who have not paid, whichever process put the policy in force."""
    async with context.database.transaction(context.settings.region) as session:
        return int(await repository.queue_portion(session, most))


# A process reads its policy once, at its start, and puts it in force once: two that run beside each other for a while
# do not take turns.
POLICY_CHANGE = Job("policy change", _step, interval_s=_A_YEAR_S)
POLICY_QUEUE = Job("people to price by another policy", queue_more, interval_s=5.0)
