"""The relay: carries committed events from the outbox to the bus, in order."""

import asyncio

from shared.database.engine import Database
from shared.messaging.bus import Bus


async def run_relay(
    *, database: Database, bus: Bus, service: str, region: str, stop: asyncio.Event, wake: asyncio.Event
) -> None:
    """Send what the outbox holds until told to stop."""
    raise NotImplementedError
