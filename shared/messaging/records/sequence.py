"""Where a record stands in the sequence of its aggregate's events."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from shared.messaging.bus.envelope import Envelope, Place
from shared.messaging.bus.protocol import Incoming


class AggregateKey(NamedTuple):
    """One publisher's events about one aggregate: the unit that a cursor counts."""

    publisher: str
    aggregate_id: UUID


@dataclass(frozen=True, slots=True)
class SequencedRecord:
    """A record with a valid envelope: its place orders it within its aggregate."""

    record: Incoming
    envelope: Envelope
    was_parked: bool = False

    @property
    def aggregate(self) -> AggregateKey:
        """The aggregate it belongs to."""
        return AggregateKey(self.envelope.publisher, self.envelope.key)

    @property
    def place(self) -> Place:
        """Its place among its aggregate's events."""
        return self.envelope.place
