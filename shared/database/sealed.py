"""Which encryption keys a database's rows were sealed with: what must be at hand to read them."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class SealedColumn(NamedTuple):
    """A column whose values begin with the id of the key that sealed them, and NUL."""

    table: str
    column: str


_SET_REGION = text("SELECT set_config('canbao.region', :region, true)")


async def keys_in_use(connection: AsyncConnection, columns: Sequence[SealedColumn], region: str) -> set[str]:
    """The ids of the keys that sealed these columns' values in a region; reads every row once."""
    await connection.execute(_SET_REGION, {"region": region})
    found: set[str] = set()
    for table, column in columns:
        end = rf"position('\x00'::bytea IN {column})"
        ids = f"SELECT DISTINCT substring({column} FROM 1 FOR {end} - 1) AS id FROM {table} WHERE {end} > 1"  # noqa: S608 - constants
        found |= {bytes(each).decode() for each in (await connection.execute(text(ids))).scalars()}
    return found
