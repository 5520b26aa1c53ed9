"""Whoever has not paid is priced anew once the policy in force is another one: an amount was configured, time extended.

Nothing else would look at them again: a case that was held for an amount would stay held for ever. The policy of the
process that started last is in force; one that still runs under another neither prices people anew nor has the last
word on whom it registers.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.changes import repository as changes
from shared.service import Job, Running

_IN_FORCE = text("SELECT digest FROM policy_applied FOR SHARE")
_APPLIED = text("SELECT digest FROM policy_applied FOR UPDATE")
_APPLY = text(
    """
    INSERT INTO policy_applied (singleton, digest) VALUES (true, :digest)
    ON CONFLICT (singleton) DO UPDATE SET digest = EXCLUDED.digest
    """
)
_A_YEAR_S = 31_536_000.0


async def is_applied(session: AsyncSession, digest: str) -> bool:
    """Whether a process's policy is the one in force; it stays so until this transaction is over."""
    found: str | None = (await session.execute(_IN_FORCE)).scalar_one_or_none()
    return found in (None, digest)


async def queue_for_policy(session: AsyncSession, tokens: Sequence[str]) -> None:
    """Have people looked at again who were priced by a policy that is in force no more."""
    await changes.queue_unpaid(session, tokens)


async def _step(running: Running) -> int:
    digest = running.resources.policy_digest
    async with running.database.transaction(running.settings.region) as session:
        before: str | None = (await session.execute(_APPLIED)).scalar_one_or_none()
        if before != digest:
            await session.execute(_APPLY, {"digest": digest})
            await changes.queue_unpaid(session)
    return 0


# A process reads its policy once, at its start, and puts it in force once: two that run beside each other for a while
# do not take turns.
POLICY_CHANGE = Job("policy change", _step, interval_s=_A_YEAR_S)
