"""Open the bus that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.messaging.bus import Bus
from shared.settings import Settings


@asynccontextmanager
async def open_bus(settings: Settings, service: str) -> AsyncIterator[Bus]:
    """The installation's bus as one service sees it, closed at the end of the block."""
    raise NotImplementedError
    yield
