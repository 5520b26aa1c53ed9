"""Fetching Alipay's bills: a signed answer names an address that serves for half a minute, at the configured site only.

Alipay names no hash of a file. The file is therefore fetched to learn it, and fetched again to be read: what is read is
what was offered. The line that says when a file was made is no part of its hash.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from tempfile import TemporaryFile
from typing import BinaryIO

import httpx

from services.payment.channels.alipay.account_bill import AlipayAccountBill
from services.payment.channels.alipay.bill_archive import ArchiveLimits, BillArchive
from services.payment.channels.alipay.keys import Seller
from services.payment.channels.alipay.trade_bill import AlipayTradeBill
from services.payment.channels.bills import BillFault, BillKind, BillOffer, BillReader, FaultyBill
from services.payment.channels.channel import ChannelRefused, ChannelUnavailable

_TYPES = {BillKind.TRADE: "trade", BillKind.FUND_FLOW: "signcustomer"}
# Where there was no business, and as long as a bill is not made.
_NO_BILL = ("isp.bill_not_exist", "BILL_NOT_EXIST")
_TIMEOUT = httpx.Timeout(30.0, connect=2.0)
_PIECE = 256 * 1024
# Of the whole file: a server that sends a byte every half minute would hold the job for as long as it likes.
_DOWNLOAD_S = 900.0


class AlipayBills:
    """The bills of one seller."""

    def __init__(
        self,
        seller: Seller,
        http: httpx.AsyncClient,
        bill_url: str,
        *,
        ask: Callable[[str, str], Awaitable[str]],
        limits: ArchiveLimits | None = None,
        download_s: float = _DOWNLOAD_S,
    ) -> None:
        """``ask`` learns, by type and day, where a file is, and checks the answer's signature."""
        self._seller = seller
        self._http = http
        self._site = _site(httpx.URL(bill_url))
        self._ask = ask
        self._limits = limits or ArchiveLimits()
        self._download_s = download_s

    async def find_bill(self, kind: BillKind, day: date) -> BillOffer | None:
        """The file of a day, None where Alipay has none; raises FaultyBill."""
        name = f"{_TYPES[kind]} {day}"
        with TemporaryFile() as file:
            if not await self._fetch(name, file):
                return None
            archive = await asyncio.to_thread(BillArchive, file, self._limits)
            return BillOffer(await asyncio.to_thread(archive.content_hash), name)

    async def download_bill(self, offer: BillOffer, file: BinaryIO) -> int:
        """Write the packed file, checked by its hash; returns the bytes of its content. Raises FaultyBill."""
        if not await self._fetch(offer.address, file):
            raise FaultyBill(BillFault.NOT_READY, "it is offered no more")
        archive = await asyncio.to_thread(BillArchive, file, self._limits)
        if await asyncio.to_thread(archive.content_hash) != offer.content_hash:
            raise FaultyBill(BillFault.WRONG_HASH)
        return archive.content_bytes

    def read_bill(self, kind: BillKind, day: date, file: BinaryIO) -> BillReader:
        """Read a packed file from its beginning."""
        file.seek(0)
        seller_id = self._seller.merchant_id
        if kind is BillKind.TRADE:
            return AlipayTradeBill(file, seller_id, day, self._limits)
        return AlipayAccountBill(file, seller_id, day, self._limits, refund_column=self._seller.refund_column)

    async def _fetch(self, name: str, file: BinaryIO) -> bool:
        """Write the packed file of a type and day; False where there is none."""
        bill_type, _, bill_date = name.partition(" ")
        try:
            address = self._allowed(await self._ask(bill_type, bill_date))
        except ChannelUnavailable as unavailable:
            raise FaultyBill(BillFault.UNAVAILABLE, unavailable.detail or "") from unavailable
        except ChannelRefused as refused:
            if refused.reason in _NO_BILL:
                return False
            raise FaultyBill(BillFault.REFUSED, refused.reason) from refused
        try:
            async with asyncio.timeout(self._download_s):
                await self._download(address, file)
        except (httpx.TransportError, TimeoutError) as error:
            raise FaultyBill(BillFault.UNAVAILABLE, type(error).__name__) from error
        return True

    async def _download(self, address: str, file: BinaryIO) -> None:
        packed = 0
        async with self._http.stream("GET", address, timeout=_TIMEOUT, follow_redirects=False) as response:
            if response.status_code != httpx.codes.OK:
                raise FaultyBill(BillFault.UNAVAILABLE, f"HTTP {response.status_code}")
            async for piece in response.aiter_raw(_PIECE):
                packed += len(piece)
                if packed > self._limits.packed:
                    raise FaultyBill(BillFault.TOO_LARGE, "packed")
                await asyncio.to_thread(file.write, piece)

    def _allowed(self, address: str) -> str:
        """An address elsewhere would let the one who wrote it choose what this machine connects to."""
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            raise FaultyBill(BillFault.ADDRESS_NOT_ALLOWED) from None
        if url.scheme == "http" and self._site[0] == "https" and url.host == self._site[1] and url.port is None:
            url = url.copy_with(scheme="https")  # Alipay writes http and serves both
        if _site(url) != self._site or url.userinfo:
            raise FaultyBill(BillFault.ADDRESS_NOT_ALLOWED)
        return str(url)


def _site(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
