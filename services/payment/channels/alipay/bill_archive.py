"""Alipay's zip of a day: two GBK files, of which the one with the details is read, in pieces and never onto a disk.

Nothing in the archive is believed before it is looked at: how many entries it has, what they are called, how large they
say that they are. A directory of names that would not fit into memory is refused by its announced size.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import BinaryIO, Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from services.payment.channels.bills import BillFault, FaultyBill

_CHARSET: Final = "gbk"
_TOTALS_NAME = "汇总"
_SUFFIX = ".csv"
_ENTRY_LIMIT = 8
_DIRECTORY_LIMIT = 1 << 16
_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_COMMENT_LIMIT = 1 << 16
_ENCRYPTED = 1
_STEP = 1 << 20
_PIECE = 1 << 17
# No line of a bill has a hundredth of it. What is read until it ends has to fit into memory.
_LONGEST_LINE = 1 << 16
# When the file was made: another one each time that the same bill is asked for.
_MADE_AT = "#导出时间".encode(_CHARSET)


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How large a bill may be, packed and unpacked; text of bills packs to a tenth, a bomb to a thousandth."""

    packed: int = 1 << 30
    content: int = 8 << 30
    ratio: int = 200


class BillArchive:
    """A packed bill, looked at when it is opened; raises FaultyBill."""

    def __init__(self, file: BinaryIO, limits: ArchiveLimits) -> None:
        _refuse_large_directory(file)
        try:
            self._archive = ZipFile(file, metadata_encoding=_CHARSET)
        except (BadZipFile, UnicodeDecodeError, NotImplementedError, ValueError):
            raise FaultyBill(BillFault.NOT_GZIP, "no zip archive") from None
        self._detail = _detail_of(self._archive.infolist(), limits)

    @property
    def content_bytes(self) -> int:
        """How large the details are."""
        return self._detail.file_size

    def pieces(self) -> Iterator[str]:
        """Whole lines of the details, some at a time, without their ends; raises FaultyBill."""
        for whole in self._whole_lines():
            if b"\0" in whole:
                raise FaultyBill(BillFault.WRONG_LINE, "a byte of nought")
            try:
                yield whole.replace(b"\r\n", b"\n").removesuffix(b"\r").decode(_CHARSET)
            except UnicodeDecodeError:
                raise FaultyBill(BillFault.WRONG_LINE, "not GBK") from None

    def content_hash(self) -> str:
        """The SHA-256 of the details, without the line that says when the file was made; raises FaultyBill."""
        digest = sha256()
        for whole in self._whole_lines():
            for line in whole.split(b"\n"):
                if not line.startswith(_MADE_AT):
                    digest.update(line.removesuffix(b"\r") + b"\n")
        return digest.hexdigest()

    def _whole_lines(self) -> Iterator[bytes]:
        """No byte of a GBK character is the end of a line, so that lines are divided before they are decoded."""
        rest = b""
        try:
            with self._archive.open(self._detail) as content:
                while piece := content.read(_PIECE):
                    whole, newline, rest = (rest + piece).rpartition(b"\n")
                    if newline:
                        yield whole
                    if len(rest) > _LONGEST_LINE:
                        raise FaultyBill(BillFault.WRONG_LINE, "a line does not end")
        except (BadZipFile, EOFError, zlib.error, NotImplementedError):
            raise FaultyBill(BillFault.CUT, "the archive breaks off") from None
        if rest:
            yield rest


def _detail_of(entries: list[ZipInfo], limits: ArchiveLimits) -> ZipInfo:
    """The one entry with details, after all of them were looked at."""
    if len(entries) > _ENTRY_LIMIT:
        raise FaultyBill(BillFault.TOO_LARGE, "too many entries")
    for entry in entries:
        _refuse_unusable(entry, limits)
    details = [entry for entry in entries if _TOTALS_NAME not in entry.filename]
    if len(details) != 1:
        raise FaultyBill(BillFault.CUT, "not one entry of details")
    return details[0]


def _refuse_unusable(entry: ZipInfo, limits: ArchiveLimits) -> None:
    name = PurePosixPath(entry.filename)
    is_plain = name.name == entry.filename and "\\" not in entry.filename and name.suffix.lower() == _SUFFIX
    if not is_plain or entry.is_dir() or entry.flag_bits & _ENCRYPTED:
        raise FaultyBill(BillFault.REFUSED, "an entry of another kind")
    if entry.file_size > min(limits.content, _STEP + entry.compress_size * limits.ratio):
        raise FaultyBill(BillFault.TOO_LARGE, "unpacked")


def _refuse_large_directory(file: BinaryIO) -> None:
    """An archive announces at its end how large its directory is, which is read as a whole."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - _COMMENT_LIMIT))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise FaultyBill(BillFault.NOT_GZIP, "no zip archive")
    directory_bytes = _END.unpack_from(tail, at)[5]
    if directory_bytes > _DIRECTORY_LIMIT:
        raise FaultyBill(BillFault.TOO_LARGE, "its directory")
