"""The outbox: what a service announces is written in the transaction that made it true, and leaves with its commit."""

from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Event, Trace
from shared.database.bulk import ColumnMap
from shared.database.engine import after_commit
from shared.domain.ids import new_id
from shared.messaging.bus.protocol import MAX_EVENT_BYTES
from shared.messaging.outbox.wake import waker


class _Announced(NamedTuple):
    """An event, and how many events of its aggregate follow it in the same announcement; made for every event."""

    key: UUID
    later: int
    event: Event
    trace: Trace


def _payload(announced: _Announced) -> str:
    payload = announced.event.model_dump_json()
    # No character takes more than four bytes, so that hardly any event has to be encoded to be measured.
    if 4 * len(payload) > MAX_EVENT_BYTES and len(payload.encode()) > MAX_EVENT_BYTES:
        name = announced.event.name
        raise ValueError(f"{name}: an event holds at most {MAX_EVENT_BYTES} bytes; publish a reference instead")
    return payload


_AGGREGATES = ColumnMap[tuple[UUID, int]]({"aggregate": ("uuid", itemgetter(0)), "events": ("bigint", itemgetter(1))})
_EVENTS = ColumnMap[_Announced](
    {
        "id": ("uuid", lambda _: new_id()),
        "key": "uuid",
        "later": "bigint",
        "event": ("text", "event.name"),
        "region": ("text", "event.region"),
        "benefit_year": ("integer", "event.benefit_year"),
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
        "causation_id": ("uuid", "trace.causation_id"),
        "payload": ("text", _payload),
    }
)
# One statement: the aggregates' rows are locked in sorted order and give out their sequence numbers, then the events
# go in. The lane must be what shared.messaging.bus.partition.partition_for says.
_ANNOUNCE = _EVENTS.statement(
    f"""
    WITH counted AS (
        INSERT INTO aggregate AS a (id, seq)
        SELECT n.aggregate, n.events FROM {_AGGREGATES.rows}
        ORDER BY n.aggregate
        ON CONFLICT (id) DO UPDATE SET seq = a.seq + EXCLUDED.seq
        RETURNING id, seq
    )
    INSERT INTO outbox (id, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service,
                        correlation_id, causation_id, payload)
    SELECT n.id, crc32(uuid_send(n.key)) % i.partitions, i.service, n.key, counted.seq - n.later, n.event, n.region,
           n.benefit_year, n.actor, i.service, n.correlation_id, n.causation_id, CAST(n.payload AS json)
    FROM {{rows}}
    JOIN counted ON counted.id = n.key
    LEFT JOIN (SELECT service, partitions FROM messaging_installation LIMIT 1) i ON true
    ORDER BY n.position
    """  # noqa: S608 - a module's own SQL, never a value
)


async def publish(session: AsyncSession, announcements: Sequence[tuple[Event, Trace]]) -> None:
    """Announce facts in the caller's transaction, in this order; they are sent once it has committed."""
    if not announcements:
        return
    result = await session.execute(_ANNOUNCE, _rows(announcements))
    if isinstance(result, CursorResult) and result.rowcount != len(announcements):
        raise RuntimeError(f"{result.rowcount} of {len(announcements)} events went into the outbox")
    after_commit(session, waker(session))


def _rows(announcements: Sequence[tuple[Event, Trace]]) -> dict[str, Any]:
    left: defaultdict[UUID, int] = defaultdict(int)
    announced = []
    for event, trace in reversed(announcements):
        key = event.key
        announced.append(_Announced(key, left[key], event, trace))
        left[key] += 1
    announced.reverse()
    return _AGGREGATES.arrays(list(left.items())) | _EVENTS.arrays(announced)
