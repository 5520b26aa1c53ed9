"""Which encryption keys a database's rows were sealed with: what must be at hand to read them."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class SealedColumn(NamedTuple):
    """A column of document numbers whose values begin with the id of the key that sealed them, and NUL.

    ``document_type`` and ``person_token`` stand beside it.
    """

    table: str
    column: str


class SealedPerson(NamedTuple):
    """A person as one row keeps them: the sealed number, and the token that was made of it."""

    where: SealedColumn
    row: UUID
    sealed: bytes
    document_type: str
    person_token: str

    @property
    def key_id(self) -> str:
        """The id of the key that sealed the number."""
        return self.sealed.partition(b"\0")[0].decode()


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


async def oldest_sealed(
    connection: AsyncConnection, columns: Sequence[SealedColumn], region: str, key_id: str | None = None
) -> list[SealedPerson]:
    """The oldest row of each column in a region, where asked only among those that one key sealed."""
    await connection.execute(_SET_REGION, {"region": region})
    prefix = b"" if key_id is None else key_id.encode() + b"\0"
    found: list[SealedPerson] = []
    for where in columns:
        table, column = where
        rows = f"SELECT id, {column}, document_type, person_token FROM {table}"  # noqa: S608 - constants
        oldest = text(f"{rows} WHERE substring({column} FROM 1 FOR :bytes) = :prefix ORDER BY id LIMIT 1")
        row = (await connection.execute(oldest, {"bytes": len(prefix), "prefix": prefix})).one_or_none()
        if row is not None:
            found.append(SealedPerson(where, row[0], bytes(row[1]), row[2], row[3]))
    return found
