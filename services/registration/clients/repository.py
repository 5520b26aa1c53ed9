"""Clients in SQL."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.row import fetch_one, select_into


@dataclass(frozen=True, slots=True)
class Client:
    """A system that may call: its secret as a hash, its scopes in one text, and the region it may see."""

    name: str
    secret_hash: str
    scopes: str
    region: str


_FIND = select_into(Client, "SELECT {fields} FROM api_client WHERE name = :name")
_KNOWN = text("SELECT name FROM api_client WHERE name = ANY (CAST(:names AS text[]))")
_SAVE = text(
    """
    INSERT INTO api_client (name, secret_hash, scopes, region) VALUES (:name, :secret_hash, :scopes, :region)
    ON CONFLICT (name) DO UPDATE
        SET secret_hash = EXCLUDED.secret_hash, scopes = EXCLUDED.scopes, region = EXCLUDED.region
    """
)


async def find(session: AsyncSession, name: str) -> Client | None:
    """The client of that name."""
    return await fetch_one(session, _FIND, Client, {"name": name})


async def known(session: AsyncSession, names: Collection[str]) -> set[str]:
    """Those of the names that a client has already."""
    return set((await session.execute(_KNOWN, {"names": sorted(names)})).scalars())


async def save(session: AsyncSession, client: Client) -> None:
    """Store a client; one of that name gets the new secret, scopes and region."""
    values = {
        "name": client.name,
        "secret_hash": client.secret_hash,
        "scopes": client.scopes,
        "region": client.region,
    }
    await session.execute(_SAVE, values)
