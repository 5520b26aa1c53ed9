"""Periodic work of a consumer: detect stalls, commit offsets for the broker's tools, look for new topics."""

from collections.abc import Mapping
from time import monotonic

from shared.messaging.bus.protocol import PartitionId

# A commit costs Kafka some milliseconds and is only advisory.
COMMIT_EVERY_S = 5.0
_TOPICS_EVERY_S = 1.0
# How many observations in a row must find a partition behind and unmoved before it counts as stalled.
OBSERVATIONS = 4


class PeriodicChecks:
    """Three timers; each returns True once per period."""

    def __init__(self, watchdog_s: float) -> None:
        """``watchdog_s``: how long a partition with waiting records may stand still, in seconds."""
        self._compare_every_s = watchdog_s / OBSERVATIONS
        self._compared = self._committed = self._topics_checked = monotonic()

    def compare_due(self) -> bool:
        """Whether to compare our offsets with the ends of the partitions."""
        if monotonic() - self._compared < self._compare_every_s:
            return False
        self._compared = monotonic()
        return True

    def commit_due(self) -> bool:
        """Whether to commit offsets to the bus."""
        if monotonic() - self._committed < COMMIT_EVERY_S:
            return False
        self._committed = monotonic()
        return True

    def topics_due(self) -> bool:
        """Whether to check for new and recreated topics."""
        if monotonic() - self._topics_checked < _TOPICS_EVERY_S:
            return False
        self._topics_checked = monotonic()
        return True


class StallDetector:
    """Finds partitions where records wait and the offset does not advance, each partition by itself.

    It observes between batches, so that time lost to a failing database counts for no partition.
    """

    def __init__(self) -> None:
        self._seen: dict[PartitionId, tuple[int, int]] = {}

    def observe(self, positions: Mapping[PartitionId, int], ends: Mapping[PartitionId, int]) -> list[PartitionId]:
        """Record next offsets and ends; returns the partitions that stood still for ``OBSERVATIONS`` calls."""
        behind = {partition_id: at for partition_id, at in positions.items() if at < ends.get(partition_id, at)}
        self._seen = {
            partition_id: (at, observations + 1 if at == before else 1)
            for partition_id, at in behind.items()
            for before, observations in [self._seen.get(partition_id, (at, 0))]
        }
        return sorted(
            partition_id for partition_id, (_, observations) in self._seen.items() if observations > OBSERVATIONS
        )
