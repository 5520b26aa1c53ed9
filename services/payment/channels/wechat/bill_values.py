"""Values in WeChat's bills: yuan with at most two places, moments in Beijing time, counts, numbers."""

import re
from collections.abc import Sequence
from datetime import datetime

from services.payment.channels.bills import BillFault, FaultyBill

_YUAN = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]{1,2}))?")
_COUNT = re.compile(r"([0-9]{1,9})(?:\.0)?")
_MOMENT_LENGTH = len("2023-10-08 23:59:59")
# Beyond these a moment leaves the calendar when it is counted in another zone.
_FIRST_YEAR, _BEYOND = "2010", "2200"
_NUMBER_LIMIT = 64
_KEPT = 4096


def fen_of(yuan: str) -> int:
    """A sum in fen; raises FaultyBill."""
    found = _YUAN.fullmatch(yuan)
    if found is None:
        raise FaultyBill(BillFault.WRONG_LINE, "a sum of money is not one")
    sign, whole, rest = found.groups()
    fen = int(whole) * 100 + int((rest or "").ljust(2, "0"))
    return -fen if sign else fen


# How values usually look, in a regular expression; what looks otherwise is read by the functions here, and named.
NUMBER = "[!-_a-~]{1,64}"
OPTIONAL_NUMBER = "[!-_a-~]{0,64}"
WORD = "[^`\\n]*"
AMOUNT = r"[0-9]{1,13}(?:\.[0-9]{1,2})?"
MOMENT = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"


class Moments(dict[str, datetime]):
    """Moments by how they are written: a day has no more than 86,400."""

    def __missing__(self, written: str) -> datetime:
        """Read it, and keep it."""
        moment = self[written] = moment_of(written)
        return moment


class Amounts(dict[str, int]):
    """Sums in fen by how they are written: of the amounts of a bill there are few, and thousands of each."""

    def __missing__(self, yuan: str) -> int:
        """Read it, and keep it up to a limit."""
        fen = fen_of(yuan)
        if fen < 0:
            raise FaultyBill(BillFault.WRONG_LINE, "a sum of money is negative")
        if len(self) < _KEPT:
            self[yuan] = fen
        return fen

    def of(self, column: Sequence[str]) -> list[int]:
        """The sums of a column. Most columns of a bill say the same in every line: that is read once."""
        if column.count(column[0]) == len(column):
            return [self[column[0]]] * len(column)
        return list(map(self.__getitem__, column))


def count_of(written: str) -> int:
    """A count, which some summaries write as ``20.0``; raises FaultyBill."""
    found = _COUNT.fullmatch(written)
    if found is None:
        raise FaultyBill(BillFault.WRONG_SUMMARY, "a count is not one")
    return int(found[1])


def moment_of(written: str) -> datetime:
    """A moment of Beijing time; raises FaultyBill."""
    try:
        if len(written) != _MOMENT_LENGTH or not _FIRST_YEAR <= written[:4] < _BEYOND:
            raise ValueError
        return datetime.fromisoformat(f"{written}+08:00")
    except ValueError:
        raise FaultyBill(BillFault.WRONG_LINE, "a moment is not one") from None


def number_of(written: str) -> str:
    """A number by which something is known; raises FaultyBill."""
    if not 0 < len(written) <= _NUMBER_LIMIT or not written.isascii() or not written.isprintable():
        raise FaultyBill(BillFault.WRONG_LINE, "a number is not one")
    return written


def optional_number(written: str) -> str | None:
    """The same where there need not be one: WeChat writes nothing, or a nought."""
    return None if written in ("", "0") else number_of(written)
