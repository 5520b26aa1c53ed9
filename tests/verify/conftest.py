"""One season is played for all tests; each test gets a copy of its databases to break."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from shared.database.older_names import database_at
from shared.database.provision import BUS
from shared.settings import Settings
from tests.harness.blocks import seal_all
from tests.harness.cluster import SERVICES, Clones, Cluster
from tests.harness.installation import Installation, database_settings
from tests.verify.long_season import age, play_long, sum_up
from tests.verify.small_season import at_work, play
from verify.checks import CHECKS
from verify.examination import examine
from verify.report import CheckResult, ConsistencyReport
from verify.snapshot import open_databases


@dataclass(frozen=True)
class County:
    """A county whose season was played and whose services are still: nothing changes but what a test breaks."""

    installation: Installation
    cluster: Cluster
    clones: Clones

    async def examined(self) -> ConsistencyReport:
        """Examine it."""
        return await examine(self.installation.settings)

    async def check(self, code: str) -> CheckResult:
        """What one check says, asked alone."""
        asked = next(check for check in CHECKS if check.code == code)
        async with open_databases(self.installation.settings) as databases:
            return await asked.result(databases)

    def superusers_urls(self) -> dict[str, str]:
        """Where a superuser enters each service's database."""
        return {
            database: database_at(self.cluster.admin_url, clone)
            for database in SERVICES
            for template, clone in self.clones.names.items()
            if template.removeprefix("canbao_").startswith(database)
        }

    async def break_in(self, database: str, *statements: str) -> None:
        """Change rows as a superuser whom no trigger and no foreign key stops."""
        connection = await asyncpg.connect(self.superusers_urls()[database])
        try:
            await connection.execute("SET session_replication_role = replica")
            for statement in statements:
                status = await connection.execute(statement)
                assert not status.endswith(" 0"), f"nothing was broken by: {statement}"
        finally:
            await connection.close()

    async def sql(self, database: str, query: str, *arguments: Any) -> Any:
        """Look into a database as its owner."""
        return await self.installation.sql(database, query, *arguments)


@pytest.fixture(scope="session")
def season(cluster: Cluster, migrated: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clones]:
    """Databases in which a season was played to the point where nothing is on its way."""
    clones = asyncio.run(cluster.clone((*SERVICES, BUS)))
    installation = Installation(migrated.model_copy(update=database_settings(cluster, suffix=clones.suffix)))

    async def live() -> None:
        async with at_work(installation, tmp_path_factory.mktemp("season")) as season:
            await play(season)
        await seal_all(installation)

    asyncio.run(live())
    yield clones
    asyncio.run(cluster.drop(clones))


@pytest.fixture(scope="session")
def long_season(cluster: Cluster, migrated: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """A county whose longer season was played an hour ago; a test that looks at it changes nothing."""
    clones = asyncio.run(cluster.clone((*SERVICES, BUS)))
    installation = Installation(migrated.model_copy(update=database_settings(cluster, suffix=clones.suffix)))
    county = County(installation, cluster, clones)

    async def live() -> None:
        async with at_work(installation, tmp_path_factory.mktemp("long_season")) as season:
            await play_long(season)
        await sum_up(installation)
        await age(installation, county.superusers_urls())

    asyncio.run(live())
    yield county
    asyncio.run(cluster.drop(clones))


@pytest.fixture
async def county(cluster: Cluster, migrated: Settings, season: Clones) -> AsyncIterator[County]:
    """A copy of the county after its season."""
    async with cluster.cloned(tuple(season.names.values())) as clones:
        suffix = season.suffix + clones.suffix
        installation = Installation(migrated.model_copy(update=database_settings(cluster, suffix=suffix)))
        yield County(installation, cluster, clones)
