"""Hand a batch to the handlers in waves; if it fails, isolate the event that caused it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import EVENT_TYPES, Event, Received
from shared.messaging.bus.errors import error_summary, is_transient
from shared.messaging.bus.protocol import MAX_EVENT_BYTES
from shared.messaging.consumer.subscription import Handler, Subscription
from shared.messaging.consumer.waves import waves
from shared.messaging.outbox.publication import collected
from shared.messaging.records.sequence import AggregateKey, SequencedRecord

# Parsing is a long stretch without an await; after so many records other tasks run, well within 20 ms.
YIELD_EVERY = 64


class Unreadable(ValueError):
    """The record holds no event that this service understands."""


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A record that could not be handled or read, and why."""

    item: SequencedRecord
    reason: str
    error: str


@dataclass(slots=True)
class DeliveryResult:
    """What became of a batch: handled, failed, or blocked behind a failed record of its aggregate."""

    handled: list[SequencedRecord] = field(default_factory=list)
    failed: list[FailedRecord] = field(default_factory=list)
    blocked: list[SequencedRecord] = field(default_factory=list)


_Decoded = tuple[SequencedRecord, Received[Event] | None]


class Delivery:
    """The handlers of one service, within one transaction."""

    def __init__(self, session: AsyncSession, subscriptions: Sequence[Subscription], resources: object) -> None:
        self._session = session
        self._handlers: Mapping[str, Handler] = {s.event.name: s.handler for s in subscriptions}
        self._kinds = frozenset(_unversioned(name) for name in self._handlers)
        self._resources = resources
        self._blocked: set[AggregateKey] = set()
        self._done = DeliveryResult()

    async def deliver(self, items: Sequence[SequencedRecord]) -> DeliveryResult:
        """Handle every record that can be; a transient error is raised and leaves nothing half-done."""
        await self._isolate_failures(await self._decode(items))
        return self._done

    async def _decode(self, items: Sequence[SequencedRecord]) -> list[_Decoded]:
        decoded: list[_Decoded] = []
        for count, item in enumerate(items, start=1):
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            if item.aggregate in self._blocked:
                self._done.blocked.append(item)
                continue
            try:
                decoded.append((item, self._received(item)))
            except Exception as error:
                self._fail(item, "UNREADABLE", error)
        return decoded

    def _received(self, item: SequencedRecord) -> Received[Event] | None:
        """The event for its handler, or None if this service does not care for its kind."""
        envelope = item.envelope
        if envelope.event not in self._handlers:
            if envelope.event not in EVENT_TYPES and _unversioned(envelope.event) in self._kinds:
                raise Unreadable(f"{envelope.event} is newer than what this service understands")
            return None
        value = item.record.value
        if value is None:
            raise Unreadable("the record is empty")
        if len(value) > MAX_EVENT_BYTES:
            raise Unreadable(f"{len(value)} bytes are more than an event may have")
        event = EVENT_TYPES[envelope.event].model_validate_json(value)
        return Received(event, envelope.id, envelope.seq, envelope.publisher, envelope.occurred_at, envelope.trace)

    async def _isolate_failures(self, decoded: Sequence[_Decoded]) -> None:
        """Try all; else halve by aggregate until the error stands alone with the events of one aggregate."""
        if not decoded:
            return
        if await self._attempt(decoded) is None:
            self._done.handled += [item for item, _ in decoded]
            return
        aggregates: dict[UUID, list[_Decoded]] = {}
        for decoded_record in decoded:
            aggregates.setdefault(decoded_record[0].envelope.key, []).append(decoded_record)
        # By key, so that halves that announce one after the other lock aggregates in the order of everybody else.
        groups = sorted(aggregates.values(), key=lambda group: group[0][0].envelope.key)
        if len(groups) == 1:
            await self._one_by_one(groups[0])
            return
        half = len(groups) // 2
        await self._isolate_failures([decoded_record for group in groups[:half] for decoded_record in group])
        await self._isolate_failures([decoded_record for group in groups[half:] for decoded_record in group])

    async def _one_by_one(self, decoded: Sequence[_Decoded]) -> None:
        for decoded_record in decoded:
            item = decoded_record[0]
            if item.aggregate in self._blocked:
                self._done.blocked.append(item)
            elif (error := await self._attempt([decoded_record])) is None:
                self._done.handled.append(item)
            else:
                self._fail(item, "NOT_HANDLED", error)

    async def _attempt(self, decoded: Sequence[_Decoded]) -> Exception | None:
        """Run the handlers under a savepoint; answers the permanent error that undid it."""
        wanted = [(item.envelope.key, received.event.name, received) for item, received in decoded if received]
        if not wanted:
            return None
        try:
            # Within the savepoint: a handler that fails has announced nothing, and all others announce together.
            async with self._session.begin_nested(), collected(self._session):
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

    def _fail(self, item: SequencedRecord, reason: str, error: Exception) -> None:
        self._blocked.add(item.aggregate)
        self._done.failed.append(FailedRecord(item, reason, error_summary(error)))


def _unversioned(name: str) -> str:
    """The name of an event without its version."""
    return name.rpartition(".")[0]
