"""What could not be taken in yet: events parked until the gap before them closes, and dead letters."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.domain.ids import new_id
from shared.domain.region import covers
from shared.messaging.bus.envelope import Envelope, from_headers, place_of
from shared.messaging.bus.protocol import Incoming, Place
from shared.messaging.consumer.cursors import Line, Step
from shared.messaging.topics.positions import fingerprint

# Of each line, so that a line with much behind it keeps no other from going on.
RELEASED_AT_ONCE = 100

_PARKED = text(
    """
    SELECT p.topic, p.partition, p."offset", p.key, CAST(p.headers AS text) AS headers, p.value
    FROM unnest(CAST(:publishers AS text[]), CAST(:aggregates AS uuid[])) AS k (publisher, aggregate_id)
    CROSS JOIN LATERAL (
        SELECT * FROM parked_event
        WHERE publisher = k.publisher AND aggregate_id = k.aggregate_id ORDER BY seq LIMIT :of_each
    ) AS p
    ORDER BY p.publisher, p.aggregate_id, p.seq
    """
)
_PARK = text(
    """
    INSERT INTO parked_event (publisher, aggregate_id, seq, event_id, event, region, topic, partition, "offset",
                              key, headers, value)
    SELECT publisher, aggregate_id, seq, event_id, event, region, topic, partition, "offset", key,
           CAST(headers AS jsonb), value
    FROM unnest(
             CAST(:publishers AS text[]), CAST(:aggregates AS uuid[]), CAST(:seqs AS bigint[]),
             CAST(:event_ids AS uuid[]), CAST(:events AS text[]), CAST(:regions AS text[]), CAST(:topics AS text[]),
             CAST(:partitions AS integer[]), CAST(:offsets AS bigint[]), CAST(:keys AS bytea[]),
             CAST(:headers AS text[]), CAST(:values AS bytea[])
         ) AS e (publisher, aggregate_id, seq, event_id, event, region, topic, partition, "offset", key, headers, value)
    ORDER BY publisher, aggregate_id, seq
    ON CONFLICT (publisher, aggregate_id, seq) DO NOTHING
    """
)
_UNPARK = text(
    """
    DELETE FROM parked_event p
    USING unnest(CAST(:publishers AS text[]), CAST(:aggregates AS uuid[]), CAST(:seqs AS bigint[]))
          AS k (publisher, aggregate_id, seq)
    WHERE p.publisher = k.publisher AND p.aggregate_id = k.aggregate_id AND p.seq = k.seq
    """
)
_BURY = text(
    """
    INSERT INTO dead_letter (id, event_id, publisher, aggregate_id, seq, event, region, actor, correlation_id, topic,
                             partition, "offset", key, headers, value, reason, error)
    SELECT id, event_id, publisher, aggregate_id, seq, event, region, actor, correlation_id, topic, partition,
           "offset", key, CAST(headers AS jsonb), value, reason, error
    FROM unnest(
             CAST(:ids AS uuid[]), CAST(:event_ids AS uuid[]), CAST(:publishers AS text[]),
             CAST(:aggregates AS uuid[]), CAST(:seqs AS bigint[]), CAST(:events AS text[]), CAST(:regions AS text[]),
             CAST(:actors AS text[]), CAST(:correlations AS uuid[]), CAST(:topics AS text[]),
             CAST(:partitions AS integer[]), CAST(:offsets AS bigint[]), CAST(:keys AS bytea[]),
             CAST(:headers AS text[]), CAST(:values AS bytea[]), CAST(:reasons AS text[]), CAST(:errors AS text[])
         ) AS e (id, event_id, publisher, aggregate_id, seq, event, region, actor, correlation_id, topic, partition,
                 "offset", key, headers, value, reason, error)
    ORDER BY event_id
    ON CONFLICT (event_id) DO UPDATE
        SET state = 'WAITING', settled_at = NULL, settled_by = NULL, settled_because = NULL,
            reason = EXCLUDED.reason, error = EXCLUDED.error
        WHERE dead_letter.last_tried_at = now()
    """
)


@dataclass(frozen=True, slots=True)
class Setback:
    """A record that could not be taken in, as much of its envelope as is known, and why."""

    record: Incoming
    envelope: Envelope | None
    reason: str
    error: str

    @property
    def place(self) -> tuple[UUID, int] | None:
        """The aggregate and sequence that it claims, as far as they can be read."""
        return (self.envelope.key, self.envelope.seq) if self.envelope else place_of(self.record.headers)


async def waiting(session: AsyncSession, lines: Collection[Line]) -> dict[Line, dict[int, Step]]:
    """The first parked events of each of these lines, by sequence."""
    if not lines:
        return {}
    rows = await session.execute(
        _PARKED,
        {
            "publishers": [line.publisher for line in lines],
            "aggregates": [line.aggregate_id for line in lines],
            "of_each": RELEASED_AT_ONCE,
        },
    )
    found: dict[Line, dict[int, Step]] = {}
    for row in rows:
        record = stored_record(row)
        step = Step(record, from_headers(record.headers, record.place.topic), was_parked=True)
        found.setdefault(step.line, {})[step.envelope.seq] = step
    return found


async def park(session: AsyncSession, steps: Sequence[Step], region: str) -> None:
    """Keep events until what belongs before them has arrived."""
    if steps:
        columns = _record_columns([step.record for step in steps]) | _envelope_columns(
            [step.envelope for step in steps], region
        )
        await session.execute(
            _PARK, {name: columns[name] for name in columns if name not in ("actors", "correlations")}
        )


async def unpark(session: AsyncSession, steps: Iterable[Step]) -> None:
    """Forget parked events that were taken in, refused or found to be duplicates."""
    keys = [(step.line, step.envelope.seq) for step in steps if step.was_parked]
    if keys:
        await session.execute(
            _UNPARK,
            {
                "publishers": [line.publisher for line, _ in keys],
                "aggregates": [line.aggregate_id for line, _ in keys],
                "seqs": [seq for _, seq in keys],
            },
        )


async def bury(session: AsyncSession, setbacks: Sequence[Setback], region: str) -> None:
    """Set dead letters aside; a replay in this transaction that failed again goes back to waiting."""
    if setbacks:
        columns = _record_columns([s.record for s in setbacks]) | _envelope_columns(
            [s.envelope for s in setbacks], region
        )
        places = [s.place for s in setbacks]
        columns |= {
            "ids": [new_id() for _ in setbacks],
            "publishers": [s.record.place.topic if s.place else None for s in setbacks],
            "aggregates": [place[0] if place else None for place in places],
            "seqs": [place[1] if place else None for place in places],
            "reasons": [s.reason for s in setbacks],
            "errors": [s.error for s in setbacks],
        }
        await session.execute(_BURY, columns)


def stored_record(row: Row[Any]) -> Incoming:
    """The record as it once lay on the bus."""
    return Incoming(Place(row.topic, row.partition), row.offset, row.key, orjson.loads(row.headers), row.value)


def _record_columns(records: Sequence[Incoming]) -> dict[str, list[Any]]:
    return {
        "event_ids": [fingerprint(record) for record in records],
        "topics": [record.place.topic for record in records],
        "partitions": [record.place.partition for record in records],
        "offsets": [record.offset for record in records],
        "keys": [record.key for record in records],
        "headers": [_storable(record.headers) for record in records],
        "values": [record.value for record in records],
    }


def _envelope_columns(envelopes: Sequence[Envelope | None], region: str) -> dict[str, list[Any]]:
    def each(part: Callable[[Envelope], Any]) -> list[Any]:
        return [part(envelope) if envelope is not None else None for envelope in envelopes]

    return {
        "publishers": each(lambda e: e.publisher),
        "aggregates": each(lambda e: e.key),
        "seqs": each(lambda e: e.seq),
        "events": each(lambda e: e.event),
        "actors": each(lambda e: e.trace.actor),
        "correlations": each(lambda e: e.trace.correlation_id),
        # An event that claims a region outside the installation is still ours to look after.
        "regions": [
            e.region if e is not None and e.region.isdecimal() and covers(region, e.region) else region
            for e in envelopes
        ],
    }


def _storable(headers: Mapping[str, str]) -> str:
    # jsonb holds no NUL character; a header that has one is damaged already.
    return orjson.dumps({name.replace("\0", "�"): value.replace("\0", "�") for name, value in headers.items()}).decode()
