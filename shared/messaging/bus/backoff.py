"""Wait a little longer after each failure, up to a limit, and not at all once it is time to stop."""

import asyncio
import random

_GATHER_MOST_S = 0.03
_FIRST_S = 0.05
_LONGEST_S = 5.0


class Backoff:
    """A capped backoff: 50 ms, doubling up to 5 s, a little random so that members do not march in step."""

    def __init__(self) -> None:
        self.count = 0

    def next(self) -> float:
        """How many seconds to wait after one more failure."""
        wait_s: float = min(_LONGEST_S, _FIRST_S * 2.0 ** min(self.count, 10))
        self.count += 1
        return wait_s * random.uniform(0.8, 1.2)  # noqa: S311 - nothing here is a secret

    def reset(self) -> None:
        """It worked: start over."""
        self.count = 0


async def linger(until: asyncio.Event, took_s: float) -> None:
    """After a batch that was not full and took so long: wait as long again, at most 30 ms, for more to come.

    A transaction costs the same for one event as for a hundred. Where the machine has time to spare a batch is quick
    and a hop short; the busier it is, the longer a batch takes, and the more the next one carries.
    """
    await pause(until, min(took_s, _GATHER_MOST_S))


async def pause(until: asyncio.Event, wait_s: float) -> bool:
    """Wait for the signal, at most ``wait_s`` seconds; says whether it came."""
    if until.is_set():
        return True
    try:
        await asyncio.wait_for(until.wait(), wait_s)
    except TimeoutError:
        return False
    return True


def cancelled_from_outside() -> bool:
    """Whether a cancellation that was caught is meant for this task, and did not escape from a client library's."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
