"""When a consumer does what is not due at every turn: look whether it is stuck, tell the bus how far it is."""

from time import monotonic

# A commit costs Kafka some milliseconds and is advice only.
ADVICE_EVERY_S = 5.0
_LOOK_EVERY_S = 1.0


class Watch:
    """Three alarm clocks; each answers True once and starts over."""

    def __init__(self, watchdog_s: float) -> None:
        self._watchdog_s = watchdog_s
        self._silent_since = self._advised = self._looked = monotonic()

    def progress(self) -> None:
        """Records arrived."""
        self._silent_since = monotonic()

    def due(self) -> bool:
        """Whether it has been silent for so long that somebody should ask why."""
        if monotonic() - self._silent_since < self._watchdog_s:
            return False
        self._silent_since = monotonic()
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
