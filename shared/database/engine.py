"""A service's database: pooled connections, and transactions that always carry the region they work in."""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import Any

import asyncpg
import orjson
from sqlalchemy import TextClause, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

STATEMENT_TIMEOUT_S = 30
LOCK_TIMEOUT_S = 10
# A half-open socket otherwise hangs for as long as TCP likes; the server's own timeouts should strike first.
COMMAND_TIMEOUT_S = STATEMENT_TIMEOUT_S + 5
_ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_SET_REGION = text("SELECT set_config('canbao.region', :region, true)")
_REGION = re.compile(r"(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})")
_AFTER_COMMIT = "after_commit"
# Below are PostgreSQL's own types, above those that a database defines.
_FIRST_TYPE_OF_A_DATABASE = 16_384
_BUILT_IN: dict[int, Sequence[asyncpg.Record]] = {}
# As the driver looks at the statement that asked: one with a name leaves other statements as they are.
_NOTHING_WAS_PREPARED = SimpleNamespace(name="none")


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no types
    """A connection that asks the server once in a process, not once for itself, what arrays are made of.

    The driver asks for each kind of array that a new connection meets. Built-in types are the same in every database,
    and the question costs more of the server's processor than a batch that needs it.
    """

    __slots__ = ()

    async def _introspect_types(self, typeoids: Iterable[int], timeout: float | None) -> tuple[Any, Any]:  # noqa: ASYNC109 - the driver's
        asked = set(typeoids)
        if asked <= _BUILT_IN.keys():
            return [row for each in asked for row in _BUILT_IN[each]], _NOTHING_WAS_PREPARED
        types, statement = await super()._introspect_types(asked, timeout)
        if max(asked) < _FIRST_TYPE_OF_A_DATABASE:
            _BUILT_IN.update(dict.fromkeys(asked, types))
        return types, statement

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the driver's
        """Close the connection; where its server has gone, as by a restart, there is only our end to close."""
        try:
            await super().close(timeout=timeout)
        except OSError:
            self.terminate()


def open_engine(url: str, *, pool_size: int, application_name: str) -> AsyncEngine:
    """An engine with bounded waits everywhere: connect, pool, lock, statement and socket."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        hide_parameters=True,  # an error's text goes to logs, and a statement's values are people's
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "connection_class": _Connection,
            "timeout": 10,
            "command_timeout": COMMAND_TIMEOUT_S,
            "server_settings": {
                "application_name": application_name,
                "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
                "lock_timeout": f"{LOCK_TIMEOUT_S}s",
                "idle_in_transaction_session_timeout": "60s",
                # Batches arrive as arrays. A plan for any array, made while tables were empty, compared each element
                # with every row: marking 500 events took 28 ms with a plan of its own and a second with the common one.
                "plan_cache_mode": "force_custom_plan",
            },
        },
    )


class Database:
    """One service's database, seen through row-level security."""

    def __init__(self, url: str, *, pool_size: int = 8, application_name: str = "canbao") -> None:
        """Prepare a pool of at most ``pool_size`` connections; nothing is connected yet."""
        self.engine = open_engine(url, pool_size=pool_size, application_name=application_name)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)

    def transaction(self, region: str) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction that sees only ``region`` and what lies in it; commits on a clean exit, else rolls back."""
        return self._transaction(region)

    def snapshot(self, region: str) -> AbstractAsyncContextManager[AsyncSession]:
        """One that only reads: all its statements see the same moment, so that what they say fits together."""
        return self._transaction(region, _ONE_MOMENT)

    @asynccontextmanager
    async def _transaction(self, region: str, *first: TextClause) -> AsyncIterator[AsyncSession]:
        if not _REGION.fullmatch(region):
            raise ValueError("a transaction needs a region code of 2, 4, 6, 9 or 12 digits")
        try:
            session, open_until_exit = await self._begin(region, first)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # The server has closed a pooled connection, as a restart does. Nothing was done on it yet.
            session, open_until_exit = await self._begin(region, first)
        async with open_until_exit:
            yield session
        for callback in session.info.pop(_AFTER_COMMIT, ()):
            callback()

    async def _begin(self, region: str, first: Sequence[TextClause]) -> tuple[AsyncSession, AsyncExitStack]:
        """A transaction with its region set, and what commits it (or rolls it back) and closes it."""
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(self._sessions())
            await stack.enter_async_context(session.begin())
            for statement in first:
                await session.execute(statement)
            await session.execute(_SET_REGION, {"region": region})
            return session, stack.pop_all()

    async def renew(self) -> None:
        """Close the connections that lie idle, as after a restart of the server; those in use end with their work."""
        await self.engine.dispose()

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def after_commit(session: AsyncSession, callback: Callable[[], None]) -> None:
    """Call ``callback`` once the session's transaction has committed; it may only wake, never do work."""
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)
