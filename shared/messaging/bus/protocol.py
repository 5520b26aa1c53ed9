"""What carries events between services: a protocol with two implementations, kafka.py and postgres.py."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

# Publishing refuses larger events, and a consumer makes them dead letters unread: parsing would block the process.
MAX_EVENT_BYTES = 1_000_000
# What a bus carries at all.
MAX_RECORD_BYTES = 8 * 1024 * 1024


class PartitionId(NamedTuple):
    """A partition of a topic; topics are named by their publisher, the bus adds the installation's prefix."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to send: the sender chooses its partition, never the bus."""

    partition_id: PartitionId
    id: UUID
    key: bytes
    headers: Mapping[str, str]
    value: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as it lies on the bus; nothing about its content is certain."""

    partition_id: PartitionId
    offset: int
    key: bytes | None
    headers: Mapping[str, str]
    value: bytes | None


class BusRefused(RuntimeError):
    """The bus holds something that does not belong to this installation, or in another shape; nothing was changed."""

    @classmethod
    def for_partitions(cls, topic: str, there: int, ours: int) -> "BusRefused":
        """A topic with another number of partitions than this installation's."""
        return cls(
            f"主题 {topic!r} 有 {there} 个分区，本安装为 {ours}，请核对 CANBAO_PARTITIONS"
            f" · topic {topic!r} has {there} partitions, this installation {ours}: check CANBAO_PARTITIONS"
        )


class RebalanceListener(Protocol):
    """A group member's callbacks: which partitions it gets and which it loses."""

    async def assigned(self, partition_ids: Collection[PartitionId]) -> Mapping[PartitionId, int]:
        """These partitions are assigned to this member; returns the offset to read on from, per partition."""
        ...

    async def revoked(self, partition_ids: Collection[PartitionId]) -> None:
        """These are revoked; returns when the running transaction has ended."""
        ...


class Member(Protocol):
    """One member of a group of consumers."""

    async def poll(self, limit: int, wait_s: float) -> Sequence[Incoming]:
        """Up to ``limit`` records, per partition in order; waits up to ``wait_s`` seconds for the first."""
        ...

    async def seek(self, partition_id: PartitionId, offset: int) -> None:
        """Read on from here in this partition."""
        ...

    async def commit_offsets(self, offsets: Mapping[PartitionId, int]) -> None:
        """Commit offsets for the broker's tools; advisory, because the consumer's database decides."""
        ...

    async def ends(self) -> Mapping[PartitionId, int]:
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
        """Append all, in order per partition; returns per record the error that kept it from being acknowledged."""
        ...

    def join(
        self, group: str, topics: Collection[str], listener: RebalanceListener
    ) -> AbstractAsyncContextManager[Member]:
        """Take part in a group for as long as the block runs."""
        ...

    async def ends(self, topics: Collection[str]) -> Mapping[PartitionId, int]:
        """The offset after the last record of each partition."""
        ...

    async def read(self, starts: Mapping[PartitionId, int], limit: int) -> Sequence[Incoming]:
        """Up to ``limit`` records of each of these partitions from an offset on, as they lie there now; in no group."""
        ...

    async def replicas(self) -> Mapping[str, tuple[int, int]]:
        """Of each topic, on how many machines it lies and on how many it should; empty where the bus has only one."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
