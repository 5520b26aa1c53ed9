"""A packed file unpacked as it is read: never beyond what its layout allows, and never onto the disk.

Of a zip only its one entry is read, under no name: where it says that it belongs does not matter.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from typing import BinaryIO, Final, cast
from zipfile import BadZipFile, ZipFile

from services.payment.channels.layouts.faults import FaultyFile, FileFault
from services.payment.channels.layouts.layout import Packing

_BUFFER: Final = 1 << 16


@contextmanager
def unpacked(file: BinaryIO, packing: Packing) -> Iterator[BinaryIO]:
    """The content of a file from its beginning; reading it raises FaultyFile where it is not packed as declared."""
    file.seek(0)
    try:
        if packing is Packing.GZIP:
            with gzip.GzipFile(fileobj=file) as content:
                yield _guarded(cast("BinaryIO", content))
        elif packing is Packing.ZIP:
            with ZipFile(file) as archive:
                yield _guarded(_only_entry(archive))
        else:
            yield file
    except (BadZipFile, NotImplementedError, RuntimeError) as broken:
        raise FaultyFile(FileFault.NOT_PACKED_SO, type(broken).__name__) from None


def _only_entry(archive: ZipFile) -> BinaryIO:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) != 1:
        raise FaultyFile(FileFault.NOT_PACKED_SO, f"{len(entries)} entries")
    return cast("BinaryIO", archive.open(entries[0]))


def _guarded(content: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", BufferedReader(_Unpacking(content), _BUFFER))


class _Unpacking(RawIOBase):
    """Names what is wrong with the packing, whenever it shows."""

    def __init__(self, content: BinaryIO) -> None:
        super().__init__()
        self._content = content

    def readable(self) -> bool:
        """It is read, and nothing else."""
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override] # narrower than a buffer
        """Unpack as much as fits."""
        try:
            piece = self._content.read(len(buffer))
        except (OSError, EOFError, zlib.error, BadZipFile) as broken:
            raise FaultyFile(FileFault.NOT_PACKED_SO, type(broken).__name__) from None
        buffer[: len(piece)] = piece
        return len(piece)
