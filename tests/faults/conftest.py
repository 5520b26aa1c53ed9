"""Counties to harm: one for all tests that put every process back, and one with a server and a broker of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shared.database.embedded import EmbeddedPostgres
from shared.database.provision import BUS
from shared.settings import Settings
from tests.faults.harmed_county import County, collecting, equipped, opened
from tests.faults.own_servers import own_ground
from tests.harness.cluster import SERVICES, Cluster
from tests.harness.installation import Installation, database_settings, on_kafka
from tests.harness.kafka_broker import KafkaBroker, NamedBroker
from tests.harness.payable import Payable
from tests.harness.processes import Fleet

PEOPLE = 400
WHOLE = ("subsidy", "quota")  # one process each: no test kills only their web or only their work


@dataclass
class Season:
    """What the tests of a session share: processes, people, and the channel's books so far."""

    installation: Installation
    admin_url: str
    fleet: Fleet
    orders: list[Payable]
    paid: dict[str, Payable] = field(default_factory=dict)

    @asynccontextmanager
    async def goes_on(self) -> AsyncIterator[County]:
        """The county for one test, every process of it ready, and a channel that goes on where the last one ended."""
        for process in self.fleet:
            if not process.alive:
                process.start()
        await self.fleet.ready()
        async with collecting(self.installation, self.admin_url, self.fleet, self.orders) as county:
            county.channel.paid.update(self.paid)
            county.channel.answered.update(self.paid)
            await county.top_up(PEOPLE // 2)
            yield county
            self.paid = dict(county.channel.paid)
            self.orders = county.channel.left()


async def begun(cluster: Cluster, migrated: Settings, broker: str, folder: Path, **peers: Any) -> Season:
    """A county of its own on copied databases; ``peers`` are settings that say where its neighbours are."""
    clones = await cluster.clone((*SERVICES, BUS))
    copied = Installation(migrated.model_copy(update=database_settings(cluster, suffix=clones.suffix)))
    installation = equipped(await on_kafka(copied, broker), folder).with_settings(**peers)
    fleet = Fleet(installation.settings, folder, whole=WHOLE)
    try:
        return Season(installation, cluster.admin_url, fleet, await opened(installation, fleet, PEOPLE))
    except BaseException:
        fleet.stop()
        raise


@pytest.fixture(scope="session")
def season(
    cluster: Cluster, migrated: Settings, kafka: KafkaBroker | NamedBroker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Season]:
    """A county at work, with people who can pay, for all tests that leave server and broker alone."""
    folder = tmp_path_factory.mktemp("county")
    season = asyncio.run(begun(cluster, migrated, kafka.bootstrap_servers, folder))
    yield season
    season.fleet.stop()


@pytest.fixture
async def county(season: Season) -> AsyncIterator[County]:
    """The county that most tests harm."""
    async with season.goes_on() as county:
        yield county


@dataclass
class Ground:
    """What a county stands on, to be pulled away under it."""

    season: Season
    postgres: EmbeddedPostgres
    broker: KafkaBroker


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A county with a server and a broker of its own."""
    folder = tmp_path_factory.mktemp("fragile")
    with own_ground(folder) as (cluster, settings, broker):
        season = asyncio.run(begun(cluster, settings, broker.bootstrap_servers, folder))
        yield Ground(season, cluster.postgres, broker)
        season.fleet.stop()


@pytest.fixture
async def shaky_county(ground: Ground) -> AsyncIterator[County]:
    """The county on the ground that a test pulls away."""
    async with ground.season.goes_on() as county:
        yield county
