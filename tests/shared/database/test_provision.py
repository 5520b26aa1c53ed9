"""Who may do what in an installation's databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from services.composition import migrate_all
from services.quota import SERVICE as QUOTA
from shared.database.older_names import (
    ForeignDatabase,
    OlderDatabaseInUse,
    OlderDatabaseName,
    database_at,
)
from shared.database.provision import generate_passwords, login_role, provision
from shared.setting_groups.databases import database_name
from shared.settings import Settings
from tests.harness.cluster import SERVICES, Cluster

EVERY_DATABASE = (*SERVICES, "bus")
NEWCOMER = replace(QUOTA, name="newcomer")


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
            name = database if database == "postgres" else database_name(database)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(cluster.postgres.url("stranger", "x", name))
        await run(cluster.admin_url, "DROP ROLE stranger")

    async def test_run_again_it_keeps_data_and_sets_the_passwords_given(self, cluster: Cluster) -> None:
        await run(cluster.url("owner", "quota"), "CREATE TABLE kept AS SELECT 1 AS id")
        renewed = generate_passwords(SERVICES)
        try:
            await provision(cluster.admin_url, SERVICES, renewed)
            await run(cluster.postgres.url("quota_app", renewed["quota"], "canbao_quota"), "SELECT id FROM kept")
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


@pytest.fixture
async def admin(cluster: Cluster) -> AsyncIterator[asyncpg.Connection]:
    """The superuser, and a server without the newcomer afterwards."""
    connection = await asyncpg.connect(cluster.admin_url)
    yield connection
    for name in ("newcomer", "canbao_newcomer"):
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.execute("DROP ROLE IF EXISTS newcomer_app")
    await connection.close()


async def provision_newcomer(cluster: Cluster) -> None:
    """Provision a further service, called newcomer."""
    await provision(cluster.admin_url, (*SERVICES, "newcomer"), {**cluster.passwords, "newcomer": "p"})


class TestNames:
    """First use O4: provisioning took a stranger's database called `payment`, and revoked PUBLIC's CONNECT on it."""

    async def state_of(self, admin: asyncpg.Connection, name: str) -> tuple[str, str | None] | None:
        """Who owns a database, and who may enter it."""
        row = await admin.fetchrow(
            "SELECT pg_get_userbyid(datdba) AS owner, datacl::text AS acl FROM pg_database WHERE datname = $1", name
        )
        return None if row is None else (row["owner"], row["acl"])

    async def test_a_strangers_database_of_a_services_name_stays_as_it_is(
        self, cluster: Cluster, admin: asyncpg.Connection
    ) -> None:
        await admin.execute("CREATE DATABASE newcomer")
        before = await self.state_of(admin, "newcomer")
        await provision_newcomer(cluster)
        assert await self.state_of(admin, "newcomer") == before
        assert (await self.state_of(admin, "canbao_newcomer") or ("",))[0] == "canbao_owner"

    async def test_a_stranger_with_the_name_that_is_needed_is_refused_and_nothing_is_made(
        self, cluster: Cluster, admin: asyncpg.Connection
    ) -> None:
        await admin.execute("CREATE DATABASE canbao_newcomer")
        before = await self.state_of(admin, "canbao_newcomer")
        with pytest.raises(ForeignDatabase, match=r"canbao_newcomer \(postgres\)"):
            await provision_newcomer(cluster)
        assert await self.state_of(admin, "canbao_newcomer") == before
        assert not await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = 'newcomer_app'")

    async def older(self, cluster: Cluster, admin: asyncpg.Connection, service: str) -> str:
        """A database as an older canbao made it, installed for a service; its address."""
        await admin.execute("CREATE DATABASE newcomer OWNER canbao_owner")
        place = database_at(cluster.url("owner", "quota"), "newcomer")
        await run(place, f"CREATE TABLE messaging_installation AS SELECT '{service}' AS service")
        return place

    async def test_our_own_under_its_older_name_is_renamed_with_its_rows(
        self, cluster: Cluster, admin: asyncpg.Connection
    ) -> None:
        await self.older(cluster, admin, "newcomer")
        await provision_newcomer(cluster)
        assert await self.state_of(admin, "newcomer") is None
        await run(cluster.url("owner", "newcomer"), "SELECT service FROM messaging_installation")
        await provision_newcomer(cluster)

    async def test_another_services_is_not_taken_for_ours(self, cluster: Cluster, admin: asyncpg.Connection) -> None:
        await self.older(cluster, admin, "somebody-else")
        before = await self.state_of(admin, "newcomer")
        await provision_newcomer(cluster)
        assert await self.state_of(admin, "newcomer") == before

    async def test_while_a_service_is_connected_it_is_refused_with_what_to_do(
        self, cluster: Cluster, admin: asyncpg.Connection
    ) -> None:
        connected = await asyncpg.connect(await self.older(cluster, admin, "newcomer"))
        try:
            with pytest.raises(OlderDatabaseInUse, match="stop every service"):
                await provision_newcomer(cluster)
        finally:
            await connected.close()

    async def test_without_an_administrator_migrate_names_the_command_that_renames(
        self, cluster: Cluster, admin: asyncpg.Connection, migrated: Settings
    ) -> None:
        await self.older(cluster, admin, "newcomer")
        with pytest.raises(OlderDatabaseName, match=r"newcomer.*canbao provision"):
            await migrate_all(migrated, (NEWCOMER,))
        assert await self.state_of(admin, "newcomer"), "left as it is"

    async def test_with_an_administrator_migrate_renames_our_own_and_goes_on(
        self, cluster: Cluster, admin: asyncpg.Connection, migrated: Settings
    ) -> None:
        await provision_newcomer(cluster)
        settings = migrated.model_copy(update={"admin_database_url": cluster.admin_url})
        assert "admin_database_url" in settings.model_fields_set
        await migrate_all(settings, (NEWCOMER,))
        await admin.execute("ALTER DATABASE canbao_newcomer RENAME TO newcomer")
        await migrate_all(settings, (NEWCOMER,))
        assert await self.state_of(admin, "newcomer") is None
        await run(cluster.url("owner", "newcomer"), "SELECT service FROM messaging_installation")

    async def test_migrate_refuses_a_strangers_database_of_a_name_that_is_ours(
        self, cluster: Cluster, admin: asyncpg.Connection, migrated: Settings
    ) -> None:
        await admin.execute("CREATE DATABASE canbao_newcomer")
        await admin.execute("GRANT CONNECT ON DATABASE canbao_newcomer TO canbao_owner")
        with pytest.raises(ForeignDatabase, match=r"canbao_newcomer \(postgres\)"):
            await migrate_all(migrated, (NEWCOMER,))

    async def test_migrate_refuses_a_strangers_closed_database_in_the_same_sentence(
        self, cluster: Cluster, admin: asyncpg.Connection, migrated: Settings
    ) -> None:
        await admin.execute("CREATE DATABASE canbao_newcomer")
        await admin.execute("REVOKE CONNECT ON DATABASE canbao_newcomer FROM PUBLIC")
        with pytest.raises(ForeignDatabase, match=r"canbao_newcomer \(canbao_owner.* may not enter\)"):
            await migrate_all(migrated, (NEWCOMER,))
        with pytest.raises(ForeignDatabase, match=r"canbao_newcomer \(postgres\)"):
            await migrate_all(migrated.model_copy(update={"admin_database_url": cluster.admin_url}), (NEWCOMER,))

    async def test_migrate_takes_another_services_database_for_nobodys(
        self, cluster: Cluster, admin: asyncpg.Connection, migrated: Settings
    ) -> None:
        await self.older(cluster, admin, "somebody-else")
        before = await self.state_of(admin, "newcomer")
        settings = migrated.model_copy(update={"admin_database_url": cluster.admin_url})
        with pytest.raises(DBAPIError, match="does not exist"):
            await migrate_all(settings, (NEWCOMER,))
        assert await self.state_of(admin, "newcomer") == before


class TestOurDataElsewhere:
    """Our data under a name or an owner that is not today's: an empty database beside it would take its place."""

    MARK = "CREATE TABLE messaging_installation AS SELECT '{0}'::text AS service"

    async def marked(self, cluster: Cluster, admin: asyncpg.Connection, name: str, owner: str) -> None:
        """A database with the newcomer's data, whose owner is as named and whose tables stay with canbao_owner."""
        await admin.execute(f"CREATE DATABASE {name} OWNER canbao_owner")
        await run(database_at(cluster.url("owner", "quota"), name), self.MARK.format("newcomer"))
        await admin.execute(f"ALTER DATABASE {name} OWNER TO {owner}")

    async def state(self, admin: asyncpg.Connection) -> list[tuple[object, ...]]:
        """Every database with its owner and who may enter it, and every role."""
        databases = await admin.fetch("SELECT datname, datdba, datacl::text FROM pg_database ORDER BY 1")
        return [*map(tuple, databases), *map(tuple, await admin.fetch("SELECT rolname FROM pg_roles ORDER BY 1"))]

    @pytest.mark.parametrize("name", ["newcomer", "canbao_newcomer"])
    async def test_another_owner_is_refused_with_the_statement_that_corrects_it(
        self, cluster: Cluster, admin: asyncpg.Connection, migrated: Settings, name: str
    ) -> None:
        await self.marked(cluster, admin, name, "postgres")
        before = await self.state(admin)
        remedy = f"ALTER DATABASE {name} OWNER TO canbao_owner"
        with pytest.raises(ForeignDatabase, match=remedy):
            await provision_newcomer(cluster)
        with pytest.raises(ForeignDatabase, match=remedy):
            await migrate_all(migrated.model_copy(update={"admin_database_url": cluster.admin_url}), (NEWCOMER,))
        with pytest.raises(ForeignDatabase, match=remedy):
            await migrate_all(migrated, (NEWCOMER,))
        assert await self.state(admin) == before
        await admin.execute(remedy)
        await provision_newcomer(cluster)
        await run(cluster.url("owner", "newcomer"), "SELECT service FROM messaging_installation")

    @pytest.mark.parametrize("owner", ["canbao_owner", "postgres"])
    async def test_an_empty_database_of_todays_name_beside_our_data_is_refused_with_both_names(
        self, cluster: Cluster, admin: asyncpg.Connection, migrated: Settings, owner: str
    ) -> None:
        await self.marked(cluster, admin, "newcomer", owner)
        await admin.execute("CREATE DATABASE canbao_newcomer OWNER canbao_owner")
        before = await self.state(admin)
        said = r"newcomer holds canbao's data.*canbao_newcomer exists as well"
        with pytest.raises(OlderDatabaseName, match=said):
            await provision_newcomer(cluster)
        with pytest.raises(OlderDatabaseName, match=said):
            await migrate_all(migrated.model_copy(update={"admin_database_url": cluster.admin_url}), (NEWCOMER,))
        with pytest.raises(OlderDatabaseName, match=said):
            await migrate_all(migrated, (NEWCOMER,))
        assert await self.state(admin) == before
        assert not await self.tables(cluster, "canbao_newcomer")

    async def tables(self, cluster: Cluster, name: str) -> int:
        connection = await asyncpg.connect(database_at(cluster.admin_url, name))
        try:
            found: int = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            return found
        finally:
            await connection.close()

    async def test_what_is_left_of_the_older_one_stands_in_nobodys_way_once_todays_has_the_data(
        self, cluster: Cluster, admin: asyncpg.Connection, migrated: Settings
    ) -> None:
        await provision_newcomer(cluster)
        await migrate_all(migrated, (NEWCOMER,))
        await self.marked(cluster, admin, "newcomer", "postgres")
        await provision_newcomer(cluster)
        await migrate_all(migrated, (NEWCOMER,))

    async def test_a_closed_database_of_a_stranger_does_not_stop_a_new_installation(
        self, cluster: Cluster, admin: asyncpg.Connection, migrated: Settings
    ) -> None:
        await admin.execute("CREATE DATABASE newcomer")
        await admin.execute("REVOKE CONNECT ON DATABASE newcomer FROM PUBLIC")
        await provision_newcomer(cluster)
        await migrate_all(migrated.model_copy(update={"admin_database_url": cluster.admin_url}), (NEWCOMER,))

    async def test_a_view_of_the_marks_name_is_not_read_by_the_superuser(
        self, cluster: Cluster, admin: asyncpg.Connection
    ) -> None:
        await admin.execute("CREATE DATABASE newcomer")
        view = "CREATE VIEW messaging_installation AS SELECT 'newcomer'::text AS service"
        await run(database_at(cluster.admin_url, "newcomer"), view)
        await provision_newcomer(cluster)
