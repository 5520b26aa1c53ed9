"""One shared look at the services for all browsers: at most once a second, and only while somebody watches.

Summing a large county's books takes the services a while; the longer a look took, the longer the next one is put off,
so that watching never takes more than a small share of what it watches.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

from services.console.asking import Asker
from services.console.summaries import Snapshot
from shared.domain.clock import Clock

INTERVAL_S = 1.0
LONGEST_REST_S = 10.0
_RESTS_PER_LOOK = 5  # a look is followed by this many times its own length without one
log = structlog.get_logger(__name__)


class Lookout:
    """Keeps the newest snapshot and tells watchers when it changed."""

    def __init__(self, asker: Asker, clock: Clock, *, interval_s: float = INTERVAL_S) -> None:
        """Prepare to look through ``asker``; nothing is asked before somebody watches."""
        self._asker = asker
        self._clock = clock
        self._interval_s = interval_s
        self._latest: Snapshot | None = None
        self._rests_until = 0.0
        self._asking = asyncio.Lock()
        self._news = asyncio.Condition()
        self._watchers = 0
        self._rounds: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def watchers(self) -> int:
        """How many browsers watch now."""
        return self._watchers

    async def look(self) -> Snapshot:
        """The newest snapshot; the services are asked only if the last look was long enough ago."""
        async with self._asking:
            loop = asyncio.get_running_loop()
            if self._latest is not None and loop.time() < self._rests_until:
                return self._latest
            before = self._latest or Snapshot()
            began = loop.time()
            found = await self._asker.ask(before, self._clock.now)
            ended = loop.time()
            self._rests_until = ended + max(self._interval_s, min(_RESTS_PER_LOOK * (ended - began), LONGEST_REST_S))
            changed = self._latest is None or found != before
            self._latest = replace(found, changed_at=self._clock.now() if changed else before.changed_at)
            latest = self._latest
        if changed:
            async with self._news:
                self._news.notify_all()
        return latest

    async def watch(self) -> AsyncGenerator[Snapshot, None]:
        """The present snapshot, then every later one that differs, until the lookout closes."""
        self._watchers += 1
        if self._rounds is None:
            self._rounds = asyncio.create_task(self._look_again_and_again())
        try:
            seen = await self.look()
            yield seen
            while not self._closed:
                async with self._news:
                    await self._news.wait_for(partial(self._is_news, seen))
                if self._latest is not None and self._latest != seen:
                    seen = self._latest
                    yield seen
        finally:
            self._watchers -= 1
            if self._watchers == 0 and self._rounds is not None:
                self._rounds.cancel()
                self._rounds = None

    def _is_news(self, seen: Snapshot) -> bool:
        return self._closed or self._latest != seen

    async def dismiss(self) -> None:
        """Send every watcher home."""
        self._closed = True
        async with self._news:
            self._news.notify_all()

    async def aclose(self) -> None:
        """Send every watcher home and close the connections."""
        await self.dismiss()
        if self._rounds is not None:
            self._rounds.cancel()
            with suppress(asyncio.CancelledError):
                await self._rounds
        await self._asker.aclose()

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(max(self._interval_s, self._rests_until - asyncio.get_running_loop().time()))
            try:
                await self.look()
            except Exception as error:  # the watchers would wait for ever behind a dead look-out
                log.warning("the services could not be asked", error=type(error).__name__)
