"""Migrations: one history per service plus a shared one, run as the owner of the tables, under a lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database.engine import open_engine
from shared.database.provision import login_role
from shared.database.server_version import refuse_old, server_version

_FOLDER = Path(__file__).parent
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('canbao.migrate'))")
_IS_THERE = text("SELECT to_regclass(:table) IS NOT NULL")


@dataclass(frozen=True)
class MigrationHistory:
    """One line of migrations with a version table of its own."""

    versions: Path
    version_table: str


@dataclass(frozen=True)
class PublishedFiles:
    """What is stated again after every migration: what the auditor sees, and which columns the service may change."""

    proofs: Sequence[Path]
    grants: Sequence[Path]
    role: str


class TablesTooNew(RuntimeError):
    """The tables were migrated by a newer program, whose versions this one does not know."""


SHARED = MigrationHistory(_FOLDER / "migrations", "alembic_version_shared")
SHARED_GRANTS = _FOLDER / "grants.sql"


def histories_of(service: str, versions: Path) -> tuple[MigrationHistory, ...]:
    """The histories of a service's database, in the order in which they are applied."""
    return (SHARED, MigrationHistory(versions, f"alembic_version_{service}"))


@cache
def newest_version(history: MigrationHistory) -> str | None:
    """The newest version that this program knows; its files do not change while it runs."""
    return ScriptDirectory.from_config(_config(history)).get_current_head()


@cache
def known_versions(history: MigrationHistory) -> frozenset[str]:
    """All versions that this program knows."""
    return frozenset(each.revision for each in ScriptDirectory.from_config(_config(history)).walk_revisions())


async def behind_of(connection: AsyncConnection, service: str, versions: Path | None) -> str:
    """What to do where a service's tables are not at the version that the program needs; else nothing."""
    if versions is None:
        return ""
    for history in histories_of(service, versions):
        version, newest = await version_and_newest(connection, history)
        if version is not None and version not in known_versions(history):
            return _too_new(version)
        if version != newest:
            return (
                f"表结构为 {version or '-'}，须为 {newest}，请运行 canbao migrate"
                f" · tables at {version or '-'}, {newest} needed: run canbao migrate"
            )
    return ""


async def version_and_newest(connection: AsyncConnection, history: MigrationHistory) -> tuple[str | None, str | None]:
    """The version that a database stands at (None where it was never migrated), and the newest one known here."""
    newest = newest_version(history)
    table = {"table": history.version_table}
    if not (await connection.execute(_IS_THERE, table)).scalar_one():
        return None, newest
    found = await connection.execute(text(f"SELECT version_num FROM {history.version_table}"))  # noqa: S608 - a constant
    return found.scalar_one_or_none(), newest


async def migrate(url: str, histories: Sequence[MigrationHistory], published: PublishedFiles | None = None) -> None:
    """Bring one database to the newest version, publish its proof views and grants, all in one transaction.

    Raises PostgresTooOld and TablesTooNew, before anything is changed.
    """
    engine = open_engine(url, pool_size=1, application_name="canbao migrate")
    try:
        async with engine.begin() as connection:
            refuse_old(await server_version(connection))
            await connection.execute(_LOCK)
            await _refuse_too_new(connection, histories)
            for history in histories:
                await connection.run_sync(_upgrade, history)
            if published:
                await _publish_proofs(connection, published.proofs)
                await _grant_updates(connection, published)
    finally:
        await engine.dispose()


async def migrate_database(url: str, service: str, versions: Path) -> None:
    """Migrate the database of one service: the shared history first, then its own, its proof views and its grants."""
    own = versions.parent
    published = PublishedFiles(
        proofs=[path for path in (_FOLDER / "proof.sql", own / "proof.sql") if path.exists()],
        grants=[path for path in (SHARED_GRANTS, own / "grants.sql") if path.exists()],
        role=login_role(service),
    )
    await migrate(url, histories_of(service, versions), published)


async def _refuse_too_new(connection: AsyncConnection, histories: Sequence[MigrationHistory]) -> None:
    for history in histories:
        version, _ = await version_and_newest(connection, history)
        if version is not None and version not in known_versions(history):
            database = (await connection.execute(text("SELECT current_database()"))).scalar_one()
            raise TablesTooNew(f"{database}: {_too_new(version)}")


def _too_new(version: str) -> str:
    return (
        f"表结构 {version} 比本程序新，请更新程序"
        f" · tables at {version}, unknown here: newer than this program, update the program"
    )


def _config(history: MigrationHistory) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER / "alembic"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(history.versions))
    return config


def _upgrade(connection: Connection, history: MigrationHistory) -> None:
    config = _config(history)
    config.attributes["connection"] = connection
    config.attributes["version_table"] = history.version_table
    command.upgrade(config, "head")


async def _publish_proofs(connection: AsyncConnection, proofs: Sequence[Path]) -> None:
    """Recreate the views that the auditor may read; whatever a view no longer says is no longer readable."""
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has its driver's
    await driver.execute("DROP SCHEMA IF EXISTS proof CASCADE; CREATE SCHEMA proof;")
    for path in proofs:
        await driver.execute(path.read_text(encoding="utf-8"))
    await driver.execute(
        "GRANT USAGE ON SCHEMA proof TO canbao_auditor; GRANT SELECT ON ALL TABLES IN SCHEMA proof TO canbao_auditor;"
    )


async def _grant_updates(connection: AsyncConnection, published: PublishedFiles) -> None:
    """Let the service change the columns that its files name, and no others: new tables come with every right."""
    await connection.execute(text(f'REVOKE UPDATE ON ALL TABLES IN SCHEMA public FROM "{published.role}"'))
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has its driver's
    for path in published.grants:
        await driver.execute(path.read_text(encoding="utf-8").replace("{role}", f'"{published.role}"'))
