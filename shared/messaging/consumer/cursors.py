"""One cursor per publisher and aggregate: what is older is a duplicate, what is too new waits in a table.

Events are in the order of their places, (epoch, seq). Each says the place of the event before it: a restored publisher
counts on from where it was restored to, and consumers that took in more than that of the epoch before follow at once.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.bulk import ColumnMap, insert_rows
from shared.messaging.bus.envelope import BEFORE_ALL, Place
from shared.messaging.records.sequence import AggregateKey, SequencedRecord

# Events of one aggregate are numbered in the order in which their transactions took its row, not in which they began.
# An event with a lower number that was recorded so much later than the last is another fact under a known number.
OVERLAP = timedelta(minutes=10)


@dataclass(slots=True)
class CursorState:
    """The place of the last event handled for an aggregate, which event that was, and what blocks the next."""

    place: Place = BEFORE_ALL
    dead: Place | None = None
    parked: bool = False
    last_event_id: UUID | None = None
    last_recorded_at: datetime | None = None

    def follows(self, item: SequencedRecord) -> bool:
        """Whether an event is the next one."""
        return item.envelope.previous_place <= self.place < item.place

    def contradicts(self, item: SequencedRecord) -> bool:
        """Whether an event bears a number under which another was taken in."""
        if item.place == self.place:
            return self.last_event_id is not None and item.envelope.id != self.last_event_id
        return (
            item.place < self.place
            and item.envelope.epoch == self.place[0]
            and self.last_recorded_at is not None
            and item.envelope.occurred_at > self.last_recorded_at + OVERLAP
        )

    def advance(self, item: SequencedRecord) -> None:
        """Note an event as the last one handled."""
        self.place = item.place
        self.last_event_id, self.last_recorded_at = item.envelope.id, item.envelope.occurred_at


@dataclass(slots=True)
class IngestPlan:
    """What to do with a batch: hand to the handlers, park, drop, or make dead letters of what contradicts."""

    take: list[SequencedRecord] = field(default_factory=list)
    park: list[SequencedRecord] = field(default_factory=list)
    duplicates: list[SequencedRecord] = field(default_factory=list)
    contradicting: list[SequencedRecord] = field(default_factory=list)


Parked = dict[Place, SequencedRecord]

_KEYS = ColumnMap[AggregateKey]({"publisher": "text", "aggregate_id": "uuid"})
_HANDLED = ColumnMap[SequencedRecord](
    {
        "publisher": ("text", "envelope.publisher"),
        "aggregate_id": ("uuid", "envelope.key"),
        "epoch": ("integer", "envelope.epoch"),
        "seq": ("bigint", "envelope.seq"),
        "last_event_id": ("uuid", "envelope.id"),
        "last_recorded_at": ("timestamptz", "envelope.occurred_at"),
    }
)
# A dead letter with a damaged envelope makes no event a duplicate. Events after a real dead letter wait behind it.
_LOAD = _KEYS.statement(
    """
    SELECT n.publisher, n.aggregate_id, COALESCE(c.epoch, 0) AS epoch, COALESCE(c.seq, 0) AS seq,
           c.last_event_id, c.last_recorded_at, dead.epoch AS dead_epoch, dead.seq AS dead_seq,
           EXISTS (SELECT FROM parked_event p
                   WHERE p.publisher = n.publisher AND p.aggregate_id = n.aggregate_id) AS parked
    FROM {rows}
    LEFT JOIN cursor c ON c.publisher = n.publisher AND c.aggregate_id = n.aggregate_id
    LEFT JOIN LATERAL (
        SELECT d.epoch, d.seq FROM dead_letter d
        WHERE d.publisher = n.publisher AND d.aggregate_id = n.aggregate_id AND d.state = 'WAITING'
          AND d.reason <> 'MALFORMED'
        ORDER BY d.epoch, d.seq LIMIT 1
    ) AS dead ON true
    """
)
_ADVANCE = insert_rows(
    "cursor",
    _HANDLED,
    order_by="n.publisher, n.aggregate_id",
    then="""
    ON CONFLICT (publisher, aggregate_id) DO UPDATE
        SET epoch = EXCLUDED.epoch, seq = EXCLUDED.seq, last_event_id = EXCLUDED.last_event_id,
            last_recorded_at = EXCLUDED.last_recorded_at
    """,
)


async def load(session: AsyncSession, aggregates: Collection[AggregateKey]) -> dict[AggregateKey, CursorState]:
    """The state of each aggregate; the offsets that the caller has advanced keep others from changing it."""
    rows = await session.execute(_LOAD, _KEYS.arrays(list(aggregates)))
    return {
        AggregateKey(row.publisher, row.aggregate_id): CursorState(
            (row.epoch, row.seq),
            None if row.dead_seq is None else (row.dead_epoch, row.dead_seq),
            row.parked,
            row.last_event_id,
            row.last_recorded_at,
        )
        for row in rows
    }


async def advance(session: AsyncSession, handled: Iterable[SequencedRecord]) -> None:
    """Advance the cursors to what was handled; the last record of an aggregate stands last in its order."""
    last = {item.aggregate: item for item in handled}
    if last:
        await session.execute(_ADVANCE, _HANDLED.arrays(list(last.values())))


def plan(
    items: Sequence[SequencedRecord],
    states: dict[AggregateKey, CursorState],
    parked: dict[AggregateKey, Parked],
) -> IngestPlan:
    """Decide per record, in order of arrival; parked events follow as soon as the gap before them closes."""
    made = IngestPlan()
    for aggregate, waiting in parked.items():
        _release(made, states[aggregate], waiting)
    for item in items:
        state = states[item.aggregate]
        if state.contradicts(item):
            made.contradicting.append(item)
            state.dead = state.dead or item.place
        elif item.place <= state.place or item.place == state.dead or item.envelope.id == state.last_event_id:
            made.duplicates.append(item)
        elif state.dead is not None or not state.follows(item):
            made.park.append(item)
        else:
            made.take.append(item)
            state.advance(item)
            _release(made, state, parked.get(item.aggregate, {}))
    return made


def next_parked(state: CursorState, waiting: Parked) -> SequencedRecord | None:
    """The first parked event, where nothing blocks it any more."""
    if not waiting or state.dead is not None:
        return None
    first = waiting[min(waiting)]
    return first if first.place <= state.place or state.follows(first) else None


def _release(made: IngestPlan, state: CursorState, waiting: Parked) -> None:
    while (following := next_parked(state, waiting)) is not None:
        del waiting[following.place]
        if following.place <= state.place:
            # It belonged to an epoch that ended before it came to it.
            made.duplicates.append(following)
        else:
            made.take.append(following)
            state.advance(following)
