"""A listener as a process: ``python -m tests.shared.messaging.listener_process BUS ADDRESS INSTALLATION DATABASE``."""

from __future__ import annotations

import asyncio
import sys

from shared.background_failures import BackgroundFailures
from shared.database.engine import Database
from shared.messaging.bus.kafka import KafkaBus
from shared.messaging.bus.postgres import PostgresBus
from shared.messaging.bus.protocol import Bus
from shared.messaging.consumer.loop import run_consumer
from tests.shared.messaging.example_services import LISTENER, PARTITIONS, REGION, RecordingHandlers

# Short enough for a test to see a lease end, long enough for a busy machine.
LEASE_S = 3.0
SESSION_TIMEOUT_MS = 6_000


def open_bus(kind: str, address: str, installation: str, partitions: int = PARTITIONS) -> Bus:
    """A client of the bus with the tests' short leases."""
    if kind == "postgres":
        return PostgresBus(address, installation=installation, partitions=partitions, name="test", lease_s=LEASE_S)
    return KafkaBus(
        address,
        installation=installation,
        partitions=partitions,
        name="test",
        session_timeout_ms=SESSION_TIMEOUT_MS,
    )


async def main(kind: str, address: str, installation: str, database: str) -> None:
    """Listen until killed."""
    await run_consumer(
        database=Database(database, pool_size=2, application_name="test member"),
        bus=open_bus(kind, address, installation),
        service=LISTENER,
        region=REGION,
        subscriptions=RecordingHandlers().subscriptions(),
        resources=None,
        failures=BackgroundFailures(),
        stop=asyncio.Event(),
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
