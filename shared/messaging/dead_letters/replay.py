"""Dead letters: events that a service could not handle. Replay them once the cause is fixed, or discard them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.engine import Database
from shared.database.row import fetch_all, fetch_one
from shared.messaging.bus.protocol import Incoming
from shared.messaging.consumer.ingestion import ingest, release
from shared.messaging.consumer.subscription import Subscription
from shared.messaging.records.sequence import AggregateKey
from shared.messaging.records.unhandled_records import record_of

ReplayOutcome = Literal["DONE", "STILL_DEAD", "NOT_WAITING"]
LISTED = 500

_LIST = text(
    """
    SELECT d.id, d.event, d.publisher, d.aggregate_id, d.seq, d.region, d.reason, d.error, d.recorded_at, d.attempts,
           (SELECT count(*) FROM parked_event p
            WHERE p.publisher = d.publisher AND p.aggregate_id = d.aggregate_id) AS behind
    FROM dead_letter d
    WHERE d.state = 'WAITING'
      AND (CAST(:after AS uuid) IS NULL
           OR (d.recorded_at, d.id) > (SELECT recorded_at, id FROM dead_letter WHERE id = :after))
    ORDER BY d.recorded_at, d.id LIMIT :limit
    """
)
# The consumer updates this row in every transaction that reads from the partition: locking it excludes the consumer.
_LOCK_PARTITION = text(
    """
    SELECT FROM consumer_offset o JOIN dead_letter d ON d.topic = o.topic AND d.partition = o.partition
    WHERE d.id = :id FOR UPDATE OF o
    """
)
_CONCLUDE = text(
    """
    UPDATE dead_letter
    SET state = :state, settled_at = now(), settled_by = :actor, settled_because = :because,
        attempts = attempts + 1, last_tried_at = now(), last_tried_by = :actor
    WHERE id = :id AND state = 'WAITING'
    RETURNING publisher, aggregate_id, topic, partition, "offset", key, CAST(headers AS text) AS headers, value
    """
)
_STATE = text("SELECT state FROM dead_letter WHERE id = :id")
# Past every discarded event that is next for its aggregate; a damaged one with another place blocks nothing.
_SKIP = text(
    """
    WITH RECURSIVE given_up AS (
        SELECT coalesce(max(epoch), 0) AS epoch, coalesce(max(seq), 0) AS seq, CAST(NULL AS uuid) AS event_id
        FROM cursor WHERE publisher = :publisher AND aggregate_id = :aggregate_id
        UNION
        SELECT d.epoch, d.seq, d.event_id FROM given_up
        JOIN dead_letter d ON d.publisher = :publisher AND d.aggregate_id = :aggregate_id AND d.state = 'DISCARDED'
            AND (d.epoch, d.seq) > (given_up.epoch, given_up.seq)
            AND (d.seq = 1 OR (d.previous_epoch, d.seq - 1) <= (given_up.epoch, given_up.seq))
    )
    INSERT INTO cursor AS c (publisher, aggregate_id, epoch, seq, last_event_id)
    SELECT :publisher, :aggregate_id, epoch, seq, event_id FROM given_up WHERE event_id IS NOT NULL
    ORDER BY epoch DESC, seq DESC LIMIT 1
    ON CONFLICT (publisher, aggregate_id) DO UPDATE
        SET epoch = EXCLUDED.epoch, seq = EXCLUDED.seq, last_event_id = EXCLUDED.last_event_id, last_recorded_at = NULL
        WHERE (c.epoch, c.seq) < (EXCLUDED.epoch, EXCLUDED.seq)
    """
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter as shown to an operator; ``behind`` counts the events that wait for it."""

    id: UUID
    event: str | None
    publisher: str | None
    aggregate_id: UUID | None
    seq: int | None
    region: str
    reason: str
    error: str
    recorded_at: datetime
    attempts: int
    behind: int


@dataclass(frozen=True, slots=True)
class _Concluded:
    """A dead letter that waits no longer: the aggregate that it claimed, and its record."""

    publisher: str | None
    aggregate_id: UUID | None
    record: Incoming


def _concluded_of(publisher: str | None, aggregate_id: UUID | None, **record: Any) -> _Concluded:
    return _Concluded(publisher, aggregate_id, record_of(**record))


@dataclass(frozen=True, slots=True)
class DeadLetterContext:
    """What it takes to replay a service's dead letters."""

    database: Database
    region: str
    subscriptions: Sequence[Subscription]
    resources: object


async def waiting(
    database: Database, region: str, limit: int = LISTED, *, after: UUID | None = None
) -> list[DeadLetter]:
    """The dead letters that wait to be replayed or given up, oldest first; ``after`` is the last one seen."""
    async with database.transaction(region) as session:
        return await fetch_all(session, _LIST, DeadLetter, {"limit": limit, "after": after})


async def replay(context: DeadLetterContext, letter: UUID, actor: str) -> ReplayOutcome:
    """Handle a dead letter and the events parked behind it; a second replay finds it done and changes nothing."""
    async with context.database.transaction(context.region) as session:
        concluded = await _conclude(session, letter, "REPLAYED", actor, None)
        if concluded is None:
            return "NOT_WAITING"
        # If it fails again, this puts it back to waiting, with the new error.
        await _ingest(session, context, concluded.record)
        state: str = (await session.execute(_STATE, {"id": letter})).scalar_one()
        return "DONE" if state == "REPLAYED" else "STILL_DEAD"


async def discard(context: DeadLetterContext, letter: UUID, actor: str, because: str) -> ReplayOutcome:
    """Discard a dead letter for good, with a reason: its aggregate continues without it."""
    if not because.strip():
        raise ValueError("giving an event up needs a reason")
    async with context.database.transaction(context.region) as session:
        concluded = await _conclude(session, letter, "DISCARDED", actor, because)
        if concluded is None:
            return "NOT_WAITING"
        if concluded.publisher is not None and concluded.aggregate_id is not None:
            aggregate = AggregateKey(concluded.publisher, concluded.aggregate_id)
            await session.execute(_SKIP, aggregate._asdict())
            await release(
                session,
                [aggregate],
                subscriptions=context.subscriptions,
                resources=context.resources,
                region=context.region,
            )
        return "DONE"


async def _conclude(
    session: AsyncSession, letter: UUID, state: str, actor: str, because: str | None
) -> _Concluded | None:
    await session.execute(_LOCK_PARTITION, {"id": letter})
    settled = {"id": letter, "state": state, "actor": actor, "because": because}
    return await fetch_one(session, _CONCLUDE, _concluded_of, settled)


async def _ingest(session: AsyncSession, context: DeadLetterContext, record: Incoming) -> None:
    await ingest(
        session,
        [record],
        subscriptions=context.subscriptions,
        resources=context.resources,
        region=context.region,
    )
