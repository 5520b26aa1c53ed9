"""Roles and databases of an installation: who may log in, who owns the tables, who may only read.

| role | may |
| --- | --- |
| `canbao_owner` | own databases and tables; used by migrations only |
| `<service>_app` | read and write rows of its own database and of the bus; owns nothing, bypasses nothing |
| `canbao_auditor` | connect everywhere, in read-only transactions, and read what is published to it |
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import asyncpg

from shared.database.older_names import OWNER, database_at, found_by_administrator, rename_older_databases
from shared.database.server_version import refuse_old_server
from shared.setting_groups.databases import database_name

AUDITOR = "canbao_auditor"
BUS = "bus"
BUS_ROLE = "canbao_bus"
_SERVICE_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_TIMEOUT_S = 60.0
_POWERLESS = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def login_role(name: str) -> str:
    """The role that a service, `owner` or `auditor` logs in as."""
    return {"owner": OWNER, "auditor": AUDITOR}.get(name, f"{name}_app")


def generate_passwords(services: Iterable[str]) -> dict[str, str]:
    """A fresh password for every login: each service, `owner` and `auditor`; safe to put into an address."""
    return {name: secrets.token_urlsafe(24) for name in (*services, "owner", "auditor")}


async def provision(admin_url: str, services: Sequence[str], passwords: Mapping[str, str]) -> None:
    """Make the roles and one database per service plus the bus; run again, it only sets what differs.

    Databases that an older canbao made under shorter names are renamed. Raises PostgresTooOld, ForeignDatabase and
    OlderDatabaseName before anything is made or changed.
    """
    for service in services:
        if not _SERVICE_NAME.fullmatch(service):
            raise ValueError(f"not a service's name: {service!r}")
    databases = (*services, BUS)
    async with _administering(admin_url) as admin:
        found = await found_by_administrator(admin_url, admin, databases)
        await rename_older_databases(admin, found.older())
        await _roles(admin, services, passwords)
        await _databases(admin, databases)
        for database in databases:
            await _privileges(admin_url, database)


async def rename(admin_url: str, databases: Sequence[str]) -> list[str]:
    """Give our own databases with older names their names of today and change nothing else; the ones renamed.

    Raises ForeignDatabase, OlderDatabaseName and OlderDatabaseInUse.
    """
    async with _administering(admin_url) as admin:
        older = (await found_by_administrator(admin_url, admin, databases)).older()
        await rename_older_databases(admin, older)
        return older


@asynccontextmanager
async def _administering(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser, alone at this, on a server that is new enough."""
    admin = await asyncpg.connect(admin_url, timeout=_TIMEOUT_S, command_timeout=_TIMEOUT_S)
    try:
        await refuse_old_server(admin)
        # Two processes may start at once; the second finds everything made.
        await admin.execute("SELECT pg_advisory_lock(hashtext('canbao.provision'))")
        yield admin
    finally:
        await admin.close()


async def _roles(admin: asyncpg.Connection, services: Sequence[str], passwords: Mapping[str, str]) -> None:
    logins = {login_role(name): passwords[name] for name in (*services, "owner", "auditor")}
    wanted = [*logins, BUS_ROLE]
    present = {row["rolname"] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
    for role in wanted:
        if role not in present:
            await admin.execute(f'CREATE ROLE "{role}"')
    for role, password in logins.items():
        statement = await admin.fetchval(
            f"SELECT format('ALTER ROLE %I LOGIN {_POWERLESS} PASSWORD %L', $1::text, $2::text)", role, password
        )
        await admin.execute(statement)
    await admin.execute(f"ALTER ROLE {BUS_ROLE} NOLOGIN {_POWERLESS}")
    await admin.execute(f"GRANT {BUS_ROLE} TO " + ", ".join(f'"{login_role(service)}"' for service in services))
    await admin.execute(f"ALTER ROLE {AUDITOR} SET default_transaction_read_only = on")


async def _databases(admin: asyncpg.Connection, databases: Sequence[str]) -> None:
    present = {row["datname"] for row in await admin.fetch("SELECT datname FROM pg_database")}
    for database in databases:
        name = database_name(database)
        if name not in present:
            await admin.execute(f'CREATE DATABASE "{name}" OWNER {OWNER}')
        await admin.execute(connect_privileges(name, member=member_of(database)))
    await admin.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")


def member_of(database: str) -> str:
    """The roles with rows in a database: its service, or on the bus all of them."""
    return BUS_ROLE if database == BUS else login_role(database)


def connect_privileges(database: str, *, member: str) -> str:
    """Who may enter a database; a copy made from a template does not carry this along."""
    return (
        f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC; '
        f'GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO "{member}"; '
        f'GRANT CONNECT ON DATABASE "{database}" TO {AUDITOR};'
    )


async def _privileges(admin_url: str, database: str) -> None:
    """Tables that the owner will make are the service's to fill; append-only ones revoke that again themselves."""
    member = member_of(database)
    to_come = f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT"
    statements = [
        f'{to_come} SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{member}"',
        f'{to_come} USAGE, SELECT ON SEQUENCES TO "{member}"',
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    ]
    if database == BUS:
        statements.append(f"{to_come} SELECT ON TABLES TO {AUDITOR}")
    place = database_at(admin_url, database_name(database))
    connection = await asyncpg.connect(place, timeout=_TIMEOUT_S, command_timeout=_TIMEOUT_S)
    try:
        await connection.execute("; ".join(statements))
    finally:
        await connection.close()
