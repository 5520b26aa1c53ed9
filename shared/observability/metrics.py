"""Metrics on a port of their own: operations may scrape it, the world never reaches it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from prometheus_client import Histogram, start_http_server

from shared.settings import Settings

LOOK_EVERY_S: Final = 0.005
_LOOP_LAG = Histogram(
    "canbao_loop_lag_seconds",
    "How much later than asked the event loop woke a sleeper: work that never awaits holds up everybody",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
_LOOP_HELD = Histogram(
    "canbao_loop_held_seconds",
    "How much of that was the process's own work: at most what its loop took of the processor since the last look",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5),
)


@asynccontextmanager
async def metrics_served(settings: Settings) -> AsyncIterator[None]:
    """While the block runs, ``/metrics`` answers on the metrics port, where one is set; else nothing is measured."""
    if not settings.metrics_port:
        yield
        return
    server, thread = start_http_server(settings.metrics_port, addr=settings.metrics_host)
    watching = asyncio.create_task(_watch_the_loop(), name="loop lag")
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        # The server's thread may be answering a scrape that needs this process's lock, never its loop.
        await asyncio.to_thread(server.shutdown)
        await asyncio.to_thread(thread.join)


async def _watch_the_loop() -> None:
    """Look two hundred times a second: what lasts longer than a look is seen, less that look at most."""
    loop = asyncio.get_running_loop()
    worked = time.thread_time()
    while True:
        due = loop.time() + LOOK_EVERY_S
        await asyncio.sleep(LOOK_EVERY_S)
        late, now = max(0.0, loop.time() - due), time.thread_time()
        _LOOP_LAG.observe(late)
        _LOOP_HELD.observe(min(late, now - worked))
        worked = now
