"""One poll of the services for all browsers: at most once a second, and only while a browser watches.

Summing a large county's books takes the services a while. The longer a poll took, the later the next one begins, so
that watching costs the services a small share of their time at most.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

from services.console.service_client import ServiceClient
from services.console.summaries import Snapshot
from shared.domain.clock import Clock

INTERVAL_S = 1.0
LONGEST_REST_S = 10.0
_RESTS_PER_POLL = 5  # a poll is followed by this many times its own length without one
log = structlog.get_logger(__name__)


class SnapshotPoller:
    """Keeps the newest snapshot and notifies watchers when it changes."""

    def __init__(self, client: ServiceClient, clock: Clock, *, interval_s: float = INTERVAL_S) -> None:
        """Prepare to poll through ``client``; nothing is asked before the first watcher."""
        self._client = client
        self._clock = clock
        self._interval_s = interval_s
        self._latest: Snapshot | None = None
        self._rests_until = 0.0
        self._asking = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._watchers = 0
        self._polling: asyncio.Task[None] | None = None
        self._closed = False

    async def poll(self) -> Snapshot:
        """The newest snapshot; the services are asked only if the last poll was long enough ago."""
        async with self._asking:
            loop = asyncio.get_running_loop()
            if self._latest is not None and loop.time() < self._rests_until:
                return self._latest
            before = self._latest or Snapshot()
            began = loop.time()
            found = await self._client.ask(before, self._clock.now)
            ended = loop.time()
            self._rests_until = ended + max(self._interval_s, min(_RESTS_PER_POLL * (ended - began), LONGEST_REST_S))
            changed = self._latest is None or found != before
            self._latest = replace(found, changed_at=self._clock.now() if changed else before.changed_at)
            latest = self._latest
        if changed:
            async with self._changed:
                self._changed.notify_all()
        return latest

    async def watch(self) -> AsyncGenerator[Snapshot, None]:
        """The present snapshot, then every later one that differs, until the poller closes."""
        self._watchers += 1
        if self._polling is None:
            self._polling = asyncio.create_task(self._poll_repeatedly())
        try:
            seen = await self.poll()
            yield seen
            while not self._closed:
                async with self._changed:
                    await self._changed.wait_for(partial(self._has_changed, seen))
                if self._latest is not None and self._latest != seen:
                    seen = self._latest
                    yield seen
        finally:
            self._watchers -= 1
            if self._watchers == 0 and self._polling is not None:
                self._polling.cancel()
                self._polling = None

    def _has_changed(self, seen: Snapshot) -> bool:
        return self._closed or self._latest != seen

    async def stop(self) -> None:
        """End the stream of every watcher."""
        self._closed = True
        async with self._changed:
            self._changed.notify_all()

    async def aclose(self) -> None:
        """Stop the background poll, end open streams and close the connections."""
        await self.stop()
        if self._polling is not None:
            self._polling.cancel()
            with suppress(asyncio.CancelledError):
                await self._polling
        await self._client.aclose()

    async def _poll_repeatedly(self) -> None:
        while True:
            await asyncio.sleep(max(self._interval_s, self._rests_until - asyncio.get_running_loop().time()))
            try:
                await self.poll()
            except Exception as error:  # the watchers would wait for ever on a task that died
                log.warning("the services could not be asked", error=type(error).__name__)
