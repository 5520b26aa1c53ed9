"""Every database as it was at one moment each, in an order that keeps a live system from looking broken.

A consumer is read before its publisher. Whatever the consumer had consumed was then announced before the publisher
is read, so a fact that only the publisher knows is one not yet consumed, which can be located. Registration publishes
to all others and consumes from payment and subsidy, so it is read twice: first as a consumer, last as a publisher.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import NullPool, RowMapping, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.database.logins import LoginRefused, auditors_login
from shared.database.server_version import PostgresTooOld, refuse_old, server_version
from shared.settings import Settings

_STATEMENT_TIMEOUT_S = 600
_FETCH_AT_ONCE = 2_000


class CouldNotExamine(Exception):
    """A database could not be read: nothing is proven, neither that the books agree nor that they do not."""

    def __init__(self, database: str, reason: str) -> None:
        """Name the database and why."""
        super().__init__(f"{database}: {reason}")
        self.database = database


@dataclass(frozen=True, slots=True)
class DatabaseSnapshot:
    """One database at one moment, read only."""

    database: str
    connection: AsyncConnection

    async def rows(self, sql: str, **parameters: Any) -> Sequence[RowMapping]:
        """All rows of a query that bounds itself."""
        try:
            return (await self.connection.execute(text(sql), parameters)).mappings().all()
        except SQLAlchemyError as error:
            raise CouldNotExamine(self.database, _reason(error)) from error

    async def one(self, sql: str, **parameters: Any) -> RowMapping:
        """The only row of a query."""
        return (await self.rows(sql, **parameters))[0]

    async def stream(self, sql: str, **parameters: Any) -> AsyncIterator[Sequence[RowMapping]]:
        """The rows of a query that may have millions, some thousand at a time."""
        try:
            async with self.connection.stream(
                text(sql), parameters, execution_options={"max_row_buffer": _FETCH_AT_ONCE}
            ) as result:
                async for rows in result.mappings().partitions(_FETCH_AT_ONCE):
                    yield rows
        except SQLAlchemyError as error:
            raise CouldNotExamine(self.database, _reason(error)) from error


@dataclass(frozen=True, slots=True)
class Databases:
    """The snapshots of one examination, in the order in which they were taken."""

    registration_first: DatabaseSnapshot
    quota: DatabaseSnapshot
    payment: DatabaseSnapshot
    subsidy: DatabaseSnapshot
    registration: DatabaseSnapshot

    settings: Settings

    def consumer(self, name: str) -> DatabaseSnapshot:
        """A service as a consumer: read before its publishers."""
        return self.registration_first if name == "registration" else self.publisher(name)

    def publisher(self, name: str) -> DatabaseSnapshot:
        """A service as a publisher: read after its consumers."""
        snapshot: DatabaseSnapshot = getattr(self, name)
        return snapshot

    @property
    def each(self) -> tuple[DatabaseSnapshot, ...]:
        """Every database once."""
        return self.quota, self.payment, self.subsidy, self.registration


@asynccontextmanager
async def open_databases(settings: Settings) -> AsyncIterator[Databases]:
    """Take the snapshots, one database after the other; raises CouldNotExamine where one cannot be read."""
    async with AsyncExitStack() as stack:
        taken = [
            await stack.enter_async_context(_snapshot(settings, database))
            for database in ("registration", "quota", "payment", "subsidy", "registration")
        ]
        first, quota, payment, subsidy, registration = taken
        yield Databases(first, quota, payment, subsidy, registration, settings)


@asynccontextmanager
async def _snapshot(settings: Settings, database: str) -> AsyncIterator[DatabaseSnapshot]:
    engine = create_async_engine(
        make_url(settings.auditor_url(database)).set(drivername="postgresql+asyncpg"),
        poolclass=NullPool,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
        connect_args={
            "timeout": 10,
            "command_timeout": _STATEMENT_TIMEOUT_S + 10,
            "server_settings": {
                "application_name": "canbao verify",
                "statement_timeout": f"{_STATEMENT_TIMEOUT_S}s",
                "work_mem": "64MB",  # sums over millions of rows should not spill to disk
                # The first snapshot waits for the last check; the server must not end it meanwhile.
                "idle_in_transaction_session_timeout": "0",
            },
        },
    )
    try:
        try:
            with auditors_login(settings, database):
                connection = await engine.connect()
            await _refuse_old(connection)
        except (SQLAlchemyError, OSError, LoginRefused, PostgresTooOld) as error:
            raise CouldNotExamine(database, _reason(error)) from error
        try:
            snapshot = DatabaseSnapshot(database, connection)
            await snapshot.rows("SELECT 1 FROM pg_catalog.pg_namespace LIMIT 1")  # the first statement takes it
            yield snapshot
        finally:
            await connection.close()
    finally:
        await engine.dispose()


async def _refuse_old(connection: AsyncConnection) -> None:
    """Raise PostgresTooOld before a function that an old server lacks is missed; the snapshot is not begun by it."""
    try:
        refuse_old(await server_version(connection))
        await connection.rollback()
    except BaseException:
        await connection.close()
        raise


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
