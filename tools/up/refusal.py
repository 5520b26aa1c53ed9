"""Why ``canbao up`` cannot start, with the remedy, and the exit codes it ends with."""

from enum import IntEnum


class Exit(IntEnum):
    """What the exit code of ``canbao up`` says."""

    FINE = 0
    NOT_PROVEN = 1  # a break, a difference from the simulator's books, books without money, or a season broken off
    CANNOT_START = 3  # port taken, folder not writable, Kafka not reachable or another's, folder in use
    INTERRUPTED = 130  # Ctrl-C or SIGTERM before the table was printed


class CannotStart(Exception):
    """Something outside of canbao is in the way; the message names it and the remedy, Chinese first."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")
