"""What can be wrong with a file as a whole, and with a single line of it."""

from enum import StrEnum


class FileFault(StrEnum):
    """Why nothing of a file is used."""

    EMPTY = "EMPTY"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_LINES = "TOO_MANY_LINES"
    NOT_PACKED_SO = "NOT_PACKED_SO"
    NO_HEADER = "NO_HEADER"
    WRONG_HEADER = "WRONG_HEADER"
    WRONG_COLUMNS = "WRONG_COLUMNS"
    NO_TRAILER = "NO_TRAILER"
    OTHER_DAY = "OTHER_DAY"
    OTHER_INSTITUTION = "OTHER_INSTITUTION"
    WRONG_COUNT = "WRONG_COUNT"
    WRONG_TOTAL = "WRONG_TOTAL"
    NOTHING_READ = "NOTHING_READ"


class LineFault(StrEnum):
    """Why one line cannot be read; the lines around it can."""

    EMPTY = "EMPTY"
    TOO_LONG = "TOO_LONG"
    WRONG_ENCODING = "WRONG_ENCODING"
    WRONG_WIDTH = "WRONG_WIDTH"
    WRONG_FIELDS = "WRONG_FIELDS"
    MISSING = "MISSING"
    UNPRINTABLE = "UNPRINTABLE"
    WRONG_VALUE = "WRONG_VALUE"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    WRONG_DAY = "WRONG_DAY"
    OTHER_DAY = "OTHER_DAY"
    UNKNOWN_CODE = "UNKNOWN_CODE"
    WRONG_NUMBER = "WRONG_NUMBER"
    SEQUENCE_TWICE = "SEQUENCE_TWICE"


class FaultyFile(Exception):
    """A file of which nothing is used; the detail names a place in it and never what a person's field holds."""

    def __init__(self, fault: FileFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else fault.value)
        self.fault = fault
        self.detail = detail


class UnreadableField(ValueError):
    """A field that holds no value of its kind; which one is known to who reads the line."""

    def __init__(self, fault: LineFault, field: str = "") -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.field = field
