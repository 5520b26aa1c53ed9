"""A packed bill on its way to a file: unpacked as it comes, to hash its content and to stop one that is too large."""

import zlib
from dataclasses import dataclass
from hashlib import sha1
from typing import BinaryIO

from services.payment.channels.bills import BillFault, FaultyBill

_WINDOW = 16 + zlib.MAX_WBITS  # a gzip header
_STEP = 1 << 20


@dataclass(frozen=True, slots=True)
class ContentLimits:
    """How large a bill may be, packed and unpacked; text of bills packs to a tenth, a bomb to a thousandth."""

    packed: int = 1 << 30
    content: int = 8 << 30
    ratio: int = 200


class PackedContent:
    """Takes the pieces of a packed file in order."""

    def __init__(self, file: BinaryIO, limits: ContentLimits) -> None:
        self._file = file
        self._limits = limits
        self._unpacking = zlib.decompressobj(_WINDOW)
        self._hash = sha1(usedforsecurity=False)  # WeChat's choice; the answer that names it is signed
        self._packed = 0
        self.content_bytes = 0

    def take(self, piece: bytes) -> None:
        """Write a piece and hash what it holds; raises FaultyBill."""
        self._packed += len(piece)
        if self._packed > self._limits.packed:
            raise FaultyBill(BillFault.TOO_LARGE, "packed")
        self._file.write(piece)
        waiting = piece
        while waiting:
            try:
                content = self._unpacking.decompress(waiting, _STEP)
            except zlib.error:
                raise FaultyBill(BillFault.NOT_GZIP) from None
            self._hash.update(content)
            self.content_bytes += len(content)
            if self.content_bytes > min(self._limits.content, _STEP + self._packed * self._limits.ratio):
                raise FaultyBill(BillFault.TOO_LARGE, "unpacked")
            if self._unpacking.unused_data:
                raise FaultyBill(BillFault.NOT_GZIP, "something follows it")
            waiting = self._unpacking.unconsumed_tail

    def conclude(self, expected: str) -> None:
        """Raise FaultyBill unless all of it came and its content has the hash that was named."""
        if not self._unpacking.eof:
            raise FaultyBill(BillFault.CUT, "packed")
        if self._hash.hexdigest() != expected:
            raise FaultyBill(BillFault.WRONG_HASH)
