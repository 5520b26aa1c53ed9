"""WeChat's bill files: columns by name, details, then a summary that has to agree with them.

UTF-8 with or without BOM, lines end with CRLF or LF, the last one perhaps with neither. Every value of a detail has a
backtick before it and may hold commas, so that values are divided by comma and backtick together.

A portion of details that are all as expected is read by one regular expression, which makes strings of the needed
values only: a bill has 27 columns and hundreds of thousands of lines. Any other portion is read line by line, and names
what is wrong.
"""

import gzip
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, BinaryIO, ClassVar

from services.payment.channels.bills import BillFault, FaultyBill, Portion
from services.payment.channels.wechat.bill_values import WORD

# What is made of a piece should fit into the processor's cache: four times as much takes half as long again.
_PIECE = 1 << 17
_BOM = b"\xef\xbb\xbf"
# No line of a bill has a hundredth of it. What is read until it ends has to fit into memory.
_LONGEST_LINE = 1 << 16
# A line of names, and one of their values.
_SUMMARY = ("names", "values")
_NEXT_VALUE = ",`"
# A value that is not needed. It ends before a comma and a backtick, and every line begins with a backtick: it cannot
# reach into the next one.
_ANY = "[^`]*"
Detail = tuple[str, ...]
Column = tuple[str, ...]


class BillFile(ABC):
    """One file while it is read; each kind says which columns it needs and what a detail means."""

    # The columns that are needed, and how their values usually look. Others are not read: WeChat adds some at times.
    needed: ClassVar[Mapping[str, str]]
    # Other names of the same columns in other editions of the format.
    also_named: ClassVar[Mapping[str, str]] = {}

    def __init__(self, file: BinaryIO, merchant_id: str, day: date) -> None:
        self._file = file
        self.merchant_id = merchant_id
        self.day = day.isoformat()
        self.count = 0
        self.summary: Mapping[str, str] = {}
        self._width = 0
        self._pick: Callable[[Sequence[str]], Any] = tuple
        self._usual = re.compile("")
        self._in_order: Callable[[Sequence[Column]], Any] = tuple

    @abstractmethod
    def read(self, columns: Sequence[Column], first: int) -> Portion:
        """Lines of the needed columns in their order, the first of them with that number; adds up their sums."""

    @abstractmethod
    def check(self, summary: Mapping[str, str]) -> None:
        """Compare the channel's totals with what was added up; raises FaultyBill, or KeyError where one is missing."""

    def portions(self) -> Iterator[Portion]:
        """The lines in the file's order; raises FaultyBill, at the latest after the last one."""
        totals: list[str] = []
        in_details = True
        for text in _whole_lines(self._file):
            rest = text
            if not self._width:
                header, _, rest = text.partition("\n")
                self._find_columns(header)
            if in_details:
                details, rest, in_details = _divided(rest)
                if details:
                    yield self._read(details)
            totals += [line for line in rest.split("\n") if line]
            if len(totals) > len(_SUMMARY):
                raise FaultyBill(BillFault.CUT, "something follows its summary")
        self._conclude(totals)

    def _find_columns(self, header: str) -> None:
        names = [self.also_named.get(name, name) for name in header.split(",")]
        if wrong := [name for name in self.needed if names.count(name) != 1]:
            raise FaultyBill(BillFault.WRONG_COLUMNS, f"missing or repeated: {', '.join(wrong)}")
        self._width = len(names)
        self._pick = itemgetter(*(names.index(name) for name in self.needed))
        values = (f"({self.needed[name]})" if name in self.needed else _ANY for name in names)
        self._usual = re.compile("^`" + _NEXT_VALUE.join(values) + "$", re.MULTILINE | re.ASCII)
        there = [name for name in names if name in self.needed]
        self._in_order = itemgetter(*(there.index(name) for name in self.needed))

    def _read(self, text: str) -> Portion:
        count = text.count("\n") + 1
        details = self._usual.findall(text)
        if len(details) == count:
            columns = self._in_order(tuple(zip(*details, strict=True)))
        else:
            columns = tuple(zip(*self._line_by_line(text), strict=True))
        try:
            portion = self.read(columns, self.count + 1)
        except FaultyBill as faulty:
            place = f"lines {self.count + 1} to {self.count + count}"
            raise FaultyBill(faulty.fault, f"{place}: {faulty.detail}") from None
        self.count += count
        return portion

    def _line_by_line(self, text: str) -> Iterator[Detail]:
        """The details, each looked at; raises FaultyBill with the number of the line."""
        looks = [re.compile(look, re.ASCII | re.DOTALL) for look in self.needed.values()]
        for number, line in enumerate(text.split("\n"), start=self.count + 1):
            values = line[1:].split(_NEXT_VALUE)
            if len(values) != self._width:
                raise FaultyBill(BillFault.WRONG_LINE, f"line {number} has not {self._width} values")
            detail: Detail = self._pick(values)
            for name, look, value in zip(self.needed, looks, detail, strict=True):
                if look.pattern != WORD and not look.fullmatch(value):
                    raise FaultyBill(BillFault.WRONG_LINE, f"line {number}: {name}")
            yield detail

    def _conclude(self, totals: Sequence[str]) -> None:
        if len(totals) != len(_SUMMARY) or totals[1][:1] != "`":
            raise FaultyBill(BillFault.CUT, "it does not end with a summary")
        names, values = totals[0].split(","), totals[1][1:].split(_NEXT_VALUE)
        if len(names) != len(values):
            raise FaultyBill(BillFault.CUT, "its summary breaks off")
        if len(set(names)) != len(names):
            raise FaultyBill(BillFault.WRONG_SUMMARY, "a total stands there twice")
        self.summary = dict(zip(names, values, strict=True))
        try:
            self.check(self.summary)
        except KeyError as missing:
            raise FaultyBill(BillFault.WRONG_SUMMARY, f"no {missing}") from None


def agree(name: str, theirs: int, *ours: int) -> None:
    """Raise FaultyBill unless a total of the summary is what was added up."""
    if theirs not in ours:
        raise FaultyBill(BillFault.WRONG_SUMMARY, f"{name}: {theirs}, its lines say {ours[0]}")


def _divided(text: str) -> tuple[str, str, bool]:
    """The details at the beginning, the text from the first line on that is none, and whether there is no such line."""
    if text[:1] != "`":
        return "", text, False
    end = _NO_DETAIL.search(text)
    return (text, "", True) if end is None else (text[: end.start()], text[end.end() - 1 :], False)


# The end of a line that is followed by one without a backtick, empty ones too.
_NO_DETAIL = re.compile(r"\n(?:[^`]|\Z)")


def _whole_lines(file: BinaryIO) -> Iterator[str]:
    """The file's lines in portions; the last line need not end. Raises FaultyBill."""
    with gzip.GzipFile(fileobj=file) as content:
        rest = content.read(len(_BOM)).removeprefix(_BOM)
        while piece := content.read(_PIECE):
            whole, newline, rest = (rest + piece).rpartition(b"\n")
            if newline:
                yield _decoded(whole)
            if len(rest) > _LONGEST_LINE:
                raise FaultyBill(BillFault.WRONG_LINE, "a line does not end")
    if rest:
        yield _decoded(rest)


def _decoded(whole: bytes) -> str:
    if b"\0" in whole:
        raise FaultyBill(BillFault.WRONG_LINE, "a byte of nought")
    try:
        return whole.replace(b"\r\n", b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise FaultyBill(BillFault.WRONG_LINE, "not UTF-8") from None
