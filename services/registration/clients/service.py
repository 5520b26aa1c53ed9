"""Clients and their secrets: stored as argon2 hashes, exchanged for short tokens."""

import asyncio
import secrets
from collections.abc import Collection, Sequence

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.clients import repository
from services.registration.clients.repository import Client
from shared.errors import DomainError, ErrorCode
from shared.web.tokens import Grant

# A client's secret is 256 random bits, not a person's password: OWASP's smallest argon2id setting is plenty, and a
# county whose every town asks for a token at eight in the morning is not slowed by it.
_HASHER = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
# Checked when the client is unknown, so that an answer takes as long whether the name or the secret was wrong.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(32))


class InvalidClient(DomainError):
    """No such client, or not its secret; which of the two is not said."""

    code = ErrorCode.INVALID_CLIENT


async def authenticate(session: AsyncSession, name: str, secret: str) -> Grant:
    """What a client may do, if the secret is its own; raises ``InvalidClient``."""
    client = await repository.find(session, name)
    verified = await asyncio.to_thread(_HASHER.verify, secret, client.secret_hash if client else _NOBODY)
    if client is None or not verified:
        raise InvalidClient
    return Grant(name, frozenset(client.scopes.split()), client.region)


async def exists(session: AsyncSession, name: str) -> bool:
    """Whether a client of that name may call already."""
    return await repository.find(session, name) is not None


async def known_clients(session: AsyncSession, names: Collection[str]) -> set[str]:
    """Those of the names whose clients may call already."""
    return await repository.known(session, names)


async def save(session: AsyncSession, name: str, secret: str, scopes: Sequence[str], region: str) -> None:
    """Let a client call with these scopes in this region; a client of that name gets the new secret."""
    secret_hash = await asyncio.to_thread(_HASHER.hash, secret)
    await repository.save(session, Client(name, secret_hash, " ".join(sorted(set(scopes))), region))
