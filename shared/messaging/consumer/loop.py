"""The consumer: takes in what others announced. Offset and cursor in its own database make each event count once."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from typing import Any

import structlog

from shared.database.engine import Database
from shared.messaging.bus.backoff import Patience, cancelled_from_outside, gather, pause
from shared.messaging.bus.errors import described, is_transient
from shared.messaging.bus.protocol import Bus, BusRefused, Incoming, Member, Place
from shared.messaging.consumer.intake import Intake, take_in
from shared.messaging.consumer.subscription import Handler, Subscription
from shared.messaging.consumer.watchdog import Standstill, Watch
from shared.messaging.topics import offsets
from shared.messaging.topics.offsets import Move
from shared.messaging.topics.positions import TRUSTED_S, Positions, fingerprint

__all__ = ["Consumer", "Handler", "Subscription", "run_consumer"]

BATCH = 500
POLL_S = 0.5
# How long a partition may stand still while records wait in it before the member leaves and joins again.
WATCHDOG_S = 20.0

_log = structlog.get_logger("canbao.consumer")


class Rejoin(Exception):
    """Leave the group and join again: what is assigned has become doubtful, or topics have appeared."""


async def run_consumer(
    *,
    database: Database,
    bus: Bus,
    service: str,
    region: str,
    subscriptions: Sequence[Subscription],
    resources: Any,
    stop: asyncio.Event,
) -> None:
    """Take in subscribed events until told to stop; raises only if the bus belongs to somebody else."""
    consumer = Consumer(
        database=database, bus=bus, service=service, region=region, subscriptions=subscriptions, resources=resources
    )
    await consumer.run(stop)


class Consumer:
    """One member of a service's group."""

    def __init__(
        self,
        *,
        database: Database,
        bus: Bus,
        service: str,
        region: str,
        subscriptions: Sequence[Subscription],
        resources: Any,
        watchdog_s: float = WATCHDOG_S,
        trusted_s: float = TRUSTED_S,
    ) -> None:
        self.database, self._bus, self._service, self._region = database, bus, service, region
        self._subscriptions, self._resources = subscriptions, resources
        self._wanted = {subscription.event.publisher() for subscription in subscriptions}
        self._watchdog_s = watchdog_s
        self._positions = Positions(trusted_s)
        self._pending: list[Incoming] = []
        self._doubtful: set[Place] = set()
        self._patience = Patience()
        # Held while a transaction runs, so that nothing is revoked under it.
        self._busy = asyncio.Lock()
        self._log = _log.bind(service=service)

    @property
    def places(self) -> list[Place]:
        """The partitions that this member reads at the moment."""
        return self._positions.places()

    async def run(self, stop: asyncio.Event) -> None:
        """Join, work and join again until told to stop."""
        while not stop.is_set():
            try:
                topics = await self._present()
                if not topics:
                    await pause(stop, POLL_S)
                    continue
                async with self._bus.join(self._service, topics, self) as member:
                    await self._work(member, topics, stop)
            except BusRefused:
                raise
            except Rejoin as reason:
                self._log.info("rejoining", reason=str(reason))
            except (Exception, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and cancelled_from_outside():
                    raise
                # What does not pass by itself is a fault of ours: it is tried for ever, and loudly.
                say = self._log.warning if is_transient(error) else self._log.error
                say("consumer interrupted", error=described(error))
                await pause(stop, self._patience.next())

    # --- what the bus says ---

    async def assigned(self, places: Collection[Place]) -> Mapping[Place, int]:
        """Take over partitions where the database says; keeps asking until the database answers."""
        patience = Patience()
        async with self._busy:
            while True:
                try:
                    async with self.database.transaction(self._region) as session:
                        stored = await offsets.load(session, sorted(places))
                    break
                except Exception as error:
                    if not is_transient(error):
                        raise
                    await asyncio.sleep(patience.next())
            return self._positions.hold(stored)

    async def revoked(self, places: Collection[Place]) -> None:
        """Give up partitions once the transaction that runs has ended."""
        gone = set(places)
        async with self._busy:
            self._positions.let_go(gone)
            self._pending = [record for record in self._pending if record.place not in gone]

    # --- the work ---

    async def _present(self) -> list[str]:
        """The topics to read that exist by now; a publisher creates its own."""
        if not self._wanted:
            return []
        found = await self._bus.topics()
        for topic in sorted(self._wanted & found.keys()):
            if found[topic] != self._bus.partitions:
                raise BusRefused(
                    f"topic {topic!r} has {found[topic]} partitions, this installation {self._bus.partitions}"
                )
        return sorted(self._wanted & found.keys())

    async def _work(self, member: Member, topics: Sequence[str], stop: asyncio.Event) -> None:
        watch, standstill = Watch(self._watchdog_s), Standstill()
        while not stop.is_set():
            if self._doubtful:
                await self._read_again(member, self._doubtful)
                self._doubtful = set()
            records = await member.poll(BATCH, POLL_S)
            if records:
                began = monotonic()
                await self._sort_out(member, records)
                await self._take_in_pending(stop)
                self._patience.reset()
                if len(records) < BATCH:
                    await gather(stop, monotonic() - began)
            if watch.compare() and (stuck := standstill.look(self._positions.next_offsets(), await member.ends())):
                self._log.warning("partitions stand still", places=[f"{at.topic}/{at.partition}" for at in stuck])
                raise Rejoin("records are waiting, none arrive")
            if watch.advise():
                await member.advise(self._positions.next_offsets())
            if watch.look_around():
                await self._look_around(member, topics)

    async def _look_around(self, member: Member, topics: Sequence[str]) -> None:
        """Notice what no record will tell: a topic that has appeared, or one that was recreated and is shorter now."""
        if len(topics) < len(self._wanted) and len(await self._present()) > len(topics):
            raise Rejoin("a topic has appeared")
        if self._positions.unproven:
            for place in self._positions.shortened(await self._bus.ends(self._positions.unproven)):
                await self._start_over(member, place)

    async def _sort_out(self, member: Member, records: Sequence[Incoming]) -> None:
        # A client may fetch before it is told where to read, or after a partition has gone: neither counts. What it
        # fetched across a rebalance follows on nothing that was taken in, and is read again.
        ours = [record for record in records if self._positions.holds(record.place)]
        admission = self._positions.admit(ours, monotonic())
        self._pending = admission.records
        for place, start in admission.again.items():
            await member.seek(place, start)
        for place in admission.recreated:
            await self._start_over(member, place)

    async def _start_over(self, member: Member, place: Place) -> None:
        """The topic is not the one we read before: read it from its beginning, the cursors know what is new."""
        self._log.warning("topic was recreated", topic=place.topic, partition=place.partition)
        async with self._busy:
            if not self._positions.holds(place):
                return
            move = Move(place, self._positions.next_offset(place), 0, None)
            async with self.database.transaction(self._region) as session:
                await offsets.compare_and_set(session, [move])
        await self._read_again(member, [place])

    async def _take_in_pending(self, stop: asyncio.Event) -> None:
        """Take in what was polled; after repeated trouble in smaller portions, but never skipping any."""
        patience = Patience()
        portion = BATCH
        while self._pending and not stop.is_set():
            try:
                await self._take_in(portion)
                portion = BATCH
                patience.reset()
            except Exception as error:
                if not is_transient(error):
                    raise
                self._log.warning("batch will be tried again", error=described(error), attempt=patience.count + 1)
                await pause(stop, patience.next())
                if patience.count > 1:
                    portion = max(1, min(portion, len(self._pending)) // 2)
        self._pending = []

    async def _take_in(self, portion: int) -> None:
        """One transaction: move the offsets, and take in the records of those that this member could move."""
        async with self._busy:
            batch = self._pending[:portion]
            moves = self._moves(batch)
            if not moves:
                return
            async with self.database.transaction(self._region) as session:
                owned = await offsets.compare_and_set(session, list(moves.values()))
                mine = [record for record in batch if record.place in owned]
                intake = await self._hand_over(session, mine)
            for place in owned:
                last = moves[place].last_event_id
                assert last is not None  # noqa: S101 - a move over records has a last one
                self._positions.moved(place, moves[place].next_offset, last)
            lost = set(moves) - owned
            self._doubtful |= lost
            self._pending = [record for record in self._pending[len(batch) :] if record.place not in lost]
        if intake.dead or intake.parked:
            self._log.warning("events set aside", dead=intake.dead, parked=intake.parked)
        if lost:
            self._log.warning("another member was here", partitions=len(lost))

    async def _hand_over(self, session: Any, records: Sequence[Incoming]) -> Intake:
        return await take_in(
            session, records, subscriptions=self._subscriptions, resources=self._resources, region=self._region
        )

    def _moves(self, batch: Sequence[Incoming]) -> dict[Place, Move]:
        last = {record.place: record for record in batch}
        return {
            place: Move(place, self._positions.next_offset(place), record.offset + 1, fingerprint(record))
            for place, record in last.items()
        }

    async def _read_again(self, member: Member, places: Collection[Place]) -> None:
        """Ask the database where these partitions stand and read on from there."""
        async with self._busy:
            held = [place for place in places if self._positions.holds(place)]
            async with self.database.transaction(self._region) as session:
                starts = self._positions.hold(await offsets.load(session, held))
            for place, start in starts.items():
                await member.seek(place, start)
