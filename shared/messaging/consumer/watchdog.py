"""When a consumer does what is not due at every turn: look whether it is stuck, tell the bus how far it is."""

from collections.abc import Mapping
from time import monotonic

from shared.messaging.bus.protocol import Place

# A commit costs Kafka some milliseconds and is advice only.
ADVICE_EVERY_S = 5.0
_LOOK_EVERY_S = 1.0
# How many looks in a row must find a partition behind and unmoved before it counts as stuck.
LOOKS = 4


class Watch:
    """Three alarm clocks; each answers True once and starts over."""

    def __init__(self, watchdog_s: float) -> None:
        """``watchdog_s``: how long a partition with waiting records may stand still, in seconds."""
        self._compare_every_s = watchdog_s / LOOKS
        self._compared = self._advised = self._looked = monotonic()

    def compare(self) -> bool:
        """Whether to compare how far we are with how far the bus is."""
        if monotonic() - self._compared < self._compare_every_s:
            return False
        self._compared = monotonic()
        return True

    def advise(self) -> bool:
        """Whether the bus should hear how far the group is."""
        if monotonic() - self._advised < ADVICE_EVERY_S:
            return False
        self._advised = monotonic()
        return True

    def look_around(self) -> bool:
        """Whether to look for what no record tells."""
        if monotonic() - self._looked < _LOOK_EVERY_S:
            return False
        self._looked = monotonic()
        return True


class Standstill:
    """Which partitions have records waiting and do not move, look by look; others that move hide none of them.

    Looks are taken between batches, so that time lost to a database in trouble counts for no partition.
    """

    def __init__(self) -> None:
        self._seen: dict[Place, tuple[int, int]] = {}

    def look(self, positions: Mapping[Place, int], ends: Mapping[Place, int]) -> list[Place]:
        """Take one look at next offsets and ends; answers which partitions stood still for ``LOOKS`` of them."""
        behind = {place: at for place, at in positions.items() if at < ends.get(place, at)}
        self._seen = {
            place: (at, looks + 1 if at == before else 1)
            for place, at in behind.items()
            for before, looks in [self._seen.get(place, (at, 0))]
        }
        return sorted(place for place, (_, looks) in self._seen.items() if looks > LOOKS)
