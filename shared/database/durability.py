"""Durability is not for sale: what a server or a login must not have switched off where money is acknowledged."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# A session sees its own values, so that a switch thrown for one role or one database is found as well.
_SETTINGS = text(
    """
    SELECT name, current_setting(name) AS value
    FROM unnest(ARRAY['fsync', 'full_page_writes', 'synchronous_commit']) AS name ORDER BY name
    """
)


async def switched_off(connection: AsyncConnection) -> list[str]:
    """The settings that let a committed row be lost; empty where a commit is a promise."""
    values: Mapping[str, str] = {row.name: row.value for row in await connection.execute(_SETTINGS)}
    return [name for name, value in values.items() if value == "off"]
