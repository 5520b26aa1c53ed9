"""How far a member has read in each of its partitions, and whether the topic is still the one it had read."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from uuid import UUID

from shared.messaging.bus.protocol import Incoming, PartitionId

# A fetch that was under way during a rebalance can look like another topic once, not twice.
_SUSPICIONS = 2
# For so long a partition is assumed unchanged. After more silence the topic may have been deleted, recreated and
# filled past our offset, and Kafka would read on without an error: the record before is checked again.
TRUSTED_S = 1.0


@dataclass(slots=True)
class TrackedOffset:
    """The next offset to take in, and the event before it, which must still be there when reading starts."""

    next_offset: int
    last_event_id: UUID | None
    proven: bool
    last_record_at: float = -inf
    suspicions: int = 0

    @property
    def start(self) -> int:
        """Where reading starts: one record back, to see that it is the one that was taken in."""
        return self.next_offset if self.proven else max(0, self.next_offset - 1)


def fingerprint(record: Incoming) -> UUID:
    """What identifies a record: the id of its event or, without one, where and what it is."""
    try:
        return UUID(record.headers["ce_id"])
    except (KeyError, ValueError):
        digest = hashlib.sha256(f"{record.partition_id.topic}/{record.partition_id.partition}/{record.offset}".encode())
        digest.update(record.key or b"")
        digest.update(record.value or b"")
        return UUID(bytes=digest.digest()[:16])


class OffsetTracker:
    """The positions of one member; empty while nothing is assigned."""

    def __init__(self, trusted_s: float = TRUSTED_S) -> None:
        """``trusted_s``: after how many seconds of silence a partition must show again that it is the same."""
        self._trusted_s = trusted_s
        self._held: dict[PartitionId, TrackedOffset] = {}

    def assign(self, stored: Mapping[PartitionId, tuple[int, UUID | None]]) -> dict[PartitionId, int]:
        """Take over partitions at what the database says; answers where to start reading."""
        for partition_id, (next_offset, last_event_id) in stored.items():
            self._held[partition_id] = TrackedOffset(next_offset, last_event_id, proven=next_offset == 0)
        return {partition_id: self._held[partition_id].start for partition_id in stored}

    def revoke(self, partition_ids: Collection[PartitionId]) -> None:
        """Forget partitions that belong to another member now."""
        for partition_id in partition_ids:
            self._held.pop(partition_id, None)

    def partition_ids(self) -> list[PartitionId]:
        """The partitions held, in order."""
        return sorted(self._held)

    def next_offset(self, partition_id: PartitionId) -> int:
        """The next offset to take in."""
        return self._held[partition_id].next_offset

    def next_offsets(self) -> dict[PartitionId, int]:
        """The next offset to take in of every partition held."""
        return {partition_id: position.next_offset for partition_id, position in self._held.items()}

    def shortened(self, ends: Mapping[PartitionId, int]) -> list[PartitionId]:
        """Of the partitions not yet proven, those that end before the record which was taken in last."""
        return [
            partition_id
            for partition_id, position in sorted(self._held.items())
            if not position.proven and ends.get(partition_id, position.next_offset) < position.next_offset
        ]

    @property
    def unproven(self) -> set[str]:
        """The topics of partitions where nothing has shown yet that they are still the same."""
        return {partition_id.topic for partition_id, position in self._held.items() if not position.proven}

    def holds(self, partition_id: PartitionId) -> bool:
        """Whether the partition is held."""
        return partition_id in self._held

    def advanced(self, partition_id: PartitionId, next_offset: int, last_event_id: UUID) -> None:
        """Records up to here were taken in."""
        position = self._held[partition_id]
        position.next_offset, position.last_event_id = next_offset, last_event_id

    def accept(self, records: Iterable[Incoming], now_s: float) -> "AcceptedBatch":
        """Sort out what was polled: records to take in, partitions to read again, topics that were recreated.

        ``now_s`` is a clock that never goes back, in seconds.
        """
        by_partition: dict[PartitionId, list[Incoming]] = {}
        for record in records:
            by_partition.setdefault(record.partition_id, []).append(record)
        admitted: list[Incoming] = []
        again: dict[PartitionId, int] = {}
        recreated: list[PartitionId] = []
        for partition_id, batch in by_partition.items():
            position = self._held[partition_id]
            wanted = self._wanted(position, batch, now_s)
            if wanted is not None:
                position.last_record_at, position.suspicions = now_s, 0
                admitted += wanted
                continue
            if position.next_offset == 0 or not self._only_silent(position, batch, now_s):
                position.suspicions += 1
            position.proven = False
            if position.suspicions >= _SUSPICIONS:
                recreated.append(partition_id)
            else:
                again[partition_id] = position.start
        return AcceptedBatch(admitted, again, recreated)

    def _wanted(self, position: TrackedOffset, batch: Sequence[Incoming], now_s: float) -> Sequence[Incoming] | None:
        """What follows on the position, or None if nothing shows that the partition is the one that was read before."""
        first = batch[0]
        if first.offset == position.next_offset - 1 and fingerprint(first) == position.last_event_id:
            position.proven = True
            return batch[1:]
        if position.next_offset == 0:
            # The rest of a fetch whose beginning went to the member before would skip that beginning. Only a log that
            # begins later by itself does so again, and what it has lost then shows as a gap.
            position.proven = first.offset == 0 or position.suspicions == _SUSPICIONS - 1
            return batch if position.proven else None
        trusted = position.proven and now_s - position.last_record_at <= self._trusted_s
        return batch if trusted and first.offset == position.next_offset else None

    def _only_silent(self, position: TrackedOffset, batch: Sequence[Incoming], now_s: float) -> bool:
        """Whether the records follow on, but after a silence that leaves it open in which topic."""
        after_silence = position.proven and now_s - position.last_record_at > self._trusted_s
        return after_silence and batch[0].offset >= position.next_offset


@dataclass(frozen=True, slots=True)
class AcceptedBatch:
    """What to do with polled records."""

    records: list[Incoming]
    again: dict[PartitionId, int]
    recreated: list[PartitionId]
