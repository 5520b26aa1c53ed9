"""The consumer: takes in what others announced, each event once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.event import Event
from shared.database.engine import Database
from shared.messaging.bus import Bus

Handler = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A service wants to know of one kind of event: ``handler(session, events, resources)`` takes a batch of them."""

    event: type[Event]
    handler: Handler


async def run_consumer(
    *,
    database: Database,
    bus: Bus,
    service: str,
    region: str,
    subscriptions: Sequence[Subscription],
    resources: Any,
    stop: asyncio.Event,
) -> None:
    """Take in subscribed events until told to stop."""
    raise NotImplementedError
