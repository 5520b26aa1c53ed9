"""Hand a batch to the handlers in waves; if it cannot be taken in, find the event that is to blame."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import EVENT_TYPES, Event, Received
from shared.messaging.bus.errors import described, is_transient
from shared.messaging.bus.protocol import MAX_EVENT_BYTES
from shared.messaging.consumer.cursors import Line, Step
from shared.messaging.consumer.subscription import Handler, Subscription
from shared.messaging.consumer.waves import waves

# Parsing is a long stretch without an await; after so many records others get their turn, well within 20 ms.
BREATH_EVERY = 64


class Unreadable(ValueError):
    """The record holds no event that this service understands."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step could not be taken in."""

    step: Step
    reason: str
    error: str


@dataclass(slots=True)
class Delivered:
    """What became of a batch: taken in, refused, or waiting behind a refused one of its line."""

    taken: list[Step] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    behind: list[Step] = field(default_factory=list)


_Decoded = tuple[Step, Received[Event] | None]


class Delivery:
    """The handlers of one service, within one transaction."""

    def __init__(self, session: AsyncSession, subscriptions: Sequence[Subscription], resources: Any) -> None:
        self._session = session
        self._handlers: Mapping[str, Handler] = {s.event.name: s.handler for s in subscriptions}
        self._kinds = frozenset(_kind(name) for name in self._handlers)
        self._resources = resources
        self._blocked: set[Line] = set()
        self._done = Delivered()

    async def deliver(self, steps: Sequence[Step]) -> Delivered:
        """Take in every step that can be; a transient error is raised and leaves nothing half-done."""
        await self._narrow(await self._decode(steps))
        return self._done

    async def _decode(self, steps: Sequence[Step]) -> list[_Decoded]:
        decoded: list[_Decoded] = []
        for place, step in enumerate(steps, start=1):
            if place % BREATH_EVERY == 0:
                await asyncio.sleep(0)
            if step.line in self._blocked:
                self._done.behind.append(step)
                continue
            try:
                decoded.append((step, self._received(step)))
            except Exception as error:
                self._refuse(step, "UNREADABLE", error)
        return decoded

    def _received(self, step: Step) -> Received[Event] | None:
        """The event for its handler, or None if this service does not care for its kind."""
        envelope = step.envelope
        if envelope.event not in self._handlers:
            if envelope.event not in EVENT_TYPES and _kind(envelope.event) in self._kinds:
                raise Unreadable(f"{envelope.event} is newer than what this service understands")
            return None
        value = step.record.value
        if value is None:
            raise Unreadable("the record is empty")
        if len(value) > MAX_EVENT_BYTES:
            raise Unreadable(f"{len(value)} bytes are more than an event may have")
        event = EVENT_TYPES[envelope.event].model_validate_json(value)
        return Received(event, envelope.id, envelope.seq, envelope.publisher, envelope.occurred_at, envelope.trace)

    async def _narrow(self, decoded: Sequence[_Decoded]) -> None:
        """Try all; else halve by aggregate until the error stands alone with the events of one aggregate."""
        if not decoded:
            return
        if await self._attempt(decoded) is None:
            self._done.taken += [step for step, _ in decoded]
            return
        aggregates: dict[object, list[_Decoded]] = {}
        for item in decoded:
            aggregates.setdefault(item[0].envelope.key, []).append(item)
        groups = list(aggregates.values())
        if len(groups) == 1:
            await self._one_by_one(groups[0])
            return
        half = len(groups) // 2
        await self._narrow([item for group in groups[:half] for item in group])
        await self._narrow([item for group in groups[half:] for item in group])

    async def _one_by_one(self, decoded: Sequence[_Decoded]) -> None:
        for item in decoded:
            step = item[0]
            if step.line in self._blocked:
                self._done.behind.append(step)
            elif (error := await self._attempt([item])) is None:
                self._done.taken.append(step)
            else:
                self._refuse(step, "NOT_HANDLED", error)

    async def _attempt(self, decoded: Sequence[_Decoded]) -> Exception | None:
        """Run the handlers under a savepoint; answers the permanent error that undid it."""
        wanted = [(step.envelope.key, received.event.name, received) for step, received in decoded if received]
        if not wanted:
            return None
        try:
            async with self._session.begin_nested():
                for wave in waves(wanted):
                    for name, events in wave.items():
                        # Sorted by aggregate, so that what a handler locks in this order is sorted too.
                        events.sort(key=lambda received: received.event.key)
                        await self._handlers[name](self._session, events, self._resources)
        except Exception as error:
            if is_transient(error):
                raise
            return error
        return None

    def _refuse(self, step: Step, reason: str, error: Exception) -> None:
        self._blocked.add(step.line)
        self._done.refused.append(Refusal(step, reason, described(error)))


def _kind(name: str) -> str:
    """The name of an event without its version."""
    return name.rpartition(".")[0]
