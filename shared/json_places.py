"""Where in a JSON text a value stands: the line and column that a person looks for in an editor."""

from collections.abc import Iterator, Sequence
from json import JSONDecodeError, JSONDecoder
from typing import NamedTuple

_DECODER = JSONDecoder()
_SPACE = " \t\r\n"


class LineColumn(NamedTuple):
    """A place in a text, counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        """In Chinese and English."""
        return f"第 {self.line} 行第 {self.column} 列 line {self.line} column {self.column}"


def json_place(text: str, path: Sequence[int | str]) -> LineColumn | None:
    """Where the value at a path begins, or the innermost one around it that is there; None where this is no JSON."""
    try:
        _DECODER.decode(text)
    except JSONDecodeError:
        return None
    at = _past_space(text, 0)
    for part in path:
        found = dict(_members(text, at)).get(part) if text[at] in "[{" else None
        if found is None:
            break
        at = found
    return LineColumn(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def _members(text: str, opening: int) -> Iterator[tuple[int | str, int]]:
    """The members of the array or object that opens here: name or number, and where its value begins."""
    named, number = text[opening] == "{", 0
    at = _past_space(text, opening + 1)
    while text[at] not in "]}":
        name: int | str = number
        if named:
            name, at = _DECODER.raw_decode(text, at)
            at = _past_space(text, _past_space(text, at) + 1)
        yield name, at
        number += 1
        at = _past_space(text, _DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _past_space(text, at + 1)


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at
