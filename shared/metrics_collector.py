"""Refreshes a running service's gauges every 15 seconds, where somebody scrapes them at all."""

import asyncio
from collections.abc import Awaitable, Callable
from time import time

import structlog
from prometheus_client import Gauge

from shared.audit.seals import read_unsealed
from shared.messaging.bus.backoff import pause
from shared.messaging.topics.gauges import read_lag, read_stats
from shared.service import ServiceContext

EVERY_S = 15.0
_WITHIN_S = 10.0
_READ_AT = Gauge(
    "canbao_gauges_read_timestamp_seconds",
    "When the gauges of a part were last read; an old one means that its gauges are out of date",
    ["service", "part"],
)
log = structlog.get_logger(__name__)


async def keep_gauges(running: ServiceContext) -> None:
    """Read every part in turn until the service stops; a part that cannot be read hides no other."""
    while not running.stop.is_set():
        await read_gauges(running)
        await pause(running.stop, EVERY_S)


async def read_gauges(running: ServiceContext) -> None:
    """Read every part once."""
    for part, read in _parts(running).items():
        try:
            async with asyncio.timeout(_WITHIN_S):
                await read()
        except Exception as error:  # the gauge of the read time shows that this failed
            log.warning("gauges not read", service=running.service.name, part=part, error=type(error).__name__)
        else:
            _READ_AT.labels(running.service.name, part).set(time())


def _parts(running: ServiceContext) -> dict[str, Callable[[], Awaitable[None]]]:
    service, database, region = running.service, running.database, running.settings.region
    parts: dict[str, Callable[[], Awaitable[None]]] = {"events": lambda: read_stats(service.name, database, region)}
    if tables := service.audited_tables:
        parts["seals"] = lambda: read_unsealed(database, region, service.name, tables)
    topics = sorted({subscription.event.publisher() for subscription in service.subscriptions})
    bus = running.bus
    if topics and bus is not None:
        parts["bus"] = lambda: read_lag(service.name, database, bus, region, topics)
    for name, read in service.gauges.items():
        parts[name] = lambda read=read: read(running)  # type: ignore[misc]
    return parts
