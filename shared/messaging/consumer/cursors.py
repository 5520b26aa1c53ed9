"""One cursor per publisher and aggregate: what is older is a duplicate, what is too new waits in a table."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.bulk import ColumnMap, insert_rows
from shared.messaging.records.sequence import AggregateKey, SequencedRecord


@dataclass(slots=True)
class CursorState:
    """The last sequence handled for an aggregate, and what blocks the next."""

    seq: int
    dead_seq: int | None
    parked: bool


@dataclass(slots=True)
class IngestPlan:
    """What to do with a batch: hand to the handlers, park, or drop."""

    take: list[SequencedRecord] = field(default_factory=list)
    park: list[SequencedRecord] = field(default_factory=list)
    duplicates: list[SequencedRecord] = field(default_factory=list)


_KEYS = ColumnMap[AggregateKey]({"publisher": "text", "aggregate_id": "uuid"})
_HANDLED = ColumnMap[tuple[AggregateKey, int]](
    {
        "publisher": ("text", lambda handled: handled[0].publisher),
        "aggregate_id": ("uuid", lambda handled: handled[0].aggregate_id),
        "seq": ("bigint", itemgetter(1)),
    }
)
# A dead letter with a damaged envelope makes no event a duplicate. Events after a real dead letter wait behind it.
_LOAD = _KEYS.statement(
    """
    SELECT n.publisher, n.aggregate_id, COALESCE(c.seq, 0) AS seq,
           (SELECT min(d.seq) FROM dead_letter d
            WHERE d.publisher = n.publisher AND d.aggregate_id = n.aggregate_id AND d.state = 'WAITING'
              AND d.reason <> 'MALFORMED') AS dead_seq,
           EXISTS (SELECT FROM parked_event p
                   WHERE p.publisher = n.publisher AND p.aggregate_id = n.aggregate_id) AS parked
    FROM {rows}
    LEFT JOIN cursor c ON c.publisher = n.publisher AND c.aggregate_id = n.aggregate_id
    """
)
_ADVANCE = insert_rows(
    "cursor",
    _HANDLED,
    order_by="n.publisher, n.aggregate_id",
    then="ON CONFLICT (publisher, aggregate_id) DO UPDATE SET seq = EXCLUDED.seq",
)


async def load(session: AsyncSession, aggregates: Collection[AggregateKey]) -> dict[AggregateKey, CursorState]:
    """The state of each aggregate; the offsets that the caller has advanced keep others from changing it."""
    rows = await session.execute(_LOAD, _KEYS.arrays(list(aggregates)))
    return {
        AggregateKey(row.publisher, row.aggregate_id): CursorState(row.seq, row.dead_seq, row.parked) for row in rows
    }


async def advance(session: AsyncSession, handled: Iterable[SequencedRecord]) -> None:
    """Advance the cursors to what was handled; the last record of an aggregate has the highest sequence."""
    highest = {item.aggregate: item.envelope.seq for item in handled}
    if highest:
        await session.execute(_ADVANCE, _HANDLED.arrays(list(highest.items())))


def plan(
    items: Sequence[SequencedRecord],
    states: dict[AggregateKey, CursorState],
    parked: dict[AggregateKey, dict[int, SequencedRecord]],
) -> IngestPlan:
    """Decide per record, in order of arrival; parked events follow as soon as the gap before them closes."""
    made = IngestPlan()
    for item in items:
        state = states[item.aggregate]
        seq = item.envelope.seq
        if seq <= state.seq or seq == state.dead_seq:
            made.duplicates.append(item)
        elif state.dead_seq is not None or seq > state.seq + 1:
            made.park.append(item)
        else:
            made.take.append(item)
            state.seq = seq
            _release(made, state, parked.get(item.aggregate, {}))
    return made


def _release(made: IngestPlan, state: CursorState, waiting: dict[int, SequencedRecord]) -> None:
    while (following := waiting.pop(state.seq + 1, None)) is not None:
        made.take.append(following)
        state.seq += 1
