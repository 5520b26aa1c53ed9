"""What carries events between services: a protocol with two implementations, kafka.py and postgres.py."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

# What publish refuses and a consumer sets aside unread: parsing it would hold up everyone else in the process.
MAX_EVENT_BYTES = 1_000_000
# What a bus carries at all.
MAX_RECORD_BYTES = 8 * 1024 * 1024


class Place(NamedTuple):
    """A partition of a topic; topics are named by their publisher, the bus adds the installation's prefix."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to send: its place is chosen by the sender, never by the bus."""

    place: Place
    id: UUID
    key: bytes
    headers: Mapping[str, str]
    value: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as it lies on the bus; nothing about its content is certain."""

    place: Place
    offset: int
    key: bytes | None
    headers: Mapping[str, str]
    value: bytes | None


class BusRefused(RuntimeError):
    """The bus holds something that does not belong to this installation, or in another shape; nothing was changed."""


class Listener(Protocol):
    """Who takes part in a group: told what it gets and what it loses."""

    async def assigned(self, places: Collection[Place]) -> Mapping[Place, int]:
        """These partitions are mine now; answers at which offset to read on."""
        ...

    async def revoked(self, places: Collection[Place]) -> None:
        """These are no longer mine; returns when the transaction that runs has ended."""
        ...


class Member(Protocol):
    """One member of a group of consumers."""

    async def poll(self, limit: int, wait_s: float) -> Sequence[Incoming]:
        """Up to ``limit`` records, per partition in order; waits up to ``wait_s`` seconds for the first."""
        ...

    async def seek(self, place: Place, offset: int) -> None:
        """Read on from here in this partition."""
        ...

    async def advise(self, offsets: Mapping[Place, int]) -> None:
        """Tell the bus how far the group is; advice for its tools, the truth is in the consumer's database."""
        ...

    async def ends(self) -> Mapping[Place, int]:
        """The offset after the last record of each assigned partition."""
        ...


class Bus(Protocol):
    """Topics of one installation, appended to by relays and read by groups of consumers."""

    installation: str
    partitions: int

    async def broker(self) -> str:
        """Which broker this is, so that a topic claimed on one is not taken for a topic on another."""
        ...

    async def topics(self) -> Mapping[str, int]:
        """The installation's topics and their partition counts."""
        ...

    async def create_topics(self, topics: Collection[str]) -> None:
        """Create what is missing; refuses a topic with another partition count."""
        ...

    async def send(self, records: Sequence[Outgoing]) -> Sequence[Exception | None]:
        """Append all, in order per place; answers per record what kept it from being acknowledged in time."""
        ...

    def join(self, group: str, topics: Collection[str], listener: Listener) -> AbstractAsyncContextManager[Member]:
        """Take part in a group for as long as the block runs."""
        ...

    async def ends(self, topics: Collection[str]) -> Mapping[Place, int]:
        """The offset after the last record of each partition."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...
