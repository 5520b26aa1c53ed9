"""Rows in the text form that COPY reads, made column by column: in it a value costs a fraction of a typed record."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Final

_NULL: Final = "\\N"
# What the text form has a meaning for.
_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_KEPT: Final = 100_000  # more than a day has seconds


class CopyText:
    """Writes portion after portion of rows; of numbers and moments there are few, and each is written once."""

    def __init__(self) -> None:
        self._written = _Spelt()

    def rows(self, columns: Sequence[Sequence[object]]) -> bytes:
        """Rows of these columns of one length: text, numbers, dates and moments, or None."""
        if not columns or not columns[0]:
            return b""
        rows = "\n".join(map("\t".join, zip(*map(self._texts, columns), strict=True)))
        return f"{rows}\n".encode()

    def _texts(self, column: Sequence[object]) -> Iterable[str]:
        if isinstance(column, range):
            return map(str, column)
        first = column[0]
        if first == column[-1] and column.count(first) == len(column):
            return repeat(self._written[first], len(column))
        try:
            together = "".join(column)  # type: ignore[arg-type] # whether all of it is text is what is asked
        except TypeError:
            return map(self._written.__getitem__, column)
        if any(map(together.__contains__, "\\\t\n\r")):
            return [str(value).translate(_ESCAPED) for value in column]
        return column  # type: ignore[return-value] # it is text


class _Spelt(dict[object, str]):
    """Values as they are written, up to a limit."""

    def __missing__(self, value: object) -> str:
        """Write it, and keep it."""
        text = _NULL if value is None else str(value).translate(_ESCAPED)
        if len(self) < _KEPT:
            self[value] = text
        return text
