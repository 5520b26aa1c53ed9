"""The form of a file of rows: its encoding, found by its content, its delimiter and its header."""

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from shared.errors import DomainError, ErrorCode

UTF_8, GB18030 = "utf-8", "gb18030"
_BLOCK = 1 << 20
# Enough lines to tell which of two encodings a file is mostly written in.
_SAMPLE_BYTES = 4 << 20
_HEADER_BYTES = 1 << 16
_DELIMITERS = (",", "\t", ";")
_NO_TEXT = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
    b"PK\x03\x04": "xlsx",
    b"\xd0\xcf\x11\xe0": "xls",
}


class FileIsEmpty(DomainError):
    """The file holds nothing, not even a header."""

    code = ErrorCode.IMPORT_FILE_EMPTY


class FileIsNoCsv(DomainError):
    """The file is a workbook or in an encoding that is not read here."""

    code = ErrorCode.IMPORT_FILE_NOT_CSV


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written, and the fingerprint by which it is known again."""

    digest: bytes
    size: int
    encoding: str
    byte_order_mark: bool
    delimiter: str
    line_break: str

    @property
    def begin(self) -> int:
        """Where the header begins."""
        return len(codecs.BOM_UTF8) if self.byte_order_mark else 0


def survey(file: BinaryIO) -> Form:
    """Read a whole file once, in constant memory, and say how it is written.

    Raises ``FileIsEmpty`` or ``FileIsNoCsv``.
    """
    head = file.read(_HEADER_BYTES)
    for mark, kind in _NO_TEXT.items():
        if head.startswith(mark):
            raise FileIsNoCsv(kind)
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        raise FileIsEmpty
    file.seek(0)
    digest, size, is_utf_8 = _pass(file)
    marked = head.startswith(codecs.BOM_UTF8)
    encoding = UTF_8 if marked or is_utf_8 else _mostly(file)
    header = head.removeprefix(codecs.BOM_UTF8).split(b"\n")[0].split(b"\r")[0].decode(encoding, "replace")
    return Form(
        digest=digest,
        size=size,
        encoding=encoding,
        byte_order_mark=marked,
        delimiter=max(_DELIMITERS, key=header.count),
        line_break="\r\n" if b"\r\n" in head else "\n" if b"\n" in head else "\r" if b"\r" in head else "\r\n",
    )


def _pass(file: BinaryIO) -> tuple[bytes, int, bool]:
    """Digest and size of the rest of the file, and whether all of it is UTF-8."""
    digest, size, decoder = hashlib.sha256(), 0, codecs.getincrementaldecoder(UTF_8)()
    is_utf_8 = True
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
        is_utf_8 = is_utf_8 and _decodes(decoder, block, final=False)
    return digest.digest(), size, is_utf_8 and _decodes(decoder, b"", final=True)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _mostly(file: BinaryIO) -> str:
    """The encoding of most lines of a file that is not UTF-8 throughout."""
    found = [encoding for line in _sample(file) if (encoding := encoding_of(line)) is not None]
    return UTF_8 if found.count(UTF_8) > found.count(GB18030) else GB18030


def _sample(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    yield from file.read(_SAMPLE_BYTES).splitlines()


def encoding_of(line: bytes) -> str | None:
    """Which of the two encodings a line of Chinese text is in; None where it could be either, or is neither."""
    if line.isascii():
        return None
    if is_chinese_utf_8(line):
        return UTF_8
    return GB18030 if decoded(line, GB18030) is not None else None


def is_chinese_utf_8(line: bytes) -> bool:
    """Whether a line is Chinese in UTF-8, even where it could be read as GBK.

    Chinese in UTF-8 often is valid GBK, of other characters; in GBK it is all but never valid UTF-8, except that a few
    characters pass as two bytes of Greek or Cyrillic.
    """
    text = decoded(line, UTF_8)
    return text is not None and any(character >= "\u2e80" for character in text)


def decoded(line: bytes, encoding: str) -> str | None:
    """The line's text, or None where it is not in that encoding."""
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None
