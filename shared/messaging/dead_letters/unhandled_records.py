"""Records that could not be handled: events parked until the gap before them closes, and dead letters."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.domain.ids import new_id
from shared.domain.region import covers
from shared.messaging.bus.envelope import Envelope, aggregate_and_seq, from_headers
from shared.messaging.bus.protocol import Incoming, PartitionId
from shared.messaging.consumer.cursors import AggregateKey, SequencedRecord
from shared.messaging.topics.offset_tracker import fingerprint

# Per aggregate, so that one with many parked events does not delay the others.
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
_RECORD_DEAD_LETTERS = text(
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
class UnhandledRecord:
    """A record for the dead letters: as much of its envelope as is known, and why it was not handled."""

    record: Incoming
    envelope: Envelope | None
    reason: str
    error: str

    @property
    def claimed(self) -> tuple[UUID, int] | None:
        """The aggregate and sequence that it claims, as far as they can be read."""
        return (self.envelope.key, self.envelope.seq) if self.envelope else aggregate_and_seq(self.record.headers)


async def waiting(
    session: AsyncSession, aggregates: Collection[AggregateKey]
) -> dict[AggregateKey, dict[int, SequencedRecord]]:
    """The first parked events of each of these aggregates, by sequence."""
    if not aggregates:
        return {}
    rows = await session.execute(
        _PARKED,
        {
            "publishers": [aggregate.publisher for aggregate in aggregates],
            "aggregates": [aggregate.aggregate_id for aggregate in aggregates],
            "of_each": RELEASED_AT_ONCE,
        },
    )
    found: dict[AggregateKey, dict[int, SequencedRecord]] = {}
    for row in rows:
        record = stored_record(row)
        item = SequencedRecord(record, from_headers(record.headers, record.partition_id.topic), was_parked=True)
        found.setdefault(item.aggregate, {})[item.envelope.seq] = item
    return found


async def park(session: AsyncSession, items: Sequence[SequencedRecord], region: str) -> None:
    """Keep events until what belongs before them has arrived."""
    if items:
        columns = _record_columns([item.record for item in items]) | _envelope_columns(
            [item.envelope for item in items], region
        )
        await session.execute(
            _PARK, {name: columns[name] for name in columns if name not in ("actors", "correlations")}
        )


async def unpark(session: AsyncSession, items: Iterable[SequencedRecord]) -> None:
    """Delete parked events that were handled, failed or turned out to be duplicates."""
    keys = [(item.aggregate, item.envelope.seq) for item in items if item.was_parked]
    if keys:
        await session.execute(
            _UNPARK,
            {
                "publishers": [aggregate.publisher for aggregate, _ in keys],
                "aggregates": [aggregate.aggregate_id for aggregate, _ in keys],
                "seqs": [seq for _, seq in keys],
            },
        )


async def record_dead_letters(session: AsyncSession, unhandled: Sequence[UnhandledRecord], region: str) -> None:
    """Store dead letters; a replay in this transaction that failed again goes back to waiting."""
    if unhandled:
        columns = _record_columns([s.record for s in unhandled]) | _envelope_columns(
            [s.envelope for s in unhandled], region
        )
        claims = [s.claimed for s in unhandled]
        columns |= {
            "ids": [new_id() for _ in unhandled],
            "publishers": [s.record.partition_id.topic if s.claimed else None for s in unhandled],
            "aggregates": [claim[0] if claim else None for claim in claims],
            "seqs": [claim[1] if claim else None for claim in claims],
            "reasons": [s.reason for s in unhandled],
            "errors": [s.error for s in unhandled],
        }
        await session.execute(_RECORD_DEAD_LETTERS, columns)


def stored_record(row: Row[Any]) -> Incoming:
    """The record as it once lay on the bus."""
    return Incoming(PartitionId(row.topic, row.partition), row.offset, row.key, orjson.loads(row.headers), row.value)


def _record_columns(records: Sequence[Incoming]) -> dict[str, list[Any]]:
    return {
        "event_ids": [fingerprint(record) for record in records],
        "topics": [record.partition_id.topic for record in records],
        "partitions": [record.partition_id.partition for record in records],
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
        # An event that claims a region outside the installation is still shown to this installation.
        "regions": [
            e.region if e is not None and e.region.isdecimal() and covers(region, e.region) else region
            for e in envelopes
        ],
    }


def _storable(headers: Mapping[str, str]) -> str:
    # jsonb holds no NUL character; a header that has one is damaged already.
    return orjson.dumps({name.replace("\0", "�"): value.replace("\0", "�") for name, value in headers.items()}).decode()
