"""Group commit without a timer: write what is there, collect while that commit runs, answer all of a group at once.

A notice is answered only when it is durable. One bad row never fails its neighbours, the queue is bounded, and a client
that hangs up gives up its own wait only.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from asyncpg import DataError, IntegrityConstraintViolationError
from prometheus_client import Histogram
from sqlalchemy.ext.asyncio import AsyncConnection

from services.payment.notices.notice import ChannelNotice, Evidence, VerifiedNotice
from services.payment.notices.repository import Insert, prepare_insert
from shared.database.engine import Database

_AT_ONCE = 512
_LIMIT = 8_192
# WeChat waits five seconds for an answer; a commit that takes longer may have happened, and its notice comes again.
_COMMIT_WITHIN_S = 4.0
_GROUP_SIZE = Histogram(
    "canbao_intake_group_size", "Notices made durable by one commit", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 512)
)


class IntakeUnavailable(Exception):
    """The notice is not known to be durable: the channel must send it again."""


class NoticeUnstorable(Exception):
    """The database will never take this notice."""


@dataclass(slots=True)
class _Waiting:
    verified: VerifiedNotice
    durable: asyncio.Future[None]


class GroupCommit:
    """Writes verified notices, many in one commit, and reports when each is durable."""

    def __init__(self, database: Database, region: str, *, on_stored: Callable[[], None], limit: int = _LIMIT) -> None:
        """Write into ``database`` as ``region``; ``on_stored`` wakes the crediting job, ``limit`` notices may wait."""
        self._database = database
        self._region = region
        self._on_stored = on_stored
        self._limit = limit
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None
        self._connection: AsyncConnection | None = None
        self._insert: Insert | None = None
        self.commits = 0

    async def store(self, notice: ChannelNotice, evidence: Evidence) -> None:
        """Return once the notice is durable; raises IntakeUnavailable where that is not certain."""
        if len(self._waiting) >= self._limit:
            raise IntakeUnavailable("待处理通知过多 · too many notices are waiting")
        waiting = _Waiting(VerifiedNotice(notice, evidence), asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="intake")
        await waiting.durable

    async def aclose(self) -> None:
        """Write what is still waiting, then let go of the connection."""
        if self._writer is not None:
            await self._writer
        await self._disconnect()

    async def _write(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                await self._write_group(group)
        finally:
            self._writer = None

    async def _write_group(self, group: Sequence[_Waiting]) -> None:
        try:
            await self._commit(group)
        except (DataError, IntegrityConstraintViolationError) as bad_row:
            if len(group) == 1:
                unstorable = NoticeUnstorable(type(bad_row).__name__)
                unstorable.__cause__ = bad_row
                _answer(group, unstorable)
                return
            middle = len(group) // 2
            await self._write_group(group[:middle])
            await self._write_group(group[middle:])
        except Exception as failure:  # not known to be durable, so no client may be answered that it is
            await self._disconnect()
            unavailable = IntakeUnavailable(type(failure).__name__)
            unavailable.__cause__ = failure
            _answer(group, unavailable)
        else:
            _answer(group, None)
            self._on_stored()

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        """One statement, one commit: distinct notices, sorted, those stored before left as they are.

        So the same group may be written again where the server has closed a kept connection: it was restarted.
        """
        distinct = {waiting.verified.notice.key: waiting.verified for waiting in reversed(group)}
        notices = [distinct[key] for key in sorted(distinct)]
        async with asyncio.timeout(_COMMIT_WITHIN_S):
            kept = self._insert
            try:
                await (kept or await self._connect())(notices)
            except Exception:
                if kept is None or not await self._is_closed():
                    raise
                await self._disconnect()
                await self._database.renew()
                await (await self._connect())(notices)
        self.commits += 1
        _GROUP_SIZE.observe(len(group))

    async def _connect(self) -> Insert:
        self._connection = await self._database.engine.connect()
        self._insert = await prepare_insert(self._connection, self._region)
        return self._insert

    async def _is_closed(self) -> bool:
        """Whether the server has closed the kept connection."""
        if self._connection is None:
            return True
        driver = (await self._connection.get_raw_connection()).driver_connection
        return driver is None or driver.is_closed()

    async def _disconnect(self) -> None:
        """Throw the connection away: the region it works in must not come back into the pool."""
        connection, self._connection, self._insert = self._connection, None, None
        if connection is not None:
            with suppress(Exception):
                await connection.invalidate()
                await connection.close()


def _answer(group: Sequence[_Waiting], failure: Exception | None) -> None:
    for waiting in group:
        if waiting.durable.done():
            continue  # its client hung up
        if failure is None:
            waiting.durable.set_result(None)
        else:
            waiting.durable.set_exception(failure)
