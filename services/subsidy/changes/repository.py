"""The queue of people to price again, the day and the policy by which people are priced, in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_one, select_into
from shared.domain.ids import new_id


@dataclass(frozen=True, slots=True)
class ChangedPerson:
    """A person whom a roster gave or took an identity, and the village of that line."""

    person_token: str
    region: str


class PricingCause(NamedTuple):
    """Why somebody is priced: REGISTERED, ROSTER_CHANGED, DAY_TURNED or POLICY_CHANGED, and who caused it."""

    cause: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class PolicyApplied:
    """The policy in force; while those who have not paid are queued for it, the enrolment to go on from."""

    digest: str
    queued_to: UUID | None


_FIRST = UUID(int=0)  # before every enrolment
_PEOPLE = ColumnMap[ChangedPerson]({"id": ("uuid", lambda _: new_id()), "region": "text", "person_token": "text"})
_QUEUE = insert_rows("roster_change", _PEOPLE, given={"actor": "text", "correlation_id": "uuid"})
_TAKE = text(
    """
    DELETE FROM roster_change WHERE id IN (
        SELECT id FROM roster_change ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    ) RETURNING id, person_token, actor, correlation_id, cause
    """
)
# The one row is there from the start: a rollover waits for it before it reads which day it is.
_HOLD_DAY = text("SELECT day FROM day_turned FOR SHARE")
_LOCK_DAY = text("SELECT day FROM day_turned FOR UPDATE")
_GO_BACK = text("UPDATE day_turned SET day = :day WHERE day > :day")
_GO_ON = text("UPDATE day_turned SET day = :day WHERE day < :day")
_QUEUE_FOR_DAY = text(
    """
    INSERT INTO roster_change (id, region, person_token, actor, correlation_id, cause)
    SELECT uuidv7(), region, person_token, actor, correlation_id, 'DAY_TURNED' FROM roster_line
    WHERE (certified_on > :before AND certified_on <= :today) OR (withdrawn_on > :before AND withdrawn_on <= :today)
    """
)
# Before the first policy is in force there is no row to hold, and that there is none would hold nobody off.
_HOLD_NO_POLICY = text("SELECT pg_advisory_xact_lock_shared(hashtext('canbao.policy'))")
_LOCK_NO_POLICY = text("SELECT pg_advisory_xact_lock(hashtext('canbao.policy'))")
_POLICY_IN_FORCE = text("SELECT digest FROM policy_applied FOR SHARE")
_LOCK_POLICY = select_into(PolicyApplied, "SELECT {fields} FROM policy_applied FOR UPDATE")
_APPLY_POLICY = text(
    """
    INSERT INTO policy_applied (singleton, digest, queued_to) VALUES (true, :digest, :first)
    ON CONFLICT (singleton) DO UPDATE SET digest = EXCLUDED.digest, queued_to = EXCLUDED.queued_to
    """
)
_QUEUE_SOME_FOR_POLICY = text(
    """
    INSERT INTO roster_change (id, region, person_token, actor, correlation_id, cause)
    SELECT uuidv7(), region, person_token, 'policy', uuidv7(), 'POLICY_CHANGED' FROM enrolment
    WHERE paid_on IS NULL AND terminated_on IS NULL AND person_token = ANY(CAST(:tokens AS text[]))
    """
)
# Paid or not, so many are looked at: the portion ends, wherever the unpaid stand.
_QUEUE_PORTION = text(
    """
    WITH looked_at AS MATERIALIZED (
        SELECT id, region, person_token, paid_on IS NULL AND terminated_on IS NULL AS unpaid FROM enrolment
        WHERE id > :after ORDER BY id LIMIT :most
    ), queued AS (
        INSERT INTO roster_change (id, region, person_token, actor, correlation_id, cause)
        SELECT uuidv7(), region, person_token, 'policy', uuidv7(), 'POLICY_CHANGED' FROM looked_at WHERE unpaid
    )
    SELECT id FROM looked_at ORDER BY id DESC LIMIT 1
    """
)
_QUEUED_TO = text("UPDATE policy_applied SET queued_to = :queued_to")


async def queue(session: AsyncSession, people: Sequence[ChangedPerson], trace: Trace) -> None:
    """Queue people whose roster lines changed."""
    by = {"actor": trace.actor, "correlation_id": trace.correlation_id}
    await session.execute(_QUEUE, _PEOPLE.arrays(people) | by)


async def take(session: AsyncSession, most: int) -> dict[str, PricingCause]:
    """Take the oldest changes off the queue, by person; of several the latest names the cause of the new version."""
    rows = sorted(await session.execute(_TAKE, {"most": most}))
    return {token: PricingCause(cause, Trace(actor, correlation_id)) for _, token, actor, correlation_id, cause in rows}


async def hold_day(session: AsyncSession) -> date:
    """The day by which people are priced; it does not change before this transaction is over."""
    day: date = (await session.execute(_HOLD_DAY)).scalar_one()
    return day


async def lock_day(session: AsyncSession) -> date:
    """The day by which people are priced; nobody who prices sees another one before this transaction is over."""
    day: date = (await session.execute(_LOCK_DAY)).scalar_one()
    return day


async def go_back_to(session: AsyncSession, day: date) -> None:
    """Go back to a day, where a later one was reached."""
    await session.execute(_GO_BACK, {"day": day})


async def go_on_to(session: AsyncSession, before: date, day: date) -> int:
    """Go on to a day, and queue those whose lines begin or cease to count since ``before``; returns how many lines."""
    await session.execute(_GO_ON, {"day": day})
    queued = await session.execute(_QUEUE_FOR_DAY, {"before": before, "today": day})
    return queued.rowcount if isinstance(queued, CursorResult) else 0


async def policy_in_force(session: AsyncSession) -> str | None:
    """The digest of the policy in force; it stays in force until this transaction is over."""
    digest: str | None = (await session.execute(_POLICY_IN_FORCE)).scalar_one_or_none()
    if digest is None:
        await session.execute(_HOLD_NO_POLICY)
        digest = (await session.execute(_POLICY_IN_FORCE)).scalar_one_or_none()
    return digest


async def apply_policy(session: AsyncSession, digest: str) -> None:
    """Put a policy in force and begin to queue all who have not paid, unless it is in force already."""
    await session.execute(_LOCK_NO_POLICY)
    before = await fetch_one(session, _LOCK_POLICY, PolicyApplied)
    if before is None or before.digest != digest:
        await session.execute(_APPLY_POLICY, {"digest": digest, "first": _FIRST})


async def queue_portion(session: AsyncSession, most: int) -> bool:
    """Queue those who have not paid among the next enrolments; whether there may be more."""
    policy = await fetch_one(session, _LOCK_POLICY, PolicyApplied)
    if policy is None or policy.queued_to is None:
        return False
    looked = await session.execute(_QUEUE_PORTION, {"after": policy.queued_to, "most": most})
    queued_to: UUID | None = looked.scalar_one_or_none()
    await session.execute(_QUEUED_TO, {"queued_to": queued_to})
    return queued_to is not None


async def queue_for_policy(session: AsyncSession, tokens: Sequence[str]) -> None:
    """Queue people who were priced by a policy that is no longer in force."""
    await session.execute(_QUEUE_SOME_FOR_POLICY, {"tokens": list(tokens)})
