"""Whoever has not paid is priced anew once the policy in force is another one: an amount was configured, time extended.

Nothing else would look at them again: a case that was held for an amount would stay held for ever. The policy of the
process that started last is in force; one that still runs under another neither prices people anew nor has the last
word on whom it registers.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.resources import SubsidyResources
from shared.service import Job, ServiceContext

_IN_FORCE = text("SELECT digest FROM policy_applied FOR SHARE")
_APPLIED = text("SELECT digest FROM policy_applied FOR UPDATE")
_APPLY = text(
    """
    INSERT INTO policy_applied (singleton, digest) VALUES (true, :digest)
    ON CONFLICT (singleton) DO UPDATE SET digest = EXCLUDED.digest
    """
)
_QUEUE = """
    INSERT INTO roster_change (id, region, person_token, actor, correlation_id, cause)
    SELECT uuidv7(), region, person_token, 'policy', uuidv7(), 'POLICY_CHANGED' FROM enrolment
    WHERE paid_on IS NULL AND terminated_on IS NULL
"""
_QUEUE_ALL = text(_QUEUE)
_QUEUE_SOME = text(_QUEUE + " AND person_token = ANY(CAST(:tokens AS text[]))")
_A_YEAR_S = 31_536_000.0


async def is_applied(session: AsyncSession, digest: str) -> bool:
    """Whether a process's policy is the one in force; it stays so until this transaction is over."""
    found: str | None = (await session.execute(_IN_FORCE)).scalar_one_or_none()
    return found in (None, digest)


async def queue_for_policy(session: AsyncSession, tokens: Sequence[str]) -> None:
    """Have people looked at again who were priced by a policy that is in force no more."""
    await session.execute(_QUEUE_SOME, {"tokens": list(tokens)})


async def _step(context: ServiceContext[SubsidyResources]) -> int:
    digest = context.resources.policy_digest
    async with context.database.transaction(context.settings.region) as session:
        before: str | None = (await session.execute(_APPLIED)).scalar_one_or_none()
        if before != digest:
            await session.execute(_APPLY, {"digest": digest})
            await session.execute(_QUEUE_ALL)
    return 0


# A process reads its policy once, at its start, and puts it in force once: two that run beside each other for a while
# do not take turns.
POLICY_CHANGE = Job("policy change", _step, interval_s=_A_YEAR_S)
