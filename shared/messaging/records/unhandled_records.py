"""Records that could not be handled: events parked until the gap before them closes, and dead letters."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all
from shared.domain.ids import new_id
from shared.domain.region import covers
from shared.messaging.bus.envelope import Envelope, Place, aggregate_and_place, from_headers
from shared.messaging.bus.protocol import Incoming, PartitionId
from shared.messaging.records.sequence import AggregateKey, SequencedRecord
from shared.messaging.topics.offset_tracker import fingerprint

# Per aggregate, so that one with many parked events does not delay the others.
RELEASED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class UnhandledRecord:
    """A record for the dead letters: as much of its envelope as is known, and why it was not handled."""

    record: Incoming
    envelope: Envelope | None
    reason: str
    error: str

    def facts(self) -> dict[str, str]:
        """What a log says of it: its id, and as far as they are known its name and the trace id of what caused it."""
        found = {"event_id": str(fingerprint(self.record)), "reason": self.reason, "error": self.error}
        if self.envelope is not None:
            found |= {"event_name": self.envelope.event, "trace_id": str(self.envelope.trace.correlation_id)}
        return found

    @property
    def claimed(self) -> tuple[UUID, Place] | None:
        """The aggregate and place that it claims, as far as they can be read."""
        return (self.envelope.key, self.envelope.place) if self.envelope else aggregate_and_place(self.record.headers)


@dataclass(frozen=True, slots=True)
class _StoredRecord:
    """A record to be stored, with as much of its envelope as is known; ``region`` may see it."""

    record: Incoming
    envelope: Envelope | None
    region: str


@dataclass(frozen=True, slots=True)
class _DeadLetter(_StoredRecord):
    """A record that becomes a dead letter, with the aggregate and place that it claims, and why."""

    claimed: tuple[UUID, Place] | None
    reason: str
    error: str


def record_of(
    topic: str, partition: int, offset: int, key: bytes | None, headers: str, value: bytes | None
) -> Incoming:
    """The record as it once lay on the bus."""
    return Incoming(PartitionId(topic, partition), offset, key, orjson.loads(headers), value)


def _of_envelope(path: str) -> Callable[[_StoredRecord], object]:
    part = attrgetter(path)
    return lambda stored: None if stored.envelope is None else part(stored.envelope)


def _previous_epoch(dead: _DeadLetter) -> int:
    if dead.envelope is not None:
        return dead.envelope.previous_epoch or dead.envelope.epoch
    return dead.claimed[1][0] if dead.claimed else 1


def _storable(headers: Mapping[str, str]) -> str:
    # jsonb holds no NUL character; a header that has one is damaged already.
    return orjson.dumps({name.replace("\0", "�"): value.replace("\0", "�") for name, value in headers.items()}).decode()


_KEYS = ColumnMap[AggregateKey]({"publisher": "text", "aggregate_id": "uuid"})
_HANDLED = ColumnMap[SequencedRecord](
    {
        "publisher": ("text", "envelope.publisher"),
        "aggregate_id": ("uuid", "envelope.key"),
        "epoch": ("integer", "envelope.epoch"),
        "seq": ("bigint", "envelope.seq"),
    }
)
_RECORD: Mapping[str, tuple[str, str | Callable[[_StoredRecord], object]]] = {
    "event_id": ("uuid", lambda stored: fingerprint(stored.record)),
    "event": ("text", _of_envelope("event")),
    "region": ("text", "region"),
    "topic": ("text", "record.partition_id.topic"),
    "partition": ("integer", "record.partition_id.partition"),
    '"offset"': ("bigint", "record.offset"),
    "key": ("bytea", "record.key"),
    "headers": ("jsonb", lambda stored: _storable(stored.record.headers)),
    "value": ("bytea", "record.value"),
}
_PARKING = ColumnMap[_StoredRecord](
    {
        **_RECORD,
        "publisher": ("text", "envelope.publisher"),
        "aggregate_id": ("uuid", "envelope.key"),
        "epoch": ("integer", "envelope.epoch"),
        "seq": ("bigint", "envelope.seq"),
    }
)
_DEAD = ColumnMap[_DeadLetter](
    {
        **_RECORD,
        "id": ("uuid", lambda _: new_id()),
        "publisher": ("text", lambda dead: dead.claimed and dead.record.partition_id.topic),
        "aggregate_id": ("uuid", lambda dead: dead.claimed and dead.claimed[0]),
        "epoch": ("integer", lambda dead: dead.claimed[1][0] if dead.claimed else 1),
        "seq": ("bigint", lambda dead: dead.claimed and dead.claimed[1][1]),
        "previous_epoch": ("integer", _previous_epoch),
        "actor": ("text", _of_envelope("trace.actor")),
        "correlation_id": ("uuid", _of_envelope("trace.correlation_id")),
        "reason": "text",
        "error": "text",
    }
)

_PARKED = _KEYS.statement(
    """
    SELECT p.topic, p.partition, p."offset", p.key, CAST(p.headers AS text) AS headers, p.value
    FROM {rows}
    CROSS JOIN LATERAL (
        SELECT * FROM parked_event
        WHERE publisher = n.publisher AND aggregate_id = n.aggregate_id ORDER BY epoch, seq LIMIT :of_each
    ) AS p
    ORDER BY p.publisher, p.aggregate_id, p.epoch, p.seq
    """
)
_PARK = insert_rows(
    "parked_event",
    _PARKING,
    order_by="n.publisher, n.aggregate_id, n.epoch, n.seq",
    then="ON CONFLICT (publisher, aggregate_id, epoch, seq) DO NOTHING",
)
_UNPARK = _HANDLED.statement(
    """
    DELETE FROM parked_event p
    USING {rows}
    WHERE p.publisher = n.publisher AND p.aggregate_id = n.aggregate_id AND p.epoch = n.epoch
      AND p.seq = n.seq
    """
)
_RECORD_DEAD_LETTERS = insert_rows(
    "dead_letter",
    _DEAD,
    order_by="n.event_id",
    then="""
    ON CONFLICT (event_id) DO UPDATE
        SET state = 'WAITING', settled_at = NULL, settled_by = NULL, settled_because = NULL,
            reason = EXCLUDED.reason, error = EXCLUDED.error
        WHERE dead_letter.last_tried_at = now()
    """,
)


async def waiting(
    session: AsyncSession, aggregates: Collection[AggregateKey]
) -> dict[AggregateKey, dict[Place, SequencedRecord]]:
    """The first parked events of each of these aggregates, by their place."""
    if not aggregates:
        return {}
    wanted = _KEYS.arrays(list(aggregates)) | {"of_each": RELEASED_AT_ONCE}
    found: dict[AggregateKey, dict[Place, SequencedRecord]] = {}
    for record in await fetch_all(session, _PARKED, record_of, wanted):
        item = SequencedRecord(record, from_headers(record.headers, record.partition_id.topic), was_parked=True)
        found.setdefault(item.aggregate, {})[item.place] = item
    return found


async def park(session: AsyncSession, items: Sequence[SequencedRecord], region: str) -> None:
    """Keep events until what belongs before them has arrived."""
    if items:
        stored = [_StoredRecord(item.record, item.envelope, _seen_by(item.envelope, region)) for item in items]
        await session.execute(_PARK, _PARKING.arrays(stored))


async def unpark(session: AsyncSession, items: Iterable[SequencedRecord]) -> None:
    """Delete parked events that were handled, failed or turned out to be duplicates."""
    parked = [item for item in items if item.was_parked]
    if parked:
        await session.execute(_UNPARK, _HANDLED.arrays(parked))


async def record_dead_letters(session: AsyncSession, unhandled: Sequence[UnhandledRecord], region: str) -> None:
    """Store dead letters; a replay in this transaction that failed again goes back to waiting."""
    if unhandled:
        dead = [
            _DeadLetter(s.record, s.envelope, _seen_by(s.envelope, region), s.claimed, s.reason, s.error)
            for s in unhandled
        ]
        await session.execute(_RECORD_DEAD_LETTERS, _DEAD.arrays(dead))


def _seen_by(envelope: Envelope | None, region: str) -> str:
    """An event that claims a region outside the installation is still shown to this installation."""
    if envelope is not None and envelope.region.isdecimal() and covers(region, envelope.region):
        return envelope.region
    return region
