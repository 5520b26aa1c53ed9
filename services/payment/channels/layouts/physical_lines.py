"""Bytes into lines: bounded, in constant memory, with the last line whether or not it ends."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from services.payment.channels.layouts.faults import FaultyFile, FileFault

_BOM = b"\xef\xbb\xbf"


class PhysicalLine(NamedTuple):
    """A line without its end; None where it is longer than any line may be."""

    number: int
    content: bytes | None


def physical_lines(file: BinaryIO, *, longest: int, most_bytes: int, bom: bool) -> Iterator[PhysicalLine]:
    """The lines from the file's first on; empty ones at its end are none. Raises FaultyFile where it is too large.

    No byte of GBK, GB18030 or UTF-8 within a character is a line feed, so that lines are cut before they are decoded.
    """
    number, blank = 0, 0
    for content in _cut(file, longest, most_bytes):
        number += 1
        if bom and number == 1 and content is not None:
            content = content.removeprefix(_BOM)  # noqa: PLW2901 - the same line without its mark
        if content == b"":
            blank += 1
            continue
        for each in range(number - blank, number):
            yield PhysicalLine(each, b"")
        blank = 0
        yield PhysicalLine(number, content)


def _cut(file: BinaryIO, longest: int, most_bytes: int) -> Iterator[bytes | None]:
    """Each line's bytes, None of one that is too long, whose rest is passed over a piece at a time."""
    size, passing = 0, False
    while piece := file.readline(longest + 2):
        size += len(piece)
        if size > most_bytes:
            raise FaultyFile(FileFault.TOO_LARGE, f"more than {most_bytes} bytes")
        ended = piece.endswith(b"\n")
        if passing:
            passing = not ended
            continue
        content = piece.removesuffix(b"\n").removesuffix(b"\r")
        if not ended and len(piece) == longest + 2:
            passing = True
            yield None
        else:
            yield content if len(content) <= longest else None
