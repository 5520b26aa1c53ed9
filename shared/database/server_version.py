"""The oldest PostgreSQL that canbao runs on, and its refusal of older ones in one sentence."""

from __future__ import annotations

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

OLDEST = 180000
_NUMBER = "SELECT current_setting('server_version_num')::integer"


class PostgresTooOld(RuntimeError):
    """The server is older than PostgreSQL 18: `uuidv7()` and other functions that canbao calls are missing there."""


def refuse_old(number: int) -> None:
    """Raise PostgresTooOld for a ``server_version_num`` below 18."""
    if number < OLDEST:
        raise PostgresTooOld(
            f"需要 PostgreSQL 18 或更新版本，这台服务器是 {number // 10_000}；软件包见 https://www.postgresql.org/download/"
            f" · PostgreSQL 18 or newer is needed, this server is {number // 10_000}"
        )


async def refuse_old_server(connection: asyncpg.Connection) -> None:
    """Raise PostgresTooOld where the server behind this connection is older than 18."""
    refuse_old(await connection.fetchval(_NUMBER))


async def server_version(connection: AsyncConnection) -> int:
    """The ``server_version_num`` of the server, such as 180004."""
    number: int = (await connection.execute(text(_NUMBER))).scalar_one()
    return number
