"""One member of a group on the PostgreSQL bus: keeps its leases, and reads the log where it holds one."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import orjson
import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.bus.errors import described
from shared.messaging.bus.postgres_group import Group
from shared.messaging.bus.protocol import Incoming, Listener, Place

_HEARTBEAT_S = 1.0
_HURRY_S = 0.1
# How long to wait before looking again when nothing was there: short after work, longer when it is quiet.
_FIRST_LOOK_S, _LAST_LOOK_S = 0.01, 0.2

_log = structlog.get_logger("canbao.bus")

# A reader beyond the end of its partition, or in a topic that is not the one it has read from, starts over.
_READ = text(
    """
    SELECT l.topic, l.partition, l."offset", l.key, CAST(l.headers AS text) AS headers, l.value, h.incarnation
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:offsets AS bigint[]),
                CAST(:incarnations AS uuid[]))
         WITH ORDINALITY AS a (topic, partition, start, incarnation, turn)
    JOIN bus_head h ON h.topic = a.topic AND h.partition = a.partition
        AND (h.next <> a.start OR h.incarnation <> a.incarnation)
    CROSS JOIN LATERAL (
        SELECT * FROM bus_log b
        WHERE b.topic = a.topic AND b.partition = a.partition
            AND b."offset" >= CASE WHEN a.start > h.next OR h.incarnation <> a.incarnation THEN 0 ELSE a.start END
        ORDER BY b."offset" LIMIT :per_partition
    ) AS l
    ORDER BY a.turn, l."offset"
    LIMIT :limit
    """
)
_ENDS = text(
    """
    SELECT h.topic, h.partition, h.next
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])) AS a (topic, partition)
    JOIN bus_head h ON h.topic = a.topic AND h.partition = a.partition
    ORDER BY h.topic, h.partition
    """
)
_waiting: dict[str, set[asyncio.Event]] = {}


def appended(address: str) -> None:
    """Wake the members in this process that read from the same database."""
    for signal in _waiting.get(address, ()):
        signal.set()


class PostgresMember:
    """Reads the partitions that its leases name."""

    def __init__(self, engine: AsyncEngine, group: Group, listener: Listener, *, prefix: str, address: str) -> None:
        # One statement at a time: no transaction to begin and end around each look.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._group, self._listener = group, listener
        self._prefix, self._address = prefix, address
        self._offsets: dict[Place, int] = {}
        # Of which making of its topic the records were that came last; kept while the partition is ours.
        self._incarnations: dict[Place, UUID] = {}
        self._turn = 0
        self._appended = asyncio.Event()
        self._look_s = _FIRST_LOOK_S  # kept from poll to poll, so that a quiet bus is looked at seldom
        self._heart: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        _waiting.setdefault(self._address, set()).add(self._appended)
        try:
            await self._beat()
        except BaseException:
            # Whoever did not come in gives back what it had taken already.
            await self.__aexit__(None, None, None)
            raise
        self._heart = asyncio.create_task(self._keep_beating(), name="bus member")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _waiting[self._address].discard(self._appended)
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)
        await self._lose(set(self._offsets))
        try:
            await self._group.leave()
        except Exception as refusal:
            # The leases end by themselves.
            _log.info("leases not given back", error=described(refusal))

    async def poll(self, limit: int, wait_s: float) -> Sequence[Incoming]:
        """Up to ``limit`` records; waits up to ``wait_s`` seconds for the first."""
        deadline = monotonic() + wait_s
        while True:
            self._appended.clear()
            if records := await self._read(limit):
                self._look_s = _FIRST_LOOK_S
                return records
            left_s = deadline - monotonic()
            try:
                await asyncio.wait_for(self._appended.wait(), min(self._look_s, max(left_s, 0)))
                self._look_s = _FIRST_LOOK_S
            except TimeoutError:
                self._look_s = min(self._look_s * 2, _LAST_LOOK_S)
            if monotonic() >= deadline:
                return []  # the next poll begins with a look

    async def seek(self, place: Place, offset: int) -> None:
        """Read on from here in this partition."""
        if self._full(place) in self._offsets:
            self._offsets[self._full(place)] = offset

    async def advise(self, offsets: Mapping[Place, int]) -> None:
        """Nobody here asks how far a group is: its own database knows."""

    async def ends(self) -> Mapping[Place, int]:
        """The offset after the last record of each assigned partition."""
        places = sorted(self._offsets)
        wanted = {"topics": [place.topic for place in places], "partitions": [place.partition for place in places]}
        async with self._engine.connect() as connection:
            rows = await connection.execute(_ENDS, wanted)
            return {self._short(Place(row.topic, row.partition)): row.next for row in rows}

    async def _read(self, limit: int) -> list[Incoming]:
        if not self._offsets:
            return []
        # Another partition comes first each time, so that a full one starves nobody.
        places = sorted(self._offsets)
        self._turn = (self._turn + 1) % len(places)
        places = places[self._turn :] + places[: self._turn]
        wanted = {
            "topics": [place.topic for place in places],
            "partitions": [place.partition for place in places],
            "offsets": [self._offsets[place] for place in places],
            "incarnations": [self._incarnations.get(place) for place in places],
            "limit": limit,
            "per_partition": max(1, limit // 2),
        }
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_READ, wanted)).all()
        records = []
        for row in rows:
            place = Place(row.topic, row.partition)
            if place in self._offsets:
                self._offsets[place] = row.offset + 1
                self._incarnations[place] = row.incarnation
                records.append(self._incoming(row))
        return records

    def _incoming(self, row: Row[Any]) -> Incoming:
        place = Place(row.topic.removeprefix(self._prefix), row.partition)
        return Incoming(place, row.offset, row.key, orjson.loads(row.headers), row.value)

    async def _keep_beating(self) -> None:
        pause_s = _HEARTBEAT_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                pause_s = _HEARTBEAT_S if await self._beat() else _HURRY_S
            except Exception as error:
                _log.warning("leases not renewed", error=described(error))
                if self._group.expired:
                    await self._lose(set(self._offsets))

    async def _beat(self) -> bool:
        """Renew, give up what is another's share, take what is ours; says whether all of our share is held."""
        held, share = await self._group.renew()
        await self._lose(set(self._offsets) - held)
        surplus = held - share
        if surplus:
            await self._lose(surplus)
            await self._group.give(surplus)
        wanted = share - set(self._offsets)
        if wanted:
            taken = await self._group.take(wanted)
            if taken:
                starts = await self._listener.assigned([self._short(place) for place in taken])
                self._offsets |= {self._full(place): start for place, start in starts.items()}
        return set(self._offsets) == share

    async def _lose(self, places: Collection[Place]) -> None:
        lost = [place for place in places if place in self._offsets]
        if lost:
            await self._listener.revoked([self._short(place) for place in lost])
            for place in lost:
                self._offsets.pop(place, None)
                self._incarnations.pop(place, None)

    def _short(self, place: Place) -> Place:
        return Place(place.topic.removeprefix(self._prefix), place.partition)

    def _full(self, place: Place) -> Place:
        return Place(self._prefix + place.topic, place.partition)
