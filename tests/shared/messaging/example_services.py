"""Three services of the tests' own: a station and a depot that publish, and a listener that records what it consumes.

Nothing in the listener's table is unique: if an event counted twice, it would be seen.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit.repository import MOST_ROWS, begin_sealing, seal_block
from shared.background_failures import BackgroundFailures
from shared.contracts.event import Event, Received, Trace
from shared.database.engine import Database
from shared.domain.ids import new_id
from shared.messaging.bus.envelope import Envelope, to_headers
from shared.messaging.bus.partition import partition_for
from shared.messaging.bus.protocol import Bus, Outgoing, PartitionId
from shared.messaging.consumer.loop import Consumer, Subscription
from shared.messaging.outbox.audited import OUTBOX
from shared.messaging.outbox.publication import publish
from shared.messaging.outbox.relay import Relay
from shared.messaging.topics.installation import record_installation
from tests.harness.cluster import Clones
from tests.harness.eventually import eventually

REGION = "411521"
EPOCH = datetime(2024, 10, 1, tzinfo=UTC)
PARTITIONS = 4
POOL = 4
PUBLISHERS = ("station", "depot")
LISTENER = "listener"
NAMES = (*PUBLISHERS, LISTENER)

RECORDED = """
CREATE TABLE recorded (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    train_id uuid NOT NULL,
    publisher text NOT NULL,
    event text NOT NULL,
    seq bigint NOT NULL,
    event_id uuid NOT NULL
)
"""


class TrainArrived(Event):
    """A train came in."""

    name: ClassVar[str] = "station.train_arrived.v1"
    key_field: ClassVar[str] = "train_id"
    train_id: UUID
    platform: int


class TrainLeft(Event):
    """A train went on."""

    name: ClassVar[str] = "station.train_left.v1"
    key_field: ClassVar[str] = "train_id"
    train_id: UUID


class WhistleBlown(Event):
    """A sound that the listener does not care for."""

    name: ClassVar[str] = "station.whistle_blown.v1"
    key_field: ClassVar[str] = "train_id"
    train_id: UUID


class TrainServiced(Event):
    """A train was looked after."""

    name: ClassVar[str] = "depot.train_serviced.v1"
    key_field: ClassVar[str] = "train_id"
    train_id: UUID


def arrived(train: UUID, platform: int = 1) -> TrainArrived:
    return TrainArrived(region=REGION, train_id=train, platform=platform)


def left(train: UUID) -> TrainLeft:
    return TrainLeft(region=REGION, train_id=train)


def whistle(train: UUID) -> WhistleBlown:
    return WhistleBlown(region=REGION, train_id=train)


def serviced(train: UUID) -> TrainServiced:
    return TrainServiced(region=REGION, train_id=train)


_WRITE_DOWN = text(
    """
    INSERT INTO recorded (train_id, publisher, event, seq, event_id)
    SELECT * FROM unnest(CAST(:trains AS uuid[]), CAST(:publishers AS text[]), CAST(:events AS text[]),
                         CAST(:seqs AS bigint[]), CAST(:ids AS uuid[]))
    """
)


@dataclass
class RecordingHandlers:
    """The listener's handlers, and what they were called with."""

    batches: list[list[Received[Event]]] = field(default_factory=list)
    before: Callable[[AsyncSession, Sequence[Received[Event]]], Any] | None = None

    async def receive(self, session: AsyncSession, events: Sequence[Received[Event]], resources: Any) -> None:
        self.batches.append(list(events))
        if self.before is not None:
            done = self.before(session, events)
            if asyncio.iscoroutine(done):
                await done
        await session.execute(
            _WRITE_DOWN,
            {
                "trains": [received.event.key for received in events],
                "publishers": [received.publisher for received in events],
                "events": [received.event.name for received in events],
                "seqs": [received.seq for received in events],
                "ids": [received.id for received in events],
            },
        )

    def subscriptions(self, *kinds: type[Event]) -> tuple[Subscription, ...]:
        return tuple(Subscription(kind, self.receive) for kind in kinds or (TrainArrived, TrainLeft, TrainServiced))


@dataclass(frozen=True)
class Recorded:
    train_id: UUID
    publisher: str
    event: str
    seq: int


class OpenBus(Protocol):
    """Opens a client of the test's bus, for the test's own installation unless it names another."""

    def __call__(self, installation: str | None = None) -> Bus: ...


class Harm(Protocol):
    """What a test may do to a bus from outside."""

    async def delete_topic(self, topic: str) -> None: ...

    def member_command(self, installation: str) -> list[str]: ...


@dataclass
class Stage:
    """One test's databases and buses."""

    clones: Clones
    open_bus: OpenBus
    harm: Harm
    buses: list[Bus] = field(default_factory=list)
    databases: list[Database] = field(default_factory=list)
    _publishers: dict[str, Database] = field(default_factory=dict)

    def bus(self) -> Bus:
        """A client of the bus of its own."""
        bus = self.open_bus()
        self.buses.append(bus)
        return bus

    def bus_of(self, installation: str) -> Bus:
        """Another installation's client of the same bus."""
        bus = self.open_bus(installation)
        self.buses.append(bus)
        return bus

    def database(self, name: str) -> Database:
        """A pool of its own on a service's database."""
        database = Database(self.clones.url(name), pool_size=POOL, application_name=f"test {name}")
        self.databases.append(database)
        return database

    def publisher(self, name: str) -> Database:
        """The pool that a publisher announces from."""
        if name not in self._publishers:
            self._publishers[name] = self.database(name)
        return self._publishers[name]

    async def prepare(self) -> None:
        """Settle the databases, as migration does."""
        bus = self.bus()
        for name in NAMES:
            async with self.database(name).transaction(REGION) as session:
                await record_installation(session, service=name, installation=bus.installation, partitions=PARTITIONS)

    async def close(self) -> None:
        for bus in self.buses:
            await bus.close()
        for database in self.databases:
            await database.dispose()

    async def sql(self, name: str, query: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """Look into (or break) a database as the owner of its tables."""
        connection = await asyncpg.connect(self.clones.url(name, "owner"))
        try:
            rows: Sequence[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows
        finally:
            await connection.close()

    async def announce(self, *events: Event, actor: str = "test") -> None:
        """Publish in one transaction per publisher."""
        for publisher in PUBLISHERS:
            own = [(event, Trace.start(actor)) for event in events if event.publisher() == publisher]
            if own:
                async with self.publisher(publisher).transaction(REGION) as session:
                    await publish(session, own)

    def relay(self, publisher: str, bus: Bus | None = None, **options: Any) -> Relay:
        options.setdefault("failures", BackgroundFailures())
        return Relay(
            database=self.publisher(publisher), bus=bus or self.bus(), service=publisher, region=REGION, **options
        )

    async def relayed(self, *publishers: str) -> None:
        """Send everything that the outboxes hold, once."""
        for publisher in publishers or PUBLISHERS:
            relay = self.relay(publisher)
            await relay.prepare()
            await relay.lanes.renew()
            while await relay.step():
                pass
            await relay.lanes.leave()

    async def sealed(self, publisher: str, most: int = MOST_ROWS) -> int:
        """Seal the next block of the publisher's outbox; answers how many events it holds."""
        async with self.publisher(publisher).transaction(REGION) as session:
            now = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
            assert await begin_sealing(session)
            return await seal_block(session, publisher, OUTBOX, now, most)

    @asynccontextmanager
    async def relaying(self, *publishers: str) -> AsyncIterator[None]:
        """Relays that run for the length of the block."""
        stop = asyncio.Event()
        relays = [self.relay(publisher) for publisher in publishers or PUBLISHERS]
        tasks = [asyncio.create_task(relay.run(stop, asyncio.Event())) for relay in relays]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    def consumer(
        self, handlers: RecordingHandlers, bus: Bus | None = None, *, group: str = LISTENER, **options: Any
    ) -> Consumer:
        options.setdefault("subscriptions", handlers.subscriptions())
        options.setdefault("failures", BackgroundFailures())
        return Consumer(
            database=self.database(LISTENER),
            bus=bus or self.bus(),
            service=group,
            region=REGION,
            resources=None,
            **options,
        )

    @asynccontextmanager
    async def listening(self, handlers: RecordingHandlers, **options: Any) -> AsyncIterator[Consumer]:
        """A consumer that runs for the length of the block."""
        stop = asyncio.Event()
        consumer = self.consumer(handlers, **options)
        task = asyncio.create_task(consumer.run(stop))
        try:
            yield consumer
        finally:
            stop.set()
            await task

    async def recorded(self) -> list[Recorded]:
        rows = await self.sql(LISTENER, "SELECT train_id, publisher, event, seq FROM recorded ORDER BY id")
        return [Recorded(**row) for row in rows]

    async def until_recorded(self, count: int, within_s: float = 30.0) -> list[Recorded]:
        """What was recorded, once it is at least this many."""

        async def enough() -> list[Recorded]:
            recorded = await self.recorded()
            return recorded if len(recorded) >= count else []

        return await eventually(enough, within_s=within_s, message=f"{count} events recorded") if count else []

    @asynccontextmanager
    async def process_listening(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """A member in a process of its own, to be killed."""
        command = [*self.harm.member_command(self.bus().installation), self.clones.url(LISTENER)]
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", *command)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def taken_up_to_the_end(self, within_s: float = 30.0) -> None:
        """Return when the listener has read everything that lies on the bus."""
        bus = self.bus()

        async def read() -> bool:
            ends = await bus.ends(list(await bus.topics()))
            rows = await self.sql(LISTENER, "SELECT topic, partition, next_offset FROM consumer_offset")
            taken = {PartitionId(row["topic"], row["partition"]): row["next_offset"] for row in rows}
            return all(taken.get(partition_id, 0) == end for partition_id, end in ends.items())

        await eventually(read, within_s=within_s, every_s=0.1, message="everything on the bus is taken in")

    async def recreate_topic(self, topic: str) -> None:
        """Delete a topic with all that lies in it, and make it again."""
        bus = self.bus()
        await self.harm.delete_topic(f"{bus.installation}.{topic}")

        async def gone() -> bool:
            return topic not in await bus.topics()

        await eventually(gone, within_s=20)
        await bus.create_topics([topic])

        async def there() -> bool:
            return topic in await bus.topics()

        await eventually(there, within_s=20)

    async def offsets_of(self, topic: str) -> Sequence[asyncpg.Record]:
        return await self.sql(LISTENER, "SELECT * FROM consumer_offset WHERE topic = $1", topic)

    async def count(self, name: str, table: str) -> int:
        count: int = (await self.sql(name, f"SELECT count(*) AS n FROM {table}"))[0]["n"]
        return count


def outgoing(
    event: Event,
    seq: int,
    *,
    bus: Bus,
    id_: UUID | None = None,
    epoch: int = 1,
    previous_epoch: int | None = None,
    occurred_at: datetime = EPOCH,
    **changes: Any,
) -> Outgoing:
    """A record as a relay would send it, with what the test wants otherwise."""
    id_ = id_ or new_id()
    envelope = Envelope(
        id=id_,
        event=event.name,
        publisher=event.publisher(),
        key=event.key,
        seq=seq,
        region=event.region,
        benefit_year=None,
        occurred_at=occurred_at,
        trace=Trace.start("test"),
        epoch=epoch,
        previous_epoch=previous_epoch,
    )
    record = {
        "partition_id": partition_of(event),
        "id": id_,
        "key": str(event.key).encode(),
        "headers": to_headers(envelope, bus.installation) | changes.pop("headers", {}),
        "value": event.model_dump_json().encode(),
    }
    return Outgoing(**(record | changes))


def partition_of(event: Event) -> PartitionId:
    return PartitionId(event.publisher(), partition_for(event.key, PARTITIONS))


async def sent(bus: Bus, *records: Outgoing) -> None:
    """Put records on the bus, whatever they are."""
    assert [str(error) for error in await bus.send(records) if error] == []
