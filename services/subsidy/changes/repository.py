"""The rows of `roster_change`: who is to be priced again, why, and by whose act. No other room writes them."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace
from shared.domain.ids import new_id

_QUEUE_PEOPLE = text(
    """
    INSERT INTO roster_change (id, region, person_token, actor, correlation_id)
    SELECT c.id, c.region, c.person_token, :actor, :correlation_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:regions AS text[]), CAST(:tokens AS text[])) AS c (id, region, person_token)
    """
)
_UNPAID = """
    INSERT INTO roster_change (id, region, person_token, actor, correlation_id, cause)
    SELECT uuidv7(), region, person_token, 'policy', uuidv7(), 'POLICY_CHANGED' FROM enrolment
    WHERE paid_on IS NULL AND terminated_on IS NULL
"""
_QUEUE_UNPAID = text(_UNPAID)
_QUEUE_SOME_UNPAID = text(_UNPAID + " AND person_token = ANY(CAST(:tokens AS text[]))")
_QUEUE_DAYS = text(
    """
    INSERT INTO roster_change (id, region, person_token, actor, correlation_id, cause)
    SELECT uuidv7(), region, person_token, actor, correlation_id, 'DAY_TURNED' FROM roster_line
    WHERE (certified_on > :before AND certified_on <= :today) OR (withdrawn_on > :before AND withdrawn_on <= :today)
    """
)
_TAKE = text(
    """
    DELETE FROM roster_change WHERE id IN (
        SELECT id FROM roster_change ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    ) RETURNING id, person_token, actor, correlation_id, cause
    """
)


class QueuedChange(NamedTuple):
    """One reason to price a person again, oldest first by ``id``."""

    id: UUID
    person_token: str
    actor: str
    correlation_id: UUID
    cause: str


async def queue_people(session: AsyncSession, people: Sequence[tuple[str, str]], trace: Trace) -> None:
    """Queue people (token, region) whose roster lines changed."""
    columns: dict[str, Any] = {
        "ids": [new_id() for _ in people],
        "tokens": [token for token, _ in people],
        "regions": [region for _, region in people],
    }
    await session.execute(_QUEUE_PEOPLE, columns | {"actor": trace.actor, "correlation_id": trace.correlation_id})


async def queue_unpaid(session: AsyncSession, tokens: Sequence[str] | None = None) -> None:
    """Queue everybody who has not paid, or those of ``tokens``, because another policy is in force."""
    if tokens is None:
        await session.execute(_QUEUE_UNPAID)
    else:
        await session.execute(_QUEUE_SOME_UNPAID, {"tokens": list(tokens)})


async def queue_days(session: AsyncSession, before: date, today: date) -> int:
    """Queue people whose lines begin or cease to count after one day and by another; how many lines."""
    queued = await session.execute(_QUEUE_DAYS, {"before": before, "today": today})
    return queued.rowcount  # type: ignore[attr-defined,no-any-return]


async def take(session: AsyncSession, most: int) -> list[QueuedChange]:
    """Take the oldest changes that no other worker holds off the queue."""
    return sorted(QueuedChange(*row) for row in await session.execute(_TAKE, {"most": most}))
