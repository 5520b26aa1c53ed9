"""The books as CSV for finance offices: opened by a spreadsheet, no cell of it is a formula. Pure."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"  # without it spreadsheets take the Chinese for another encoding
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> str:
    """A cell as text; what a spreadsheet would work out as a formula begins with an apostrophe. Numbers are numbers."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def yuan(fen: int) -> str:
    """An amount in yuan with two decimals; below nothing it stays a number, for it is no text from anybody."""
    sign, whole, rest = "-" if fen < 0 else "", *divmod(abs(fen), 100)
    return _Amount(f"{sign}{whole}.{rest:02d}")


def lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Rows as lines of a file, ended by CR and LF."""
    for row in rows:
        file = StringIO()
        csv.writer(file, lineterminator="\r\n").writerow(
            [str(each) if isinstance(each, _Amount) else cell(each) for each in row]
        )
        yield file.getvalue()


class _Amount(str):
    """A number that we wrote ourselves."""

    __slots__ = ()
