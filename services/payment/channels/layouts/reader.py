"""A declared file in portions: header, details, trailer. What it says of the whole is proven after its last line.

Nothing of a file counts before that: its portions are kept aside until the last has come.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain
from typing import BinaryIO, Final

from services.payment.channels.layouts import values
from services.payment.channels.layouts.detail_form import DetailForm
from services.payment.channels.layouts.faults import FaultyFile, FileFault, LineFault, UnreadableField
from services.payment.channels.layouts.field_cutter import cutter, decoded
from services.payment.channels.layouts.layout import (
    CountOf,
    Encoding,
    FileLayout,
    LayoutField,
    LineKind,
    Meaning,
    TotalOf,
)
from services.payment.channels.layouts.lines import FileLine, FilePortion, FileSummary, UnreadLine
from services.payment.channels.layouts.packed_content import unpacked
from services.payment.channels.layouts.physical_lines import PhysicalLine, physical_lines

AT_ONCE: Final = 2_000


class FileReader:
    """Reads one file of an institution; ``file_day`` and ``institution`` are what it should be, where that is known."""

    def __init__(
        self, layout: FileLayout, file: BinaryIO, *, file_day: date | None = None, institution: str | None = None
    ) -> None:
        self._layout, self._file = layout, file
        self._file_day, self._institution = file_day, institution
        self._first: PhysicalLine | None = None
        self._declared_count = self._declared_fen = 0
        self._lines = self._unread = self._empty = self._payments = self._without_amount = 0
        self._sums = {LineKind.PAYMENT: 0, LineKind.REVERSAL: 0}
        self._unread_sums = {LineKind.PAYMENT: 0, LineKind.REVERSAL: 0}
        self._summary: FileSummary | None = None

    @property
    def summary(self) -> FileSummary:
        """The file's totals, once all of it has been read."""
        if self._summary is None:
            raise RuntimeError("a file is summed up by its last line")
        return self._summary

    def portions(self, at_once: int = AT_ONCE) -> Iterator[FilePortion]:
        """The lines in the file's order; raises FaultyFile, at the latest after the last one."""
        layout = self._layout
        with unpacked(self._file, layout.packing) as content:
            lines = physical_lines(
                content,
                longest=layout.longest_line,
                most_bytes=layout.most_bytes,
                bom=layout.encoding is Encoding.UTF_8,
            )
            form = self._begin(lines)
            good: list[FileLine] = []
            bad: list[UnreadLine] = []
            for number, line in self._details(lines):
                read = form.read(number, line)
                self._count(read)
                if isinstance(read, FileLine):
                    good.append(read)
                else:
                    bad.append(read)
                if len(good) + len(bad) >= at_once:
                    yield FilePortion(good, bad)
                    good, bad = [], []
            if good or bad:
                yield FilePortion(good, bad)
        self._summary = self._proven()

    def _begin(self, lines: Iterator[PhysicalLine]) -> DetailForm:
        """Read what comes before the details."""
        self._first = next(lines, None)
        if self._first is None:
            raise FaultyFile(FileFault.EMPTY)
        if self._layout.header is not None:
            self._note_totals(self._layout.header, self._first, FileFault.WRONG_HEADER)
            self._first = None
        columns = None
        if self._layout.columns_named:
            named = self._first or next(lines, None)
            self._first = None
            if named is None:
                raise FaultyFile(FileFault.WRONG_COLUMNS, "no line of names")
            columns = self._columns(named)
        return DetailForm(self._layout, self._file_day, columns)

    def _details(self, lines: Iterator[PhysicalLine]) -> Iterator[PhysicalLine]:
        """The lines between header and trailer; the trailer is the last one."""
        rest = lines if self._first is None else chain((self._first,), lines)
        if self._layout.trailer is None:
            yield from rest
            return
        held: PhysicalLine | None = None
        for line in rest:
            if held is not None:
                yield held
            held = line
        if held is None:
            raise FaultyFile(FileFault.NO_TRAILER)
        self._note_totals(self._layout.trailer, held, FileFault.NO_TRAILER)

    def _columns(self, line: PhysicalLine) -> Sequence[str]:
        try:
            text = decoded(self._layout, line.content or b"")
        except UnreadableField as unreadable:
            raise FaultyFile(FileFault.WRONG_COLUMNS, unreadable.fault.value) from None
        separator = self._layout.separator or ""
        if self._layout.ends_with_separator:
            text = text.removesuffix(separator)
        return [name.strip() for name in text.split(separator)]

    def _note_totals(self, fields: Sequence[LayoutField], line: PhysicalLine, wrong: FileFault) -> None:
        """Read a header or a trailer; raises FaultyFile."""
        try:
            cells = cutter(self._layout, fields)(line.content or b"")
        except UnreadableField as unreadable:
            raise FaultyFile(wrong, f"line {line.number}: {unreadable.fault}") from None
        for field, text in zip(fields, cells, strict=True):
            if field.means is Meaning.CONSTANT and text != field.value:
                raise FaultyFile(wrong, f"line {line.number}: {field.name}")
            if field.means not in (Meaning.CONSTANT, Meaning.IGNORED):
                try:
                    self._note(field, text)
                except UnreadableField:
                    raise FaultyFile(wrong, f"line {line.number}: {field.name}") from None

    def _note(self, field: LayoutField, text: str) -> None:
        if field.means is Meaning.FILE_DAY:
            day = values.day_of(text, field.day_form)
            if self._file_day is not None and day != self._file_day:
                raise FaultyFile(FileFault.OTHER_DAY, day.isoformat())
            self._file_day = day
        elif field.means is Meaning.INSTITUTION:
            if self._institution is not None and text != self._institution:
                raise FaultyFile(FileFault.OTHER_INSTITUTION, values.number_of(text))
        elif field.means is Meaning.COUNT:
            self._declared_count = values.count_of(text)
        elif field.means is Meaning.TOTAL:
            negative = text.startswith("-") and self._layout.total_of is TotalOf.NET
            fen = values.fen_of(text.removeprefix("-") if negative else text, field.amount_form, padded=field.padded)
            self._declared_fen = -fen if negative else fen

    def _count(self, read: FileLine | UnreadLine) -> None:
        if isinstance(read, UnreadLine) and read.fault is LineFault.EMPTY:
            self._empty += 1  # it is named, and no line of the institution's count
        else:
            self._lines += 1
        if self._lines + self._empty > self._layout.most_lines:
            raise FaultyFile(FileFault.TOO_MANY_LINES, f"more than {self._layout.most_lines}")
        if isinstance(read, FileLine):
            self._sums[read.kind] += read.amount_fen
            self._payments += read.kind is LineKind.PAYMENT
            return
        self._unread += 1
        if read.fault is LineFault.EMPTY:
            return
        if read.amount_fen is None or read.kind is None:
            self._without_amount += 1
        else:
            self._unread_sums[read.kind] += read.amount_fen
            self._payments += read.kind is LineKind.PAYMENT

    def _proven(self) -> FileSummary:
        counts_payments = self._layout.count_of is CountOf.PAYMENTS
        counted = self._payments if counts_payments else self._lines
        # A line of which not even the kind is known may be one that is counted, or not.
        most = counted + (self._without_amount if counts_payments else 0)
        if not counted <= self._declared_count <= most:
            raise FaultyFile(FileFault.WRONG_COUNT, f"{self._declared_count}, there are {counted}")
        if self._unread and self._unread - self._empty == self._lines:
            raise FaultyFile(FileFault.NOTHING_READ, f"none of {self._lines} lines")
        known = self._total({kind: self._sums[kind] + self._unread_sums[kind] for kind in LineKind})
        gap = self._declared_fen - known
        if not self._explained(gap):
            raise FaultyFile(FileFault.WRONG_TOTAL, f"{self._declared_fen}, its lines say {known}")
        return FileSummary(
            file_day=self._file_day,
            declared_count=self._declared_count,
            declared_fen=self._declared_fen,
            lines=self._lines - (self._unread - self._empty),
            unread=self._unread,
            paid_fen=self._sums[LineKind.PAYMENT],
            reversed_fen=self._sums[LineKind.REVERSAL],
            open_fen=self._declared_fen - self._total(self._sums),
        )

    def _total(self, sums: dict[LineKind, int]) -> int:
        paid, back = sums[LineKind.PAYMENT], sums[LineKind.REVERSAL]
        return {TotalOf.PAYMENTS: paid, TotalOf.NET: paid - back, TotalOf.ABSOLUTE: paid + back}[self._layout.total_of]

    def _explained(self, gap: int) -> bool:
        """Whether lines without a legible amount can account for what is missing: each holds a fen at least.

        Of totals that take reversals away, or leave them out, such a line may also be one of these.
        """
        if not self._without_amount:
            return gap == 0
        if self._layout.total_of is TotalOf.ABSOLUTE:
            return gap >= self._without_amount
        if self._layout.total_of is TotalOf.PAYMENTS or not self._layout.has(Meaning.KIND):
            return gap >= (0 if self._layout.has(Meaning.KIND) else self._without_amount)
        return gap != 0 or self._without_amount > 1
