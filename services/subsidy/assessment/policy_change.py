"""Whoever has not paid is priced anew once the policy in force is another one: an amount was configured, time extended.

Nothing else would look at them again: a case that was held for an amount would stay held for ever.
"""

from sqlalchemy import text

from shared.service import Job, Running

_APPLIED = text("SELECT digest FROM policy_applied FOR UPDATE")
_APPLY = text(
    """
    INSERT INTO policy_applied (singleton, digest) VALUES (true, :digest)
    ON CONFLICT (singleton) DO UPDATE SET digest = EXCLUDED.digest
    """
)
_UNPAID = text(
    """
    INSERT INTO roster_change (id, region, person_token, actor, correlation_id, cause)
    SELECT uuidv7(), region, person_token, 'policy', uuidv7(), 'POLICY_CHANGED' FROM enrolment
    WHERE paid_on IS NULL AND terminated_on IS NULL
    """
)


async def _step(running: Running) -> int:
    digest = running.resources.policy_digest
    async with running.database.transaction(running.settings.region) as session:
        before: str | None = (await session.execute(_APPLIED)).scalar_one_or_none()
        if before == digest:
            return 0
        await session.execute(_APPLY, {"digest": digest})
        if before is not None:
            await session.execute(_UNPAID)
    return 0


# A process reads its policy once, at its start: looking now and then is enough, and processes of two policies that run
# beside each other for a while do not chase each other.
POLICY_CHANGE = Job("policy change", _step, interval_s=3_600.0)
