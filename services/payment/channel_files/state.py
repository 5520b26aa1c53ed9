"""How a file of an institution stands, and how it came. Pure."""

from enum import StrEnum


class FileState(StrEnum):
    """RECEIVED: all of it is proven, its lines are being worked. DONE: every line is. REFUSED: nothing of it counts."""

    RECEIVED = "RECEIVED"
    DONE = "DONE"
    REFUSED = "REFUSED"


class FileSource(StrEnum):
    """Whether the institution pushed it over HTTP, dropped it into its folder, or was asked for it."""

    PUSHED = "PUSHED"
    DROPPED = "DROPPED"
    FETCHED = "FETCHED"


class LineState(StrEnum):
    """What became of a line: WAITING to be worked, UNREAD where it cannot be read, else what crediting made of it."""

    WAITING = "WAITING"
    UNREAD = "UNREAD"
    CREDITED = "CREDITED"
    SUSPENDED = "SUSPENDED"
    REVERSED = "REVERSED"
    AWAITED = "AWAITED"
    CONTESTED = "CONTESTED"
    REFUSED = "REFUSED"


# Beside the faults of files themselves: another one counts for the day.
OTHER_CONTENT = "OTHER_CONTENT"
