"""Which messages of the freshness window were seen: one that comes again is not the institution speaking again.

Kept in the memory of one process. What moves money is safe without it: an institution's number stands for one payment
in the database, whichever process takes the message. This keeps a recorded question from being answered again.
"""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from services.payment.agent_signatures.signature import FRESH_FOR_S

MOST: Final = 200_000  # about ten minutes of 300 messages a second; beyond that the oldest are forgotten
_WINDOW = timedelta(seconds=2 * FRESH_FOR_S)


class SeenNonces:
    """The nonces of messages that were taken, for as long as their signature would count as fresh."""

    def __init__(self, most: int = MOST) -> None:
        """Remember ``most`` of them."""
        self._most = most
        self._seen: set[tuple[str, str]] = set()
        self._order: deque[tuple[datetime, tuple[str, str]]] = deque()

    def take(self, institution: str, nonce: str, now: datetime) -> bool:
        """Remember a nonce; False where it was taken within the window."""
        while self._order and (self._order[0][0] < now - _WINDOW or len(self._order) >= self._most):
            self._seen.discard(self._order.popleft()[1])
        key = (institution, nonce)
        if key in self._seen:
            return False
        self._seen.add(key)
        self._order.append((now, key))
        return True
