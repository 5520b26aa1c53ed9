"""WeChat's bill files: columns by name, details, then a summary that has to agree with them.

UTF-8 with or without BOM, lines end with CRLF or LF, the last one perhaps with neither. Every value of a detail has a
backtick before it and may hold commas, so that values are divided by comma and backtick together.
"""

import gzip
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, BinaryIO, ClassVar

from services.payment.channels.bills import BillFault, FaultyBill, Lines

_PIECE = 1 << 20
_BOM = b"\xef\xbb\xbf"
_NEXT_VALUE = ",`"
Detail = Sequence[str]


class BillFile(ABC):
    """One file while it is read; each kind says which columns it needs and what a detail means."""

    # Others are not read: WeChat adds columns now and then.
    needed: ClassVar[tuple[str, ...]]
    # Other names of the same columns in other editions of the format.
    also_named: ClassVar[Mapping[str, str]] = {}

    def __init__(self, file: BinaryIO, merchant_id: str, day: date) -> None:
        self._file = file
        self.merchant_id = merchant_id
        self.day = day.isoformat()
        self.count = 0
        self.summary: Mapping[str, str] = {}
        self._width = 0
        self._pick: Callable[[Detail], Any] = tuple

    @abstractmethod
    def read(self, details: Iterator[Detail]) -> Lines:
        """The lines of details, each with its needed values in their order; counts each line and adds up its sums."""

    @abstractmethod
    def check(self, summary: Mapping[str, str]) -> None:
        """Compare the channel's totals with what was added up; raises FaultyBill, or KeyError where one is missing."""

    def portions(self) -> Iterator[Lines]:
        """The lines in the file's order; raises FaultyBill, at the latest after the last one."""
        totals: list[str] = []
        for lines in _whole_lines(self._file):
            if not self._width:
                self._find_columns(lines.pop(0))
            end = 0 if totals else next((at for at, line in enumerate(lines) if line[:1] != "`"), len(lines))
            if end:
                yield self._read(lines[:end])
            totals += (line for line in lines[end:] if line)
        self._conclude(totals)

    def _find_columns(self, header: str) -> None:
        names = [self.also_named.get(name, name) for name in header.split(",")]
        if wrong := [name for name in self.needed if names.count(name) != 1]:
            raise FaultyBill(BillFault.WRONG_COLUMNS, f"missing or repeated: {', '.join(wrong)}")
        self._width = len(names)
        self._pick = itemgetter(*(names.index(name) for name in self.needed))

    def _read(self, lines: Sequence[str]) -> Lines:
        details = [line[1:].split(_NEXT_VALUE) for line in lines]
        if any(len(detail) != self._width for detail in details):
            raise FaultyBill(BillFault.WRONG_LINE, f"not {self._width} values, after line {self.count}")
        try:
            return self.read(map(self._pick, details))
        except FaultyBill as faulty:
            raise FaultyBill(faulty.fault, f"line {self.count}: {faulty.detail}") from None

    def _conclude(self, totals: Sequence[str]) -> None:
        if len(totals) != 2 or totals[1][:1] != "`":
            raise FaultyBill(BillFault.CUT, "it does not end with a summary")
        names, values = totals[0].split(","), totals[1][1:].split(_NEXT_VALUE)
        if len(names) != len(values):
            raise FaultyBill(BillFault.CUT, "its summary breaks off")
        self.summary = dict(zip(names, values, strict=True))
        try:
            self.check(self.summary)
        except KeyError as missing:
            raise FaultyBill(BillFault.WRONG_SUMMARY, f"no {missing}") from None


def agree(name: str, theirs: int, *ours: int) -> None:
    """Raise FaultyBill unless a total of the summary is what was added up."""
    if theirs not in ours:
        raise FaultyBill(BillFault.WRONG_SUMMARY, f"{name}: {theirs}, its lines say {ours[0]}")


def _whole_lines(file: BinaryIO) -> Iterator[list[str]]:
    """The file's lines in portions, none of them empty; the last line need not end."""
    with gzip.GzipFile(fileobj=file) as content:
        rest = content.read(len(_BOM)).removeprefix(_BOM)
        while piece := content.read(_PIECE):
            whole, newline, rest = (rest + piece).rpartition(b"\n")
            if newline:
                yield _decoded(whole)
    if rest:
        yield _decoded(rest)


def _decoded(whole: bytes) -> list[str]:
    if b"\0" in whole:
        raise FaultyBill(BillFault.WRONG_LINE, "a byte of nought")
    try:
        return whole.replace(b"\r\n", b"\n").removesuffix(b"\r").decode().split("\n")
    except UnicodeDecodeError:
        raise FaultyBill(BillFault.WRONG_LINE, "not UTF-8") from None
