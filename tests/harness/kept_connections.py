"""Connections that a test asks its questions on: kept until it ends, for a new one costs more than most questions."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg


class KeptConnections:
    """Idle connections by address, of one loop; on another loop each question has a connection of its own."""

    def __init__(self) -> None:
        """Keep connections for the loop that runs now."""
        self._loop = asyncio.get_running_loop()
        self._idle: dict[str, list[asyncpg.Connection]] = defaultdict(list)

    @asynccontextmanager
    async def entered(self, url: str) -> AsyncIterator[asyncpg.Connection]:
        """A connection that nobody else uses for the length of a block."""
        if asyncio.get_running_loop() is not self._loop:
            async with alone(url) as connection:
                yield connection
            return
        idle = self._idle[url]
        connection = idle.pop() if idle else None
        if connection is None or connection.is_closed():
            # Tests change tables under it: a plan that it had made before would no longer fit.
            connection = await asyncpg.connect(url, statement_cache_size=0)
        try:
            yield connection
        finally:
            if not connection.is_closed():
                idle.append(connection)

    async def close(self) -> None:
        """Close those that lie idle: a database is copied, or dropped, when nobody is in it."""
        for idle in self._idle.values():
            while idle:
                connection = idle.pop()
                try:
                    await connection.close()
                except OSError:  # its server is gone
                    connection.terminate()


@asynccontextmanager
async def alone(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection for one question."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
