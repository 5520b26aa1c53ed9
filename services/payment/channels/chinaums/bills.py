"""Fetching ChinaUMS's settlement files: from the configured origin only, by a signed request.

Nobody publishes how the file is fetched. Here it lies under an address of the channel that a setting names, by merchant
and day; 204 is an empty day, 404 a day whose file is not there yet. The channel answers for it by its certificate, not
by the key that notices are signed with: that is why money is remitted by this file and not by a notice. It is read once
for its hash and once to keep it, so that a file that changes in between is refused.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from hashlib import sha256
from typing import BinaryIO
from urllib.parse import quote

import httpx

from services.payment.channels.bills import BillFault, BillKind, BillOffer, BillReader, FaultyBill
from services.payment.channels.chinaums.keys import ChinaumsMerchant
from services.payment.channels.chinaums.settlement_file import READERS

_TIMEOUT = httpx.Timeout(30.0, connect=2.0)
_PIECE = 256 * 1024
_CONTENT_LIMIT = 4 << 30
# Of the whole file: a server that sends a byte every half minute would hold the job for as long as it likes.
_DOWNLOAD_S = 900.0


class ChinaumsBills:
    """The settlement files of one merchant."""

    def __init__(
        self,
        merchant: ChinaumsMerchant,
        http: httpx.AsyncClient,
        base_url: str,
        *,
        signed: Callable[[str], httpx.Request],
        content_limit: int = _CONTENT_LIMIT,
        download_s: float = _DOWNLOAD_S,
    ) -> None:
        """Fetch below ``base_url`` through ``http``; ``signed`` makes a signed GET of an address."""
        self._merchant = merchant
        self._http = http
        self._base_url = base_url
        self._signed = signed
        self._content_limit = content_limit
        self._download_s = download_s

    async def find_bill(self, kind: BillKind, day: date) -> BillOffer | None:
        """The file of a day, which serves for both kinds; None where there was no business. Raises FaultyBill."""
        path = self._merchant.settlement_path.format(mid=quote(self._merchant.merchant_id), day=f"{day:%Y%m%d}")
        hashed = sha256()
        async with self._answer(self._base_url + path) as answer:
            if answer.status_code == httpx.codes.NO_CONTENT:
                return None
            async for piece in self._pieces(answer):
                hashed.update(piece)
        return BillOffer(hashed.hexdigest(), self._base_url + path)

    async def download_bill(self, offer: BillOffer, file: BinaryIO) -> int:
        """Write the file packed, checked by its hash; returns the bytes of its content. Raises FaultyBill."""
        hashed, size = sha256(), 0
        async with self._answer(offer.address) as answer:
            with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
                async for piece in self._pieces(answer):
                    hashed.update(piece)
                    size += len(piece)
                    await asyncio.to_thread(packed.write, piece)
        if hashed.hexdigest() != offer.content_hash:
            raise FaultyBill(BillFault.WRONG_HASH)
        return size

    def read_bill(self, kind: BillKind, day: date, file: BinaryIO) -> BillReader:
        """Read a packed file from its beginning."""
        file.seek(0)
        merchant = self._merchant
        return READERS[kind](file, merchant.layout, merchant.merchant_id, merchant.source, day)

    @asynccontextmanager
    async def _answer(self, address: str) -> AsyncIterator[httpx.Response]:
        request = self._signed(address)
        request.headers["Accept"] = "*/*"
        request.headers["Accept-Encoding"] = "identity"
        request.extensions["timeout"] = _TIMEOUT.as_dict()
        try:
            async with asyncio.timeout(self._download_s):
                response = await self._http.send(request, stream=True)
                try:
                    _refuse(response.status_code)
                    yield response
                finally:
                    await response.aclose()
        except (httpx.TransportError, TimeoutError) as error:
            raise FaultyBill(BillFault.UNAVAILABLE, type(error).__name__) from error

    async def _pieces(self, answer: httpx.Response) -> AsyncIterator[bytes]:
        size = 0
        async for piece in answer.aiter_raw(_PIECE):
            size += len(piece)
            if size > self._content_limit:
                raise FaultyBill(BillFault.TOO_LARGE, "unpacked")
            yield piece


def _refuse(status: int) -> None:
    """Raise FaultyBill unless the answer is a file, or says that there was no business."""
    if status == httpx.codes.NOT_FOUND:
        raise FaultyBill(BillFault.NOT_READY, f"HTTP {status}")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise FaultyBill(BillFault.REFUSED, f"HTTP {status}")
    if status not in (httpx.codes.OK, httpx.codes.NO_CONTENT):
        raise FaultyBill(BillFault.UNAVAILABLE, f"HTTP {status}")
