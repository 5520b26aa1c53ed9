"""What a service wants to know of others."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.contracts.event import Event

# (session, events, resources): a batch of one kind, at most one event per aggregate.
Handler = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A service wants to know of one kind of event; its handler takes a batch of them in one transaction."""

    event: type[Event]
    handler: Handler
