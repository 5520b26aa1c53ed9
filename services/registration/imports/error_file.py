"""The file that goes back: the refused rows as they were sent, in the file's own encoding, each with its reason.

It grows under a passing name beside the file that was sent and gets its own at the end, so that an import that goes on
finds what it had written, and nothing that a clerk is mending is written over.
"""

import codecs
import csv
import fcntl
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from services.registration.imports.columns import REASON, Columns
from services.registration.imports.form import Form
from services.registration.imports.passing import Refused
from services.registration.imports.records import cells_of
from services.registration.imports.runs import RunsElsewhere

# A spreadsheet would run a cell that begins so.
_RUNS = ("=", "+", "-", "@", "\t", "\r")
_HARMLESS = str.maketrans(dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)), "�"))
_MOST_NAMES = 1000


class ErrorFile:
    """The refused rows of one import."""

    def __init__(self, sent: Path, form: Form, columns: Columns, *, name: str) -> None:
        """Grow beside the file that was ``sent``, under a passing name with ``name`` in it."""
        self._sent, self._form, self._columns = sent, form, columns
        self._part = sent.with_name(f".{sent.name}.{name}.part")
        self._file: BinaryIO | None = None

    def open(self) -> None:
        """Hold the file; raises ``RunsElsewhere`` where another process does."""
        self._file = os.fdopen(os.open(self._part, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise RunsElsewhere from None
        # It holds what the file holds, so whoever may read the one may read the other, and nobody else.
        self._part.chmod(self._sent.stat().st_mode & 0o777)

    def resume(self, size: int) -> bool:
        """Go on behind the first ``size`` bytes; says no where they are not there."""
        file = self._held()
        if file.seek(0, os.SEEK_END) < size:
            return False
        file.truncate(size)
        file.seek(size)
        return True

    def begin(self) -> int:
        """Write the header into an empty file; gives its size."""
        file, mark = self._held(), codecs.BOM_UTF8 if self._form.byte_order_mark else b""
        header = self._columns.header if self._columns.reason is not None else (*self._columns.header, REASON)
        file.seek(0)
        file.truncate()
        file.write(mark + self._lines([header]))
        file.flush()
        return file.tell()

    def append(self, refused: Iterable[Refused]) -> int:
        """Add rows; gives the file's size, which counts once the import's transaction says so."""
        file = self._held()
        file.write(self._lines([self._row(one) for one in refused]))
        file.flush()
        return file.tell()

    def close(self) -> None:
        """Let go of it; what was written stays."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def publish(self) -> Path:
        """Give it its own name, which no other file has."""
        self.close()
        for count in range(1, _MOST_NAMES):
            own = self._sent.with_name(f"{self._sent.stem}.errors{'' if count == 1 else f'-{count}'}.csv")
            try:
                # The name is taken first: a rename alone would take the place of a file that is there.
                own.touch(exist_ok=False)
            except FileExistsError:
                continue
            return self._part.replace(own)
        raise FileExistsError(str(self._part))

    def remove(self) -> None:
        """Take the passing name away."""
        self.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Hold it while the block runs; raises ``RunsElsewhere``."""
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _held(self) -> BinaryIO:
        if self._file is None:
            raise ValueError("the file is held while rows are refused")
        return self._file

    def _row(self, refused: Refused) -> list[str]:
        width, place = self._columns.width, self._columns.reason
        cells = cells_of(refused.text, self._form.delimiter)
        if cells is None or len(cells) < width or any(cells[width:]):
            cells = [refused.text] + [""] * (width - 1)
        cells = [_harmless(cell) for cell in cells[:width]]
        if place is None:
            return [*cells, refused.reason]
        return [*cells[:place], refused.reason, *cells[place + 1 :]]

    def _lines(self, rows: Iterable[Sequence[str]]) -> bytes:
        out = io.StringIO()
        csv.writer(out, delimiter=self._form.delimiter, lineterminator=self._form.line_break).writerows(rows)
        return out.getvalue().encode(self._form.encoding, "replace")


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet runs and no terminal obeys."""
    cell = cell.translate(_HARMLESS)
    return f"'{cell}" if cell.startswith(_RUNS) else cell
