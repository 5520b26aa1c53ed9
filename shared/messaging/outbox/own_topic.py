"""A publisher looks at its own topic: whether what it sent still lies there, and whether more lies there than it knows.

Marked is not received. A topic that was deleted and made again, by whomever, holds nothing of what was marked before:
all of it is sent again. A database that was restored to earlier finds events there that it never announced.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.bulk import ColumnMap
from shared.database.engine import Database
from shared.database.row import fetch_all
from shared.messaging.bus.envelope import Envelope, MalformedEnvelope, from_headers
from shared.messaging.bus.protocol import Bus, BusRefused, Incoming, PartitionId
from shared.messaging.outbox.sending_again import send_again
from shared.messaging.topics.offset_tracker import fingerprint

LOOK_EVERY_S: Final = 30.0
# Of each lane so many records at its end are compared: a restored database lacks the last ones.
TAIL: Final = 200

_log = structlog.get_logger("canbao.relay")


@dataclass(frozen=True, slots=True)
class LaneMark:
    """Up to where a lane of the topic was looked at, and which record lay before that."""

    lane: int
    seen_offset: int
    seen_event_id: UUID | None


_MARKS = ColumnMap[LaneMark]({"lane": "integer", "seen_offset": "bigint", "seen_event_id": "uuid"})
_LOAD = text("SELECT lane, seen_offset, seen_event_id FROM relay_lane ORDER BY lane")
_RECORD = _MARKS.statement(
    """
    WITH held AS MATERIALIZED (
        SELECT l.lane, n.seen_offset, n.seen_event_id FROM relay_lane l JOIN {rows} ON n.lane = l.lane
        ORDER BY l.lane FOR UPDATE OF l
    )
    UPDATE relay_lane l SET seen_offset = held.seen_offset, seen_event_id = held.seen_event_id
    FROM held WHERE l.lane = held.lane
    """
)
# What was purged has a number that was given here, under which nothing stands any more.
_UNKNOWN = text(
    """
    SELECT n.id FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS uuid[]), CAST(:seqs AS bigint[]),
                            CAST(:recorded AS timestamptz[])) AS n (id, key, seq, recorded_at)
    LEFT JOIN aggregate a ON a.id = n.key
    WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.id = n.id)
      AND (coalesce(a.seq, 0) < n.seq
           OR EXISTS (SELECT FROM outbox o WHERE o.key = n.key AND o.aggregate_seq = n.seq))
    ORDER BY n.recorded_at, n.id
    """
)
_EPOCH = text("SELECT max(epoch) FROM epoch")


class OthersAreAhead(BusRefused):
    """The bus holds events that this database does not know: it was restored to earlier, and others know what it lost.

    Whatever it announced now would be taken for something else, so it does not work.
    """

    def __init__(self, service: str, example: Envelope, count: int) -> None:
        """Name the service, one of the events, and the remedy."""
        super().__init__(
            f"总线上有 {count} 条以上 {service} 的事件是本数据库没有的（如 {example.event} {example.id}，"
            f"{example.occurred_at:%Y-%m-%d %H:%M:%S%z}）：数据库已恢复到较早的状态，后台工作暂不启动；"
            f"请运行 canbao restore {service}"
            f" · the bus holds {count} or more events of {service} that this database does not know "
            f"(as {example.event} {example.id} of {example.occurred_at:%Y-%m-%d %H:%M:%S%z}): it was restored to an "
            f"earlier state, and work does not start; run canbao restore {service}"
        )


class OwnTopic:
    """The topic of one service, as its publisher sees it."""

    def __init__(self, database: Database, bus: Bus, service: str, region: str) -> None:
        """Nothing is asked yet."""
        self._database, self._bus, self._service, self._region = database, bus, service, region
        self._looked = float("-inf")

    @property
    def due(self) -> bool:
        """Whether it is time to look again."""
        return monotonic() - self._looked >= LOOK_EVERY_S

    async def look(self) -> int:
        """Send again what is gone, and remember where the topic ends; answers how many events are sent again.

        Raises OthersAreAhead, before anything is sent or remembered.
        """
        self._looked = monotonic()
        marks, ends = await self._marks(), await self._ends()
        await self.refuse_if_behind()
        gone = await self.gone(marks, ends)
        again = 0
        if gone:
            again = await send_again(self._database, self._region, lanes=gone)
            _log.warning("topic was recreated, sending again", service=self._service, lanes=len(gone), events=again)
        await self._remember([m.lane for m in marks if ends[m.lane] != m.seen_offset or m.lane in gone], ends)
        return again

    async def gone(self, marks: Sequence[LaneMark], ends: Mapping[int, int]) -> list[int]:
        """The lanes that no longer hold the record which was seen last."""
        short = [mark.lane for mark in marks if ends[mark.lane] < mark.seen_offset]
        asked = {mark.lane: mark for mark in marks if mark.seen_offset > 0 and mark.lane not in short}
        there = await self._read({lane: mark.seen_offset - 1 for lane, mark in asked.items()}, 1)
        found = {record.partition_id.partition: fingerprint(record) for record in there}
        return [*short, *(lane for lane, mark in asked.items() if found.get(lane) != mark.seen_event_id)]

    async def missing(self) -> list[int]:
        """The lanes of which nothing lies there any more that was sent."""
        return await self.gone(await self._marks(), await self._ends())

    async def unknown(self) -> list[tuple[Envelope, Incoming]]:
        """The last events of this epoch on the topic that this database does not know; a look at its end."""
        async for records in self.pages(most=TAIL):
            if found := await self.not_announced(records):
                return found
        return []

    async def pages(self, *, back: int = 0, most: int | None = None) -> AsyncIterator[Sequence[Incoming]]:
        """The records behind where was looked, some hundred at a time, and from so many before them.

        Of each lane at most so many, the last ones; all of them without a number.
        """
        ends = await self._ends()
        starts = {mark.lane: max(0, mark.seen_offset - back) for mark in await self._marks()}
        if most is not None:
            starts = {lane: max(start, ends[lane] - most) for lane, start in starts.items()}
        starts = {lane: start for lane, start in starts.items() if start < ends[lane]}
        while starts:
            records = await self._read(starts, TAIL)
            yield records
            read = {record.partition_id.partition: record.offset + 1 for record in records}
            starts = {lane: offset for lane, offset in read.items() if offset < ends[lane]}

    async def not_announced(self, records: Sequence[Incoming]) -> list[tuple[Envelope, Incoming]]:
        """Those of these records that are events of the epoch that runs, and stand in no row here."""
        async with self._database.transaction(self._region) as session:
            return await _not_announced(session, self._service, records)

    async def refuse_if_behind(self) -> None:
        """Raise OthersAreAhead where the topic's end holds events of which this database knows nothing."""
        if found := await self.unknown():
            raise OthersAreAhead(self._service, found[0][0], len(found))

    async def _remember(self, lanes: Sequence[int], ends: Mapping[int, int]) -> None:
        last = await self._read({lane: ends[lane] - 1 for lane in lanes if ends[lane] > 0}, 1)
        ids = {record.partition_id.partition: fingerprint(record) for record in last}
        marks = [LaneMark(lane, ends[lane] if lane in ids else 0, ids.get(lane)) for lane in sorted(lanes)]
        if marks:
            async with self._database.transaction(self._region) as session:
                await session.execute(_RECORD, _MARKS.arrays(marks))

    async def _marks(self) -> list[LaneMark]:
        async with self._database.transaction(self._region) as session:
            return await fetch_all(session, _LOAD, LaneMark)

    async def _ends(self) -> dict[int, int]:
        """Where each lane ends; a topic that is not there has been sent nothing."""
        there = await self._bus.ends([self._service]) if self._service in await self._bus.topics() else {}
        return dict.fromkeys(range(self._bus.partitions), 0) | {at.partition: end for at, end in there.items()}

    async def _read(self, starts: Mapping[int, int], limit: int) -> Sequence[Incoming]:
        asked = {PartitionId(self._service, lane): start for lane, start in starts.items()}
        return await self._bus.read(asked, limit) if asked else ()


async def _not_announced(
    session: AsyncSession, service: str, records: Sequence[Incoming]
) -> list[tuple[Envelope, Incoming]]:
    """Those of these records that are events of the epoch that runs, and stand in no row here."""
    epoch: int = (await session.execute(_EPOCH)).scalar_one()
    events: dict[UUID, tuple[Envelope, Incoming]] = {}
    for record in records:
        try:
            envelope = from_headers(record.headers, service)
        except MalformedEnvelope:
            continue
        if envelope.epoch >= epoch:
            events[envelope.id] = (envelope, record)
    envelopes = [envelope for envelope, _ in events.values()]
    asked: dict[str, list[UUID] | list[int] | list[datetime]] = {
        "ids": [envelope.id for envelope in envelopes],
        "keys": [envelope.key for envelope in envelopes],
        "seqs": [envelope.seq for envelope in envelopes],
        "recorded": [envelope.occurred_at for envelope in envelopes],
    }
    unknown = (await session.execute(_UNKNOWN, asked)).scalars()
    return [events[each] for each in unknown]
