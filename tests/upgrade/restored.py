"""A dump put back into a data folder, as the earlier code would have left it there."""

import gzip
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg

from shared.database.embedded import EmbeddedPostgres
from shared.database.older_names import database_at
from tests.upgrade.dump import ADDRESS
from tests.upgrade.folder import lay_out

# What only psql reads.
_COMMANDS = re.compile(r"^\\(?:un)?restrict .*$", re.MULTILINE)
_CONNECT = re.compile(r"^\\connect (\w+)$", re.MULTILINE)


async def restore(dump: Path, data: Path, port: int) -> None:
    """Keys, roles, databases and the simulator's journal; `up` on that port finds them."""
    made = json.loads((dump / "made.json").read_text(encoding="utf-8"))
    lay_out(data, made["residents"], made["clients"])
    with EmbeddedPostgres(data / "postgres") as server:
        await _execute(server.admin_url, _roles(dump))
        for file in _databases(dump):
            await _database(server.admin_url, _COMMANDS.sub("", _read(file)))
    journal = _read(dump / "journal.sql.gz").replace(ADDRESS, f"http://127.0.0.1:{port}")
    with closing(sqlite3.connect(data / "simulator" / "journal.sqlite")) as database:
        database.executescript(journal)


def restored_name(dump: Path, database: str) -> str:
    """How the earlier code called a database: names have grown since."""
    connect = _CONNECT.search(_read(dump / f"{database}.sql.gz"))
    assert connect is not None, f"the dump of {database} enters no database"
    return connect[1]


def _databases(dump: Path) -> list[Path]:
    return [file for file in sorted(dump.glob("*.sql.gz")) if file.name != "journal.sql.gz"]


def _read(file: Path) -> str:
    return gzip.decompress(file.read_bytes()).decode()


def _roles(dump: Path) -> str:
    """Every role but the superuser, whom each server has from its beginning."""
    roles = _COMMANDS.sub("", (dump / "roles.sql").read_text(encoding="utf-8"))
    return "\n".join(line for line in roles.splitlines() if not re.match(r"(CREATE|ALTER) ROLE postgres\b", line))


async def _database(admin_url: str, dumped: str) -> None:
    """Make the database, then enter it and fill it."""
    make, name, fill = _CONNECT.split(dumped, maxsplit=1)
    # CREATE DATABASE runs in no transaction, so its part goes statement by statement.
    for statement in re.sub(r"^--.*$", "", make, flags=re.MULTILINE).split(";\n"):
        if statement.strip():
            await _execute(admin_url, statement)
    await _execute(database_at(admin_url, name), fill)


async def _execute(url: str, script: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(script)
    finally:
        await connection.close()
