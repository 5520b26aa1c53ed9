"""Databases and buses for the messaging tests: the same stage on PostgreSQL and on Kafka."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from shared.database.migrate import SHARED, SHARED_GRANTS, MigrationHistory, PublishedFiles, migrate
from shared.database.provision import BUS, generate_passwords, login_role, provision
from shared.messaging import bus
from shared.messaging.bus.postgres import PostgresBus
from tests.harness.cluster import Clones, Cluster
from tests.shared.messaging.bus_damage import KafkaDamage, PostgresDamage
from tests.shared.messaging.example_services import LISTENER, NAMES, RECORDED, Harm, OpenBus, Stage
from tests.shared.messaging.listener_process import open_bus as open_bus_as

_BUS_HISTORY = MigrationHistory(Path(bus.__file__).parent / "postgres_migrations", "alembic_version_bus")
_INSTALLATIONS = itertools.count(1)


@pytest.fixture(scope="session")
def stations(cluster: Cluster) -> Cluster:
    """The cluster with the three services of these tests, migrated, to be copied from."""
    passwords = {**cluster.passwords, **generate_passwords(NAMES)}
    passwords.update({role: cluster.passwords[role] for role in ("owner", "auditor")})
    mine = Cluster(cluster.postgres, passwords)
    asyncio.run(_make(mine))
    return mine


async def _make(cluster: Cluster) -> None:
    await provision(cluster.admin_url, NAMES, cluster.passwords)
    for name in NAMES:
        granted = PublishedFiles(proofs=(), grants=(SHARED_GRANTS,), role=login_role(name))
        await migrate(cluster.url("owner", name), (SHARED,), granted)
    await migrate(cluster.url("owner", BUS), (_BUS_HISTORY,))
    connection = await asyncpg.connect(cluster.url("owner", LISTENER))
    try:
        await connection.execute(RECORDED)
    finally:
        await connection.close()


@pytest.fixture
async def clones(stations: Cluster) -> AsyncIterator[Clones]:
    """Copies of the databases for one test."""
    async with stations.cloned([*NAMES, BUS]) as clones:
        yield clones


@pytest.fixture(params=["postgres", "kafka"])
def open_bus(request: pytest.FixtureRequest, clones: Clones) -> OpenBus:
    """Opens clients of one installation's bus; each test is an installation of its own."""
    installation = f"t{next(_INSTALLATIONS)}-{id(request):x}"
    kind = request.param
    address = clones.url(BUS, LISTENER) if kind == "postgres" else request.getfixturevalue("kafka").bootstrap_servers
    return lambda other=None: open_bus_as(kind, address, other or installation)


@pytest.fixture
def harm(request: pytest.FixtureRequest, clones: Clones, open_bus: OpenBus) -> Harm:
    """What this test may do to its bus."""
    if isinstance(open_bus(), PostgresBus):
        return PostgresDamage(clones.url(BUS, "owner"), clones.url(BUS, LISTENER))
    return KafkaDamage(request.getfixturevalue("kafka").bootstrap_servers)


@pytest.fixture
async def stage(clones: Clones, open_bus: OpenBus, harm: Harm) -> AsyncIterator[Stage]:
    """The stage on either bus."""
    stage = Stage(clones, open_bus, harm)
    try:
        await stage.prepare()
        yield stage
    finally:
        await stage.close()
