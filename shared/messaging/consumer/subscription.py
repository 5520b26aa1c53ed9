"""Which events of other services a service handles."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.contracts.event import Event

# (session, events, resources): a batch of one kind, at most one event per aggregate.
Handler = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One event class and its handler, which takes a batch of them in one transaction."""

    event: type[Event]
    handler: Handler
