"""Databases on a server that are not this program's to make: another owner's, and our own under an older name.

Databases were called `payment`, `registration`, … before they were called `canbao_payment`, `canbao_registration`, …
One of ours is known by what `canbao migrate` left in it: `messaging_installation` with the service's name, or on the
bus its version table; a superuser's restore changes the owner, and not that mark. Whatever else is called `payment`
belongs to somebody else and is left as it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.database.logins import owners_login
from shared.setting_groups.databases import database_name
from shared.settings import Settings

OWNER = "canbao_owner"
_TIMEOUT_S = 60.0
_OWNERS = """
    SELECT d.datname AS name, r.rolname AS owner FROM pg_database AS d JOIN pg_roles AS r ON r.oid = d.datdba
    WHERE d.datname = ANY($1::text[])
"""
_OWNER_HERE = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
# The superuser looks into strangers' databases too: no function, view or operator of theirs may run meanwhile, and no
# lock of theirs may hold us up.
_GUARDED = "SET search_path TO pg_catalog; SET lock_timeout TO '30s'; SET default_transaction_read_only TO on"
_TABLES = """
    SELECT to_regclass('public.alembic_version_bus') IS NOT NULL AS of_the_bus, EXISTS (
        SELECT FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.oid = to_regclass('public.messaging_installation') AND c.relkind = 'r'
        AND a.attname = 'service' AND a.atttypid = 'text'::regtype
    ) AS of_a_service
"""
_SERVICE = "SELECT service FROM ONLY public.messaging_installation"


class ForeignDatabase(RuntimeError):
    """A database has a name that canbao needs, or canbao's data, and belongs to another owner."""


class OlderDatabaseInUse(RuntimeError):
    """A database of an older canbao cannot be renamed while somebody is connected to it."""


class OlderDatabaseName(RuntimeError):
    """The databases still have the names that an older canbao gave them."""


@dataclass(frozen=True, slots=True)
class FoundDatabase:
    """A database that is on the server."""

    owner: str  # empty where the login may not enter, and so cannot know
    ours: bool  # it has the mark of the service that its name stands for


@dataclass(frozen=True, slots=True)
class FoundDatabases:
    """The databases that are on the server, by the names of today and the older ones."""

    databases: Sequence[str]
    found: Mapping[str, FoundDatabase]

    def older(self) -> list[str]:
        """Those of ours that have only their older name.

        Raises ForeignDatabase where an owner is another's, and OlderDatabaseName where the name of today is taken by
        a database without our data.
        """
        self._refuse_owners([database_name(database) for database in self.databases])
        older = [
            database
            for database in self.databases
            if (found := self.found.get(database)) and found.ours and not self._has_name_of_today(database)
        ]
        twice = [database for database in older if database_name(database) in self.found]
        if twice:
            raise _twice(twice)
        self._refuse_owners(older)
        return older

    def doubtful(self) -> list[str]:
        """Those that only the administrator can judge: an owner is another's, or an older name may hold the data."""
        return [
            database
            for database in self.databases
            if ((today := self.found.get(database_name(database))) and today.owner != OWNER)
            or (database in self.found and not self._has_name_of_today(database))
        ]

    def _has_name_of_today(self, database: str) -> bool:
        found = self.found.get(database_name(database))
        return found is not None and found.ours

    def _refuse_owners(self, names: Sequence[str]) -> None:
        others = {name: self.found[name] for name in names if name in self.found and self.found[name].owner != OWNER}
        foreign = [
            f"{name} ({found.owner or f'{OWNER} 无权进入 may not enter'})"
            for name, found in others.items()
            if not found.ours
        ]
        if foreign:
            raise _foreign(foreign)
        if others:
            raise _other_owner({name: found.owner for name, found in others.items()})


def database_at(url: str, database: str) -> str:
    """The same server and login, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def found_by_administrator(admin_url: str, admin: asyncpg.Connection, databases: Sequence[str]) -> FoundDatabases:
    """The databases on the server, looked into where an owner or an older name leaves a doubt; changes nothing."""
    owners = dict(await admin.fetch(_OWNERS, [*databases, *map(database_name, databases)]))
    found = {}
    for database in databases:
        for name in (database, database_name(database)):
            if name not in owners:
                continue
            ours = False
            if database in owners or owners[name] != OWNER:
                try:
                    place = database_at(admin_url, name)
                    ours = (await _look(place, database, older=name == database)).ours
                except asyncpg.PostgresError:
                    if owners[name] == OWNER:
                        raise
            found[name] = FoundDatabase(owners[name], ours)
    return FoundDatabases(databases, found)


async def found_by_owner(settings: Settings, databases: Sequence[str]) -> FoundDatabases:
    """The databases on the server as far as the owner's login sees them; changes nothing.

    Raises LoginRefused.
    """
    found = {}
    for database in databases:
        place = settings.owner_url(database)
        name = urlsplit(place).path.removeprefix("/")
        try:
            with owners_login(settings, database):
                today = found[database_name(database)] = await _look(place, database, older=False)
        except asyncpg.InvalidCatalogNameError:
            today = None
        except asyncpg.InsufficientPrivilegeError:
            today = found[database_name(database)] = FoundDatabase("", ours=False)
        if today is not None and today.ours:
            continue
        try:
            found[database] = await _look(database_at(place, name.removeprefix("canbao_")), database, older=True)
        except asyncpg.InvalidCatalogNameError:
            pass
        except asyncpg.PostgresError:
            found[database] = FoundDatabase("", ours=False)
    return FoundDatabases(databases, found)


async def rename_older_databases(admin: asyncpg.Connection, older: Sequence[str]) -> None:
    """Give databases with older names their names of today.

    Raises OlderDatabaseInUse where a process is still connected to one.
    """
    for database in older:
        try:
            await admin.execute(f'ALTER DATABASE "{database}" RENAME TO "{database_name(database)}"')
        except asyncpg.ObjectInUseError as error:
            raise OlderDatabaseInUse(
                f"数据库 {database} 要改名为 {database_name(database)}，但仍有进程连接。请先停止全部服务，再运行一次"
                f" · database {database} is to be renamed to {database_name(database)}, but is in use: stop every "
                "service and run this again"
            ) from error


def not_renamed(databases: Sequence[str]) -> OlderDatabaseName:
    """What to do where databases have older names and no login at hand may rename them."""
    named = ", ".join(databases)
    return OlderDatabaseName(
        f"数据库 {named} 仍用旧名，改名须有 CANBAO_ADMIN_DATABASE_URL：请停止全部服务，运行 canbao provision，"
        "再运行 canbao migrate"
        f" · older names, to be changed by the login of CANBAO_ADMIN_DATABASE_URL only: {named}. Stop every service, "
        "run canbao provision, then canbao migrate"
    )


def _twice(databases: Sequence[str]) -> OlderDatabaseName:
    older, today = ", ".join(databases), ", ".join(map(database_name, databases))
    return OlderDatabaseName(
        f"旧名数据库 {older} 存有参保数据，而今名 {today} 也已存在且未存数据，未作任何改动。请核对 {today}，"
        "将其改名或删除，再运行 canbao provision 和 canbao migrate"
        f" · {older} holds canbao's data under the older name, and {today} exists as well, without them; nothing was "
        f"changed. Look into {today}, rename or drop it, then run canbao provision and canbao migrate"
    )


def _other_owner(owners: Mapping[str, str]) -> ForeignDatabase:
    named = ", ".join(f"{name} ({owner})" for name, owner in owners.items())
    remedy = "; ".join(f"ALTER DATABASE {name} OWNER TO {OWNER}" for name in owners)
    return ForeignDatabase(
        f"数据库 {named} 存有参保数据，但所有者不是 {OWNER}，未作任何改动。请由管理员执行 {remedy}，再运行一次"
        f" · {named} holds canbao's data and is not owned by {OWNER}; nothing was changed. Have the administrator "
        f"execute {remedy}, and run this again"
    )


def _foreign(named: Sequence[str]) -> ForeignDatabase:
    listed = ", ".join(named)
    return ForeignDatabase(
        f"这些数据库属于他人，未作任何改动：{listed}。请改用另一台 PostgreSQL，或请其所有者改名"
        f" · these databases are somebody else's and were left as they are: {listed}. Use another PostgreSQL, or have "
        "their owner rename them"
    )


async def _look(place: str, database: str, *, older: bool) -> FoundDatabase:
    async with read_only_at(place) as connection:
        owner = await connection.fetchval(_OWNER_HERE)
        tables = await connection.fetchrow(_TABLES)
        marked = bool(tables["of_the_bus"] if database == "bus" else tables["of_a_service"])
        # Where name and owner are ours the table is enough; a migration that runs may hold its rows locked.
        if marked and database != "bus" and (older or owner != OWNER):
            marked = await _is_of(connection, database)
        return FoundDatabase(owner, marked)


async def _is_of(connection: asyncpg.Connection, service: str) -> bool:
    try:
        return bool(await connection.fetchval(_SERVICE) == service)
    except asyncpg.InsufficientPrivilegeError:  # the tables are another's, which only the superuser may read
        return False


@asynccontextmanager
async def read_only_at(place: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that a stranger's database can neither mislead nor hold up, and that changes nothing."""
    connection = await asyncpg.connect(place, timeout=_TIMEOUT_S, command_timeout=_TIMEOUT_S)
    try:
        await connection.execute(_GUARDED)
        yield connection
    finally:
        await connection.close()
