"""What tests stand on: copies of databases that are real and each other's strangers."""

from __future__ import annotations

import os

import asyncpg
import pytest

from shared.database.provision import BUS
from shared.setting_groups.databases import database_name
from tests.harness.cluster import SERVICES, Cluster
from tests.harness.environment import variables
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.timeouts import stretched


async def test_copies_carry_the_templates_rows_and_share_nothing_after(cluster: Cluster) -> None:
    async with cluster.cloned(["bus"]) as template:
        owner = await asyncpg.connect(template.url("bus", "owner"))
        await owner.execute("CREATE TABLE fact AS SELECT 1 AS id")
        await owner.close()
        made_from = template.names["bus"]
        first, second = await cluster.clone([made_from]), await cluster.clone([made_from])
        try:
            one = await asyncpg.connect(first.url(made_from, "owner"))
            await one.execute("INSERT INTO fact VALUES (2)")
            await one.close()
            other = await asyncpg.connect(second.url(made_from, "owner"))
            assert await other.fetch("SELECT id FROM fact") == [(1,)]
            await other.close()
        finally:
            await cluster.drop(first)
            await cluster.drop(second)


async def test_a_copy_is_dropped_though_somebody_is_connected(cluster: Cluster) -> None:
    clones = await cluster.clone(["payment"])
    forgotten = await asyncpg.connect(clones.url("payment"))
    await cluster.drop(clones)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await forgotten.execute("SELECT 1")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(clones.url("payment"))


async def test_a_copy_is_closed_to_other_services(cluster: Cluster) -> None:
    async with cluster.cloned(["payment"]) as clones:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(clones.url("payment", "quota"))


async def test_a_database_is_copied_when_it_is_asked_for(cluster: Cluster, installation: Installation) -> None:
    async def copies() -> set[str]:
        admin = await asyncpg.connect(cluster.admin_url)
        rows = await admin.fetch("SELECT datname FROM pg_database")
        await admin.close()
        suffix = installation.settings.database_url.partition("{database}")[2].partition("?")[0]
        return {row["datname"].removesuffix(suffix) for row in rows if row["datname"].endswith(suffix)}

    assert await copies() == set()
    await installation.sql("quota", "SELECT 1")
    assert await copies() == {database_name("quota")}
    variables(installation.settings)  # another process may ask for any of them
    assert await copies() == {database_name(each) for each in (*SERVICES, BUS)}


class TestPatience:
    def test_a_quiet_machine_waits_as_long_as_it_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CANBAO_TEST_PATIENCE", "1")
        assert stretched(60) == 60

    def test_a_busy_one_waits_longer_and_not_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CANBAO_TEST_PATIENCE", raising=False)
        monkeypatch.setattr(os, "getloadavg", lambda: (6.0 * (os.cpu_count() or 1), 0.0, 0.0))
        assert stretched(60) == 720
        monkeypatch.setattr(os, "getloadavg", lambda: (1000.0 * (os.cpu_count() or 1), 0.0, 0.0))
        assert stretched(60) == 1_200


class TestEventually:
    async def test_it_returns_the_first_truthy_answer(self) -> None:
        answers = iter([None, 0, "paid"])
        assert await eventually(lambda: next(answers), within_s=1) == "paid"

    async def test_it_fails_with_the_last_answer_and_the_message(self) -> None:
        with pytest.raises(AssertionError, match="enrolled; last: 0"):
            await eventually(lambda: 0, within_s=0.05, message="enrolled")
