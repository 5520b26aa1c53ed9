"""How far the fetch of a detail is."""

from enum import StrEnum


class FetchState(StrEnum):
    """WAITING: to be read, or being read. COMPARED: nothing differs, the numbers are noted on the lines."""

    WAITING = "WAITING"
    COMPARED = "COMPARED"
    DONE = "DONE"
    FAILED = "FAILED"
