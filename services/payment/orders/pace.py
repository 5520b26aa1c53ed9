"""How many orders may be asked about now, so that a merchant's questions stay within their rate. Pure."""

from datetime import datetime, timedelta
from typing import Final

# What was not used up earlier than that is gone: an idle hour is no reason for a burst.
_WINDOW = timedelta(seconds=1)
# A channel answers within some hundred milliseconds: so many questions are under way at once that the rate is reached.
_ANSWERED_WITHIN_S = 0.25
LEAST_IN_PARALLEL: Final = 8
_MOST_IN_PARALLEL = 24
# Far below the window, so that nothing of the rate is lost by looking too late.
_LOOKS_AGAIN_AFTER_S = 0.25


def fresh(now: datetime) -> datetime:
    """Until when the rate of a merchant is used up that was never asked anything."""
    return now - _WINDOW


def allowance(used_until: datetime, now: datetime, per_second: int) -> tuple[int, datetime]:
    """How many questions are free now, and from which moment on they are counted.

    A moment far ahead is a clock that was set back, and holds nobody up.
    """
    began = now if used_until > now + _WINDOW else max(used_until, now - _WINDOW)
    return max(0, int((now - began) / timedelta(seconds=1) * per_second)), began


def used(began: datetime, questions: int, per_second: int) -> datetime:
    """Until when the rate is used up by so many questions."""
    return began + timedelta(seconds=questions / per_second)


def in_parallel(per_second: int) -> int:
    """How many questions are under way at once."""
    return min(_MOST_IN_PARALLEL, max(LEAST_IN_PARALLEL, int(per_second * _ANSWERED_WITHIN_S)))


def pause_s(per_second: int) -> float:
    """How long to wait, where the rate is used up, until it is worth asking again."""
    return max(1 / per_second, _LOOKS_AGAIN_AFTER_S)
