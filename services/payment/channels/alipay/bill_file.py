"""Alipay's bill files: lines that begin with # around a table whose columns are known by their names.

What stands before the table names seller and day, what stands behind it the totals; both have to agree with the table.
Values may be in quotes, and have a tab behind them that is no part of them. The columns are those of public copies of
such files; others may be there, in any order.
"""

import csv
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, BinaryIO, ClassVar

from services.payment.channels.alipay.bill_archive import ArchiveLimits, BillArchive
from services.payment.channels.bills import BillFault, FaultyBill, Portion

_REMARK = "#"
_END = "结束"
_ACCOUNT, _FROM = "#账号", "#起始日期"
_IN_BRACKETS = re.compile(r"\[([^\]]*)\]")
_TOTAL = re.compile(r"#+([^：:]{2,8})[：:]([0-9]{1,9})笔，(.*)")
_SUM = re.compile(r"共(-?[0-9]{1,13}(?:\.[0-9]{1,2})?)元")
_REMARKS_LIMIT = 64
Row = tuple[str, ...]


class AlipayBillFile(ABC):
    """One file while it is read; each kind says which columns it needs and what a row means."""

    # How the line before the table, and that behind it, call the table.
    table: ClassVar[str]

    def __init__(self, file: BinaryIO, seller_id: str, day: date, limits: ArchiveLimits) -> None:
        self._archive = BillArchive(file, limits)
        self._seller_id = seller_id
        self._day = day
        self.count = 0
        self.summary: Mapping[str, str] = {}
        self._pick: Callable[[Sequence[str]], Any] = tuple
        self._width = 0
        self._before: list[str] = []
        self._behind: list[str] = []
        self._is_over = False

    @property
    @abstractmethod
    def needed(self) -> Sequence[str]:
        """The columns that are read; amounts are in yuan whether their names say so or not."""

    @abstractmethod
    def read(self, rows: Sequence[Row], first: int) -> Portion:
        """Rows of the needed columns in their order, the first of them with that number; adds up their sums."""

    @abstractmethod
    def check(self, totals: Mapping[str, tuple[int, int]]) -> None:
        """Compare the channel's totals, counts and fen, with what was added up; raises FaultyBill or KeyError."""

    def portions(self) -> Iterator[Portion]:
        """The rows in the file's order; raises FaultyBill, at the latest after the last one."""
        for text in self._archive.pieces():
            table = self._divided(text)
            if table and not self._width:
                self._check_head(self._before)
                self._find_columns(table.pop(0))
            if table:
                yield self._read(table)
        if not self._is_over:
            raise FaultyBill(BillFault.CUT, "its table does not end")
        if not self._width:
            raise FaultyBill(BillFault.WRONG_COLUMNS, "no table")
        self._conclude(self._behind)

    def _divided(self, text: str) -> list[str]:
        """The lines of the table; what stands before it and behind it is kept aside."""
        table: list[str] = []
        for line in text.split("\n"):
            if self._is_over:
                self._behind.append(line)
            elif line.startswith(_REMARK):
                self._is_over = self.table in line and _END in line
                self._before.append(line)
            elif line.strip():
                table.append(line)
        if len(self._before) + len(self._behind) > _REMARKS_LIMIT:
            raise FaultyBill(BillFault.WRONG_LINE, "too many remarks")
        return table

    def _check_head(self, lines: Sequence[str]) -> None:
        account = _bracketed(lines, _ACCOUNT)
        if not account.startswith(self._seller_id):
            raise FaultyBill(BillFault.OTHER_MERCHANT)
        if not _bracketed(lines, _FROM).startswith(f"{self._day:%Y年%m月%d日}"):
            raise FaultyBill(BillFault.OTHER_DAY)

    def _find_columns(self, header: str) -> None:
        names = [column_name(name) for name in next(csv.reader([header]))]
        needed = [column_name(name) for name in self.needed]
        if wrong := [name for name in needed if names.count(name) != 1]:
            raise FaultyBill(BillFault.WRONG_COLUMNS, f"missing or repeated: {', '.join(wrong)}")
        self._width = len(names)
        self._pick = itemgetter(*(names.index(name) for name in needed))

    def _read(self, lines: Sequence[str]) -> Portion:
        place = f"lines {self.count + 1} to {self.count + len(lines)}"
        try:
            rows = [tuple(value.strip() for value in self._pick(row)) for row in self._whole_rows(lines)]
            portion = self.read(rows, self.count + 1)
        except FaultyBill as faulty:
            raise FaultyBill(faulty.fault, f"{place}: {faulty.detail}") from None
        except csv.Error:
            raise FaultyBill(BillFault.WRONG_LINE, f"{place}: quotes do not end") from None
        self.count += len(rows)
        return portion

    def _whole_rows(self, lines: Sequence[str]) -> Iterator[Sequence[str]]:
        rows = 0
        for row in csv.reader(lines, strict=True):
            rows += 1
            if len(row) != self._width:
                raise FaultyBill(BillFault.WRONG_LINE, f"row {self.count + rows} has not {self._width} values")
            yield row
        if rows != len(lines):
            raise FaultyBill(BillFault.WRONG_LINE, "a value goes over its line")

    def _conclude(self, lines: Sequence[str]) -> None:
        found: dict[str, tuple[int, int]] = {}
        said: dict[str, str] = {}
        for line in lines:
            if line.strip() and not line.startswith(_REMARK):
                raise FaultyBill(BillFault.CUT, "something follows its table")
            total = _TOTAL.match(line)
            amount = _SUM.search(total[3]) if total else None
            if total is None or amount is None:
                continue
            if total[1] in found:
                raise FaultyBill(BillFault.WRONG_SUMMARY, "a total stands there twice")
            whole, _, places = amount[1].partition(".")
            fen = abs(int(whole)) * 100 + int(places.ljust(2, "0"))
            found[total[1]] = int(total[2]), -fen if whole.startswith("-") else fen
            said[total[1]] = line.strip().lstrip(_REMARK)
        self.summary = said
        try:
            self.check(found)
        except KeyError as missing:
            raise FaultyBill(BillFault.WRONG_SUMMARY, f"no {missing}") from None


def agree(name: str, theirs: tuple[int, int], ours: tuple[int, int]) -> None:
    """Raise FaultyBill unless a total, its count and its fen, is what was added up."""
    if theirs != ours:
        raise FaultyBill(BillFault.WRONG_SUMMARY, f"{name}: {theirs}, its lines say {ours}")


def column_name(name: str) -> str:
    """A column's name without the unit, which some editions write in other brackets."""
    return re.split(r"[（(]", name.strip())[0]


def _bracketed(lines: Sequence[str], name: str) -> str:
    line = next((line for line in lines if line.startswith(name)), "")
    found = _IN_BRACKETS.search(line)
    return found[1].strip() if found else ""
