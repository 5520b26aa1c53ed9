"""Who may do what in an installation's databases."""

from __future__ import annotations

import asyncpg
import pytest

from shared.database.provision import database_at, generate_passwords, login_role, provision
from tests.harness.cluster import SERVICES, Cluster

EVERY_DATABASE = (*SERVICES, "bus")


async def run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class TestServices:
    @pytest.mark.parametrize("service", SERVICES)
    async def test_a_service_fills_the_tables_that_the_owner_made(self, cluster: Cluster, service: str) -> None:
        async with cluster.cloned([service]) as clones:
            await run(
                clones.url(service, "owner"),
                "CREATE TABLE own_scratch (id bigint GENERATED ALWAYS AS IDENTITY, fen int)",
            )
            await run(
                clones.url(service),
                "INSERT INTO own_scratch (fen) VALUES (38000); UPDATE own_scratch SET fen = 0; DELETE FROM own_scratch",
            )

    @pytest.mark.parametrize("service", SERVICES)
    async def test_a_service_fills_the_bus(self, cluster: Cluster, service: str) -> None:
        async with cluster.cloned(["bus"]) as clones:
            await run(clones.url("bus", "owner"), "CREATE TABLE log (id int)")
            await run(clones.url("bus", service), "INSERT INTO log VALUES (1)")

    async def test_a_service_owns_nothing_and_makes_nothing(self, cluster: Cluster) -> None:
        async with cluster.cloned(["payment"]) as clones:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await run(clones.url("payment"), "CREATE TABLE mine (id int)")

    async def test_no_service_enters_another_services_database(self, cluster: Cluster) -> None:
        for service in SERVICES:
            for other in set(SERVICES) - {service}:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await asyncpg.connect(cluster.url(service, other))

    async def test_nobody_passes_through_row_level_security(self, cluster: Cluster) -> None:
        connection = await asyncpg.connect(cluster.admin_url)
        powers = await connection.fetch(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY($1::text[])"
            " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)",
            [login_role(name) for name in (*SERVICES, "owner", "auditor")],
        )
        await connection.close()
        assert powers == []


class TestAuditor:
    @pytest.mark.parametrize("database", EVERY_DATABASE)
    async def test_it_enters_every_database_but_writes_nowhere(self, cluster: Cluster, database: str) -> None:
        connection = await asyncpg.connect(cluster.url("auditor", database))
        try:
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await connection.execute("CREATE TEMPORARY TABLE scratch (id int)")
        finally:
            await connection.close()

    async def test_it_reads_the_bus_but_no_services_tables(self, cluster: Cluster) -> None:
        async with cluster.cloned(["bus", "payment"]) as clones:
            for database in ("bus", "payment"):
                await run(clones.url(database, "owner"), "CREATE TABLE fact (id int)")
            await run(clones.url("bus", "auditor"), "SELECT id FROM fact")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await run(clones.url("payment", "auditor"), "SELECT id FROM fact")


class TestProvision:
    async def test_a_stranger_enters_no_database(self, cluster: Cluster) -> None:
        await run(cluster.admin_url, "DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN PASSWORD 'x'")
        for database in (*EVERY_DATABASE, "postgres"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(cluster.postgres.url("stranger", "x", database))
        await run(cluster.admin_url, "DROP ROLE stranger")

    async def test_run_again_it_keeps_data_and_sets_the_passwords_given(self, cluster: Cluster) -> None:
        await run(cluster.url("owner", "quota"), "CREATE TABLE kept AS SELECT 1 AS id")
        renewed = generate_passwords(SERVICES)
        try:
            await provision(cluster.admin_url, SERVICES, renewed)
            await run(cluster.postgres.url("quota_app", renewed["quota"], "quota"), "SELECT id FROM kept")
            with pytest.raises(asyncpg.InvalidPasswordError):
                await asyncpg.connect(cluster.url("quota", "quota"))
        finally:
            await provision(cluster.admin_url, SERVICES, cluster.passwords)
            await run(cluster.url("owner", "quota"), "DROP TABLE kept")

    async def test_a_name_that_is_no_services_name_is_refused(self, cluster: Cluster) -> None:
        with pytest.raises(ValueError, match="not a service's name"):
            await provision(cluster.admin_url, ['payment"; DROP ROLE postgres'], {})

    def test_an_address_keeps_its_socket_when_the_database_changes(self) -> None:
        moved = database_at("postgresql://u:p@/postgres?host=/run/some%20where", "bus")
        assert moved == "postgresql://u:p@/bus?host=/run/some%20where"
