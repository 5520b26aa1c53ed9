"""The tax bureau's detail of a batch: read line by line from a file of any length, and compared inside the database."""

import codecs
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches.discrepancies import MAX_DIFFERENCES, Difference, DifferenceKind
from services.payment.batches.models import Batch
from services.payment.remittance import repository

AT_ONCE: Final = 1_000  # lines per statement and per stretch of the event loop
_CHUNK = 1 << 16
_LONGEST = 1 << 16  # characters of one value outside the lines, or of one line
_SPACE = " \t\r\n"


class UnreadableDetail(ValueError):
    """The answer is no detail of a batch."""


class _LineIn(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    line_no: Annotated[str, Field(min_length=1, max_length=64)]
    enrolment_id: Annotated[UUID, Field(strict=False)]
    amount_fen: int


class _HeadIn(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    serial: str | None = None
    total_fen: int


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One line of the tax bureau's detail; the number is its 缴费明细流水号."""

    position: int
    line_no: str
    enrolment_id: UUID
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the tax bureau reported and how it differs: the first differences, and how many there are."""

    total_fen: int
    lines: int
    differences: tuple[Difference, ...]
    found: int


_LINES = TypeAdapter(list[_LineIn])


class TaxDetail:
    """The detail in a file: its lines once, in order, and after the last of them its name and total."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin at the start of the file."""
        self._text = _Text(file)
        self._head: dict[str, Any] = {}

    @property
    def reference(self) -> str | None:
        """The name under which the tax bureau holds the batch, where it says it."""
        return self._read.serial

    @property
    def total_fen(self) -> int:
        """What it says that the batch sums to."""
        return self._read.total_fen

    @property
    def _read(self) -> _HeadIn:
        return _HeadIn.model_validate(self._head)

    def portions(self) -> Iterator[list[TaxLine]]:
        """The lines, some at a time; raises UnreadableDetail or pydantic's ValidationError."""
        position, seen = 0, False
        self._text.expect("{")
        while self._text.more("}"):
            name = self._text.value()
            self._text.expect(":")
            if name != "lines":
                self._head[str(name)] = self._text.value()
                continue
            if seen:
                raise UnreadableDetail("lines come twice")
            seen = True
            self._text.expect("[")
            some: list[Any] = []
            while self._text.more("]"):
                some.append(self._text.value())
                if len(some) == AT_ONCE:
                    yield _lines(some, position)
                    position, some = position + len(some), []
            yield _lines(some, position)
        self._text.expect("")
        if not seen:
            raise UnreadableDetail("no lines")
        _HeadIn.model_validate(self._head)


def _lines(read: list[Any], position: int) -> list[TaxLine]:
    lines = enumerate(_LINES.validate_python(read), start=position)
    return [TaxLine(place, line.line_no, line.enrolment_id, line.amount_fen) for place, line in lines]


class _Text:
    """JSON text of which only a stretch is in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder()
        self._text, self._at, self._ended, self._first = "", 0, False, True

    def expect(self, sign: str) -> None:
        """Pass the sign that must come now."""
        if self._peek() != sign:
            raise UnreadableDetail(f"{sign or 'the end'} is missing")
        self._at += 1
        self._first = True

    def more(self, end: str) -> bool:
        """Whether another member comes before the end of an object or list, which is passed."""
        sign = self._peek()
        if sign == end:
            self._at, self._first = self._at + 1, False
            return False
        if not self._first:
            if sign != ",":
                raise UnreadableDetail(", is missing")
            self._at += 1
        self._first = False
        return True

    def value(self) -> Any:
        """The value that comes now: all of it must fit into a stretch."""
        self._peek()
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
            except ValueError:
                end = -1
            except RecursionError:
                raise UnreadableDetail("nested too deeply") from None
            # A number that reaches the end of the stretch may go on.
            if end >= 0 and (end < len(self._text) or self._ended):
                self._at, self._first = end, False
                return found
            if self._ended or len(self._text) - self._at > _LONGEST or not self._fill():
                raise UnreadableDetail("no value")

    def _peek(self) -> str:
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def _fill(self) -> bool:
        chunk = self._file.read(_CHUNK)
        try:
            more = self._utf8.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            raise UnreadableDetail("not UTF-8") from None
        self._text, self._at, self._ended = self._text[self._at :] + more, 0, not chunk
        return bool(more) or bool(chunk) or bool(self._text)


async def compare(session: AsyncSession, batch: Batch, reference: str, detail: TaxDetail) -> Comparison:
    """Name every line and total in which the tax bureau's detail differs from the batch; nothing where all agree.

    The lines stay in the transaction's own table, by position, until it ends. Raises UnreadableDetail or
    pydantic's ValidationError.
    """
    await repository.open_detail(session)
    for lines in detail.portions():
        await repository.add_detail(session, lines)
    reported = await repository.sum_of_detail(session)
    return comparison(
        batch, reference, detail, reported, *await repository.differing_lines(session, batch.id, MAX_DIFFERENCES)
    )


def comparison(
    batch: Batch,
    reference: str,
    detail: TaxDetail,
    reported: repository.DetailSum,
    rows: Sequence[repository.DifferingLine],
    found: int,
) -> Comparison:
    """What the differing lines, and its name and total, come to: the first differences, and how many there are."""
    differences = [
        Difference(
            DifferenceKind[row.kind],
            ours_fen=row.ours_fen,
            theirs_fen=row.theirs_fen,
            enrolment_id=row.enrolment_id,
            reference=row.line_no,
        )
        for row in rows
    ]
    if detail.reference is not None and detail.reference != reference:
        found += 1
        differences.insert(0, Difference(DifferenceKind.TAX_BATCH_DIFFERS, reference=detail.reference))
    if detail.total_fen != batch.amount_fen or detail.total_fen != reported.fen:
        found += 1
        total = Difference(DifferenceKind.TAX_TOTAL_DIFFERS, ours_fen=batch.amount_fen, theirs_fen=detail.total_fen)
        differences = [*differences[: MAX_DIFFERENCES - 1], total]
    return Comparison(detail.total_fen, reported.lines, tuple(differences[:MAX_DIFFERENCES]), found)
