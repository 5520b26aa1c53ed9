"""Rows out of bytes: in blocks of bounded size, each row whole, and a broken one never swallowing the next.

A file may hold anything: an unclosed quote, a cell of a megabyte, a line in another encoding. What cannot be read is
one broken row, refused by itself; reading goes on with the line after it.
"""

import csv
from collections.abc import Iterator, Sequence
from enum import Enum
from io import StringIO
from typing import BinaryIO, NamedTuple

from services.registration.imports.form import GB18030, UTF_8, Form, decoded, is_chinese_utf_8

# A block is one transaction's worth: 1,000 to 2,000 people, and never 5,000, for no row that can be taken is shorter
# than 30 bytes.
BLOCK_BYTES = 128 << 10
# A longer line is no row of a register; it is skipped without being kept.
_LONGEST_ROW_BYTES = 2 << 20
# A quoted cell may hold line breaks, as spreadsheets write remarks; beyond this the quote was never closed.
_MOST_LINES = 50
_LONGEST_QUOTED_BYTES = 64 << 10
_SHOWN = 200


class Broken(Enum):
    """Why a line is no row."""

    QUOTES = ("引号不配对", "its quotes do not match")
    TOO_LONG = ("该行过长", "it is too long")
    NOT_UTF_8 = (
        "该行不是 UTF-8 编码，疑为 GBK；请整个文件用同一种编码保存",
        "it is not UTF-8 as the file is, but perhaps GBK",
    )
    NOT_GBK = (
        "该行不是 GBK 编码，疑为 UTF-8；请整个文件用同一种编码保存",
        "it is not GBK as the file is, but perhaps UTF-8",
    )


class Position(NamedTuple):
    """A place between two rows: bytes and lines from the file's beginning."""

    offset: int
    line: int


class Record(NamedTuple):
    """One row as it stands in the file, at which line, and its cells or why it has none."""

    line: int
    text: str
    cells: list[str] | Broken


class Block(NamedTuple):
    """Some rows and where they end."""

    records: list[Record]
    end: Position


class Lines:
    """Reads the lines of a file of known form as records."""

    def __init__(self, form: Form, width: int | None = None) -> None:
        """Read as ``form`` says; a row that goes on over several lines must have ``width`` cells."""
        self._encoding, self._delimiter, self._width = form.encoding, form.delimiter, width

    def blocks(self, file: BinaryIO, begin: Position) -> Iterator[Block]:
        """Every row from a position on, in blocks."""
        file.seek(begin.offset)
        held, position = b"", begin
        while True:
            read = file.read(BLOCK_BYTES)
            held += read
            if not held:
                return
            end = _last_break(held) if read else len(held)
            if end == 0 and len(held) > _LONGEST_ROW_BYTES:
                held, block = self._skipped(file, held, position)
            else:
                block, used = self._block(held[:end], position, whole=not read)
                held = held[used:]
            if block.end != position:
                position = block.end
                yield block

    def _block(self, held: bytes, begin: Position, *, whole: bool) -> tuple[Block, int]:
        """The records of some whole lines, and how many bytes they took; an open quote at the end waits for more."""
        if (plain := self._plain(held, begin.line)) is not None:
            return Block(plain, Position(begin.offset + len(held), begin.line + len(plain))), len(held)
        lines, records, at = held.splitlines(keepends=True), [], 0
        while at < len(lines):
            record, taken = self.record(lines, at, begin.line + at, whole=whole)
            if record is None:
                break
            at += taken
            records.append(record)
        used = len(held) - sum(map(len, lines[at:]))
        return Block(records, Position(begin.offset + used, begin.line + at)), used

    def _plain(self, held: bytes, line: int) -> list[Record] | None:
        """The records of lines without a quote and in one encoding, as most files have; None for others."""
        if self._encoding != UTF_8 or b'"' in held or (text := decoded(held, UTF_8)) is None:
            return None
        texts = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
        delimiter = self._delimiter
        return [Record(number, text, text.split(delimiter)) for number, text in enumerate(texts, line)]

    def record(self, lines: Sequence[bytes], at: int, line: int, *, whole: bool = True) -> tuple[Record | None, int]:
        """The record that begins with one of the lines and how many it takes; None where it may go on behind them."""
        raw = lines[at]
        text = self._decoded(raw)
        if isinstance(text, Broken):
            return Record(line, _readable(raw), text), 1
        text = text.rstrip("\r\n")
        if '"' not in text:
            return Record(line, text, text.split(self._delimiter)), 1
        return self._quoted(lines, at, line, text, whole)

    def _decoded(self, raw: bytes) -> str | Broken:
        text = decoded(raw, self._encoding)
        if self._encoding == UTF_8:
            return text if text is not None else Broken.NOT_UTF_8
        return Broken.NOT_GBK if text is None or (not raw.isascii() and is_chinese_utf_8(raw)) else text

    def _quoted(self, lines: Sequence[bytes], at: int, line: int, text: str, whole: bool) -> tuple[Record | None, int]:
        """A row with quotes; it may go on over several lines, or break off."""
        kept = _within(lines[at : at + _MOST_LINES])
        reader = csv.reader((_or_nothing(self._decoded(raw)) for raw in kept), delimiter=self._delimiter, strict=True)
        try:
            cells = next(reader)
        except csv.Error:
            # The reader asked for a line that is not there yet: the block ends inside a quoted cell.
            if reader.line_num == len(lines) - at == len(kept) < _MOST_LINES and not whole and _is_open(text):
                return None, 0
            return Record(line, text, Broken.TOO_LONG if len(text) > csv.field_size_limit() else Broken.QUOTES), 1
        taken = reader.line_num
        if taken > 1 and len(cells) != self._width:
            return Record(line, text, Broken.QUOTES), 1
        if taken > 1:
            text = "".join(_or_nothing(self._decoded(raw)) for raw in kept[:taken]).rstrip("\r\n")
        return Record(line, text, cells), taken

    def _skipped(self, file: BinaryIO, held: bytes, begin: Position) -> tuple[bytes, Block]:
        """Pass over a line that is too long to be a row; gives what follows it."""
        shown, offset = _readable(held[:_SHOWN]), begin.offset + len(held)
        while (read := file.read(BLOCK_BYTES)) and not (end := _first_break(read)):
            offset += len(read)
        offset += end if read else 0
        record = Record(begin.line, shown, Broken.TOO_LONG)
        return read[end:] if read else b"", Block([record], Position(offset, begin.line + 1))


def first_record(file: BinaryIO, form: Form) -> tuple[Record, Position]:
    """The header: the first line that is not blank, and where the rows begin."""
    file.seek(form.begin)
    lines = file.read(BLOCK_BYTES).splitlines(keepends=True)
    at = next((at for at, line in enumerate(lines) if line.strip()), len(lines) - 1)
    record, _ = Lines(form).record(lines, at, at + 1)
    if record is None:
        raise ValueError("a whole file's line is a record")
    return record, Position(form.begin + sum(map(len, lines[: at + 1])), at + 2)


def cells_of(text: str, delimiter: str) -> list[str] | None:
    """The cells of a row that was read before; None where it has none."""
    try:
        return next(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _last_break(held: bytes) -> int:
    """Just behind the last line break; a carriage return at the very end may be half of one."""
    return max(held.rfind(b"\n"), held.rfind(b"\r", 0, len(held) - 1)) + 1


def _first_break(read: bytes) -> int:
    found = [at for at in (read.find(b"\n"), read.find(b"\r")) if at >= 0]
    return min(found) + 1 if found else 0


def _within(lines: Sequence[bytes]) -> Sequence[bytes]:
    """As many of the lines as one quoted row may take."""
    size = 0
    for count, raw in enumerate(lines):
        size += len(raw)
        if count and size > _LONGEST_QUOTED_BYTES:
            return lines[:count]
    return lines


def _or_nothing(text: str | Broken) -> str:
    return "" if isinstance(text, Broken) else text


def _is_open(text: str) -> bool:
    return text.count('"') % 2 == 1


def _readable(raw: bytes) -> str:
    """A line in the other encoding as well as it can be shown."""
    other = decoded(raw, UTF_8) or decoded(raw, GB18030)
    return (other if other is not None else raw.decode(UTF_8, "replace")).rstrip("\r\n")
