"""The outbox: what a service announces is written in the transaction that made it true, and leaves with its commit.

Announcing locks the aggregates' rows until the transaction ends. Two transactions that announce about the same people
never wait for each other in a circle, because each locks in the order of the keys: a transaction publishes once, or in
ascending portions. What several functions announce is collected and published together.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Event, Trace
from shared.database.engine import after_commit
from shared.domain.ids import new_id
from shared.messaging.bus.protocol import MAX_EVENT_BYTES
from shared.messaging.outbox.wake import waker

# One statement: the aggregates' rows are locked in sorted order and give out their sequence numbers, then the events
# go in. Reading the epoch locks its table until the commit, so that none begins while an announcement is under way.
# The lane must be what shared.messaging.bus.partition.partition_for says.
_ANNOUNCE = text(
    """
    WITH counted AS (
        INSERT INTO aggregate AS a (id, seq, epoch)
        SELECT id, events, (SELECT max(epoch) FROM epoch)
        FROM unnest(CAST(:aggregates AS uuid[]), CAST(:events AS bigint[])) AS n (id, events)
        ORDER BY id
        ON CONFLICT (id) DO UPDATE SET seq = a.seq + EXCLUDED.seq, epoch = EXCLUDED.epoch
        RETURNING id, seq, epoch
    )
    INSERT INTO outbox (id, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service,
                        correlation_id, causation_id, payload, epoch)
    SELECT e.id, crc32(uuid_send(e.key)) % i.partitions, i.service, e.key, counted.seq - e.later, e.event, e.region,
           e.benefit_year, e.actor, i.service, e.correlation_id, e.causation_id, CAST(e.payload AS json), counted.epoch
    FROM unnest(
             CAST(:ids AS uuid[]), CAST(:keys AS uuid[]), CAST(:later AS bigint[]), CAST(:names AS text[]),
             CAST(:regions AS text[]), CAST(:benefit_years AS integer[]), CAST(:actors AS text[]),
             CAST(:correlations AS uuid[]), CAST(:causations AS uuid[]), CAST(:payloads AS text[])
         ) WITH ORDINALITY AS e (id, key, later, event, region, benefit_year, actor, correlation_id, causation_id,
                                 payload, place)
    JOIN counted ON counted.id = e.key
    LEFT JOIN (SELECT service, partitions FROM messaging_installation LIMIT 1) i ON true
    ORDER BY e.place
    """
)


_COLLECTING = "announcements collected"
_LAST_KEY = "last aggregate announced"

Announcements = Sequence[tuple[Event, Trace]]


class PublishedOutOfOrder(RuntimeError):
    """A transaction published again, not in ascending portions: it could wait for another one that waits for it."""


async def publish(session: AsyncSession, announcements: Announcements) -> None:
    """Announce facts in the caller's transaction, in this order; they are sent once it has committed.

    A second time in a transaction only where they are ``collected``.
    """
    if not announcements:
        return
    collecting: list[tuple[Event, Trace]] | None = session.info.get(_COLLECTING)
    if collecting is not None:
        collecting += announcements
        return
    if _LAST_KEY in session.info:
        raise PublishedOutOfOrder("collect what several functions announce, and publish it once")
    await publish_portion(session, announcements)


async def publish_portion(session: AsyncSession, announcements: Announcements) -> None:
    """Announce one of many portions, each about aggregates whose keys come after those of the portion before."""
    if not announcements:
        return
    last: UUID | None = session.info.get(_LAST_KEY)
    if last is not None and min(event.key for event, _ in announcements) <= last:
        raise PublishedOutOfOrder("a portion must come after the one before it")
    await _announce(session, announcements)


@asynccontextmanager
async def collected(session: AsyncSession) -> AsyncIterator[None]:
    """Publish all that is announced inside in one go at the end; nothing of it where an error leaves."""
    outer, mine = session.info.get(_COLLECTING), list[tuple[Event, Trace]]()
    session.info[_COLLECTING] = mine
    try:
        yield
    finally:
        session.info[_COLLECTING] = outer
    if outer is not None:
        outer += mine
    elif mine:
        await _announce(session, mine)


async def _announce(session: AsyncSession, announcements: Announcements) -> None:
    session.info[_LAST_KEY] = max(event.key for event, _ in announcements)
    result = await session.execute(_ANNOUNCE, _rows(announcements))
    if isinstance(result, CursorResult) and result.rowcount != len(announcements):
        raise RuntimeError(f"{result.rowcount} of {len(announcements)} events went into the outbox")
    after_commit(session, waker(session))


def _rows(announcements: Announcements) -> dict[str, list[Any]]:
    # Arrays by hand, not by a ColumnMap: an object more for each event took a tenth more of the processor's time.
    keys = [event.key for event, _ in announcements]
    left = Counter(keys)
    aggregates = sorted(left)
    events = [left[aggregate] for aggregate in aggregates]
    later = []
    for key in keys:
        left[key] -= 1
        later.append(left[key])
    return {
        "aggregates": aggregates,
        "events": events,
        "ids": [new_id() for _ in announcements],
        "keys": keys,
        "later": later,
        "names": [event.name for event, _ in announcements],
        "regions": [event.region for event, _ in announcements],
        "benefit_years": [event.benefit_year for event, _ in announcements],
        "actors": [trace.actor for _, trace in announcements],
        "correlations": [trace.correlation_id for _, trace in announcements],
        "causations": [trace.causation_id for _, trace in announcements],
        "payloads": [_payload(event) for event, _ in announcements],
    }


def _payload(event: Event) -> str:
    payload = event.model_dump_json()
    if len(payload) > MAX_EVENT_BYTES or len(payload.encode()) > MAX_EVENT_BYTES:
        raise ValueError(f"{event.name}: an event holds at most {MAX_EVENT_BYTES} bytes; publish a reference instead")
    return payload
