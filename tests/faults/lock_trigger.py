"""A wire across a service's way: sessions wait in PostgreSQL until the test lets go, and are seen waiting.

This is how a fault hits a chosen point without a hook in the product: a trigger takes a lock that the test holds, so
the process stands exactly there, which `pg_locks` proves; then it is killed or stopped.
"""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from tests.harness.eventually import eventually

_KEYS = itertools.count(471_100)
_WAITING = """
    SELECT l.pid, a.application_name AS who, a.query FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.objid = $1 AND NOT l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass
class Wire:
    """A held wire."""

    connection: asyncpg.Connection
    key: int
    held: bool = True

    async def caught(self, within_s: float = 20.0) -> set[int]:
        """The backends that wait at the wire, once there is one."""

        async def waiting() -> set[int]:
            return {row["pid"] for row in await self.connection.fetch(_WAITING, self.key)}

        return await eventually(waiting, within_s=within_s, message="somebody comes to the wire")

    async def cut(self, pids: set[int]) -> None:
        """End the sessions of a killed process: they never got to say what they waited to say."""
        for pid in pids:
            await self.connection.execute("SELECT pg_terminate_backend($1, 5000)", pid)

    async def let_go(self) -> None:
        """Let everybody pass."""
        if self.held:
            self.held = False
            await self.connection.execute("SELECT pg_advisory_unlock($1)", self.key)


@asynccontextmanager
async def wire(
    admin_url: str, table: str, event: str, *, when: str = "", at_commit: bool = False
) -> AsyncIterator[Wire]:
    """Stretch a wire before an INSERT or UPDATE of a table (of a row, where ``when`` is a condition on NEW).

    ``at_commit`` puts it at the end of the transaction instead: all is done, and COMMIT waits.
    """
    key = next(_KEYS)
    name = f"wire_{key}"
    kind = f"CONSTRAINT TRIGGER {name} AFTER" if at_commit else f"TRIGGER {name} BEFORE"
    span = (
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW" if at_commit else "FOR EACH ROW" if when else "FOR EACH STATEMENT"
    )
    condition = f"WHEN ({when})" if when else ""
    connection: asyncpg.Connection = await asyncpg.connect(admin_url)
    try:
        held = Wire(connection, key)
        await connection.execute("SELECT pg_advisory_lock($1)", key)
        await connection.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" PERFORM pg_advisory_xact_lock_shared({key}); RETURN NEW; END $$"
        )
        await connection.execute(f"CREATE {kind} {event} ON {table} {span} {condition} EXECUTE FUNCTION {name}()")
        try:
            yield held
        finally:
            await held.let_go()
            await connection.execute(f"DROP TRIGGER {name} ON {table}")
            await connection.execute(f"DROP FUNCTION {name}")
    finally:
        await connection.close()
