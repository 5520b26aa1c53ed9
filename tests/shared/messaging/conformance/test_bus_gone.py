"""The bus goes away and comes back: publishing goes on meanwhile, and everything arrives afterwards, once."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from shared.database.provision import BUS
from shared.domain.ids import new_id
from shared.messaging.bus.partition import partition_for
from tests.harness.cluster import Clones
from tests.harness.eventually import eventually
from tests.harness.kafka_broker import KafkaBroker
from tests.shared.messaging.bus_damage import KafkaDamage, PostgresDamage
from tests.shared.messaging.example_services import LISTENER, PARTITIONS, RecordingHandlers, Stage, arrived, left
from tests.shared.messaging.listener_process import open_bus

_NUMBERS = itertools.count(1)


class BusDatabase:
    """The bus database as something that can be taken away."""

    def __init__(self, clones: Clones) -> None:
        self._admin_url, self._name = clones.cluster.admin_url, clones.names[BUS]

    async def take_away(self) -> None:
        await self._do(
            f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS false',
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'",
        )

    async def bring_back(self) -> None:
        await self._do(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS true')

    async def _do(self, *statements: str) -> None:
        connection = await asyncpg.connect(self._admin_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


class Broker:
    """A broker of the test's own, killed and restarted, or frozen and thawed."""

    def __init__(self, broker: KafkaBroker, *, frozen: bool) -> None:
        self.broker, self._frozen = broker, frozen

    async def take_away(self) -> None:
        await asyncio.to_thread(self.broker.pause if self._frozen else self.broker.kill)

    async def bring_back(self) -> None:
        await asyncio.to_thread(self.broker.resume if self._frozen else self.broker.start)


@pytest.fixture(params=["postgres", "kafka killed", "kafka frozen"])
def fragile(request: pytest.FixtureRequest, clones: Clones) -> BusDatabase | Broker:
    """A bus that can be taken away."""
    if request.param == "postgres":
        return BusDatabase(clones)
    return Broker(request.getfixturevalue("kafka_to_harm"), frozen=request.param == "kafka frozen")


@pytest.fixture
async def fragile_stage(clones: Clones, fragile: BusDatabase | Broker) -> AsyncIterator[Stage]:
    """A stage on that bus."""
    own = f"gone{next(_NUMBERS)}"
    if isinstance(fragile, Broker):
        servers = fragile.broker.bootstrap_servers
        stage = Stage(clones, lambda other=None: open_bus("kafka", servers, other or own), KafkaDamage(servers))
    else:
        url = clones.url(BUS, LISTENER)
        stage = Stage(clones, lambda other=None: open_bus("postgres", url, other or own), PostgresDamage(url, url))
    try:
        await stage.prepare()
        yield stage
    finally:
        await stage.close()


@pytest.mark.expects_errors
async def test_a_bus_that_goes_away_and_comes_back_loses_and_repeats_nothing(
    fragile_stage: Stage, fragile: BusDatabase | Broker
) -> None:
    stage = fragile_stage
    trains = [new_id() for _ in range(100)]
    async with stage.relaying("station"), stage.listening(RecordingHandlers()):
        await stage.announce(*(arrived(train) for train in trains))
        await stage.until_recorded(100)
        await fragile.take_away()
        # Services go on announcing: their outbox is their own.
        for train in trains:
            await stage.announce(left(train))
        await asyncio.sleep(6)
        await fragile.bring_back()
        await stage.until_recorded(200, within_s=60)
        await stage.announce(*(arrived(train) for train in trains))
        await stage.until_recorded(300, within_s=60)
        await stage.taken_up_to_the_end(within_s=60)
    seqs = {train: [each.seq for each in await stage.recorded() if each.train_id == train] for train in trains[:10]}
    assert seqs == {train: [1, 2, 3] for train in trains[:10]}
    assert len(await stage.recorded()) == 300


async def test_members_killed_at_any_moment_lose_and_repeat_nothing(stage: Stage) -> None:
    trains = [new_id() for _ in range(400)]
    dice = random.Random(7)
    async with stage.relaying("station"):
        for _ in range(4):
            before = len(await stage.recorded())
            for _ in range(3):
                await stage.announce(*(arrived(train) for train in trains))
            async with stage.process_listening() as member:
                await stage.until_recorded(before + 1, within_s=60)
                await asyncio.sleep(dice.uniform(0.0, 0.2))
                member.kill()
        async with stage.listening(RecordingHandlers()):
            await stage.until_recorded(400 * 12, within_s=60)
            await stage.taken_up_to_the_end(within_s=60)
    lines: dict[UUID, list[int]] = {}
    for each in await stage.recorded():
        lines.setdefault(each.train_id, []).append(each.seq)
    assert len(lines) == 400
    assert {train: seqs for train, seqs in lines.items() if seqs != list(range(1, 13))} == {}


@pytest.mark.parametrize("open_bus", ["kafka"], indirect=True)
async def test_a_kafka_member_that_gets_nothing_although_records_wait_leaves_and_joins_again(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train))
    await stage.relayed("station")
    bus = stage.bus()
    joined = []
    join = bus.join

    def remembered(*args: object, **options: object) -> object:
        joined.append(join(*args, **options))  # type: ignore[arg-type]
        return joined[-1]

    bus.join = remembered  # type: ignore[method-assign,assignment]
    async with stage.listening(RecordingHandlers(), bus=bus, watchdog_s=1.0):
        await stage.until_recorded(1)
        # What the client's known faults look like from outside: assigned, heartbeating, and not fetching one partition.
        before, consumer = len(joined), joined[-1].consumer  # type: ignore[attr-defined]
        stuck = partition_for(train, PARTITIONS)
        consumer.pause(*(at for at in consumer.assignment() if at.partition == stuck))
        await stage.announce(left(train))
        others = [other for other in (new_id() for _ in range(50)) if partition_for(other, PARTITIONS) != stuck]
        async with stage.relaying("station"):

            async def recorded_amid_traffic() -> bool:
                await stage.announce(*(arrived(other) for other in others))
                return [each.seq for each in await stage.recorded() if each.train_id == train] == [1, 2]

            await eventually(recorded_amid_traffic, within_s=30, every_s=0.05)
    assert len(joined) > before
