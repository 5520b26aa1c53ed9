"""Open the bus that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.messaging.bus.kafka import KafkaBus
from shared.messaging.bus.postgres import PostgresBus
from shared.messaging.bus.protocol import Bus
from shared.settings import Settings


@asynccontextmanager
async def open_bus(settings: Settings, service: str) -> AsyncIterator[Bus]:
    """The installation's bus as one service sees it, closed at the end of the block."""
    name = f"canbao {service}"
    bus: Bus
    if settings.bus == "kafka":
        bus = KafkaBus(
            settings.kafka_bootstrap_servers,
            installation=settings.installation,
            partitions=settings.partitions,
            name=name,
            replicas=settings.kafka_replicas,
        )
    else:
        bus = PostgresBus(
            settings.bus_url(service), installation=settings.installation, partitions=settings.partitions, name=name
        )
    try:
        yield bus
    finally:
        await bus.close()
