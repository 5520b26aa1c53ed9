"""Databases on a server that are not this program's to make: another owner's, and our own under an older name.

Databases were called `payment`, `registration`, … before they were called `canbao_payment`, `canbao_registration`, …
One of ours is known by what `canbao migrate` left in it: `messaging_installation` with the service's name, or on the
bus its version table. Whatever else is called `payment` belongs to somebody else and is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.database.logins import owners_login
from shared.settings import Settings, database_name

OWNER = "canbao_owner"
_TIMEOUT_S = 60.0
_OWNERS = """
    SELECT d.datname AS name, r.rolname AS owner FROM pg_database AS d JOIN pg_roles AS r ON r.oid = d.datdba
    WHERE d.datname = ANY($1::text[])
"""
_TABLES = """
    SELECT to_regclass('public.messaging_installation') IS NOT NULL AS of_a_service,
           to_regclass('public.alembic_version_bus') IS NOT NULL AS of_the_bus
"""


class ForeignDatabase(RuntimeError):
    """A database has a name that canbao needs, and belongs to somebody else."""


class OlderDatabaseInUse(RuntimeError):
    """A database of an older canbao cannot be renamed while somebody is connected to it."""


class OlderDatabaseName(RuntimeError):
    """The databases still have the names that an older canbao gave them."""


def database_at(url: str, database: str) -> str:
    """The same server and login, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def refuse_foreign_databases(admin: asyncpg.Connection, databases: Sequence[str]) -> None:
    """Raise ForeignDatabase where a name that is needed is taken by another owner; changes nothing."""
    names = [database_name(database) for database in databases]
    foreign = [f"{name} ({owner})" for name, owner in await admin.fetch(_OWNERS, names) if owner != OWNER]
    if foreign:
        raise _foreign(foreign)


async def rename_older_databases(admin_url: str, admin: asyncpg.Connection, databases: Sequence[str]) -> list[str]:
    """Give our own databases with older names their names of today; the ones renamed. Others are not touched.

    Raises OlderDatabaseInUse where a process is still connected to one.
    """
    owners = dict(await admin.fetch(_OWNERS, [*databases, *map(database_name, databases)]))
    older = [
        database
        for database in databases
        if owners.get(database) == OWNER
        and database_name(database) not in owners
        and await _is_ours(database_at(admin_url, database), database)
    ]
    for database in older:
        try:
            await admin.execute(f'ALTER DATABASE "{database}" RENAME TO "{database_name(database)}"')
        except asyncpg.ObjectInUseError as error:
            raise OlderDatabaseInUse(
                f"数据库 {database} 要改名为 {database_name(database)}，但仍有进程连接。请先停止全部服务，再运行一次"
                f" · database {database} is to be renamed to {database_name(database)}, but is in use: stop every "
                "service and run this again"
            ) from error
    return older


async def has_older_name(settings: Settings, database: str) -> bool:
    """Whether only the older name of one of our databases is on the server, as the owner's login sees it.

    Raises ForeignDatabase where the name of today belongs to somebody else, and LoginRefused.
    """
    place = settings.owner_url(database)
    name = urlsplit(place).path.removeprefix("/")
    try:
        with owners_login(settings, database):
            await _refuse_foreign_owner(place, name)
    except asyncpg.InvalidCatalogNameError:
        try:
            return await _is_ours(database_at(place, name.removeprefix("canbao_")), database)
        except asyncpg.PostgresError:
            return False
    return False


def not_renamed(databases: Sequence[str]) -> OlderDatabaseName:
    """What to do where databases have older names and no login at hand may rename them."""
    named = ", ".join(databases)
    return OlderDatabaseName(
        f"数据库 {named} 仍用旧名，改名须有 CANBAO_ADMIN_DATABASE_URL：请停止全部服务，运行 canbao provision，"
        "再运行 canbao migrate"
        f" · older names, to be changed by the login of CANBAO_ADMIN_DATABASE_URL only: {named}. Stop every service, "
        "run canbao provision, then canbao migrate"
    )


async def _refuse_foreign_owner(place: str, name: str) -> None:
    connection = await asyncpg.connect(place, timeout=_TIMEOUT_S, command_timeout=_TIMEOUT_S)
    try:
        ((_, owner),) = await connection.fetch(_OWNERS, [name])
    finally:
        await connection.close()
    if owner != OWNER:
        raise _foreign([f"{name} ({owner})"])


def _foreign(named: Sequence[str]) -> ForeignDatabase:
    listed = ", ".join(named)
    return ForeignDatabase(
        f"这些数据库属于他人，未作任何改动：{listed}。请改用另一台 PostgreSQL，或请其所有者改名"
        f" · these databases are somebody else's and were left as they are: {listed}. Use another PostgreSQL, or have "
        "their owner rename them"
    )


async def _is_ours(place: str, database: str) -> bool:
    connection = await asyncpg.connect(place, timeout=_TIMEOUT_S, command_timeout=_TIMEOUT_S)
    try:
        found = await connection.fetchrow(_TABLES)
        if database == "bus":
            return bool(found["of_the_bus"])
        if not found["of_a_service"]:
            return False
        return bool(await connection.fetchval("SELECT service FROM messaging_installation") == database)
    finally:
        await connection.close()
