"""How long a test may wait: longer where the machine is busy, so that nothing fails merely for time."""

import os

_MOST = 20.0


def stretch() -> float:
    """By how much waits are stretched now: what each processor has to do, or what CANBAO_TEST_PATIENCE says."""
    set_by_hand = os.environ.get("CANBAO_TEST_PATIENCE")
    if set_by_hand is not None:
        return float(set_by_hand)
    return min(_MOST, max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1)))


def stretched(seconds: float) -> float:
    """So many seconds on a quiet machine, stretched for this one."""
    return seconds * stretch()
