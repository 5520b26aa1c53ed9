"""Fetching WeChat's bills: a signed answer names address and hash, and the file behind it is believed by that hash.

The download is a signed request, but its answer carries no signature. It is asked for at the configured origin only:
an address elsewhere would get our signature, or let the one who wrote it choose what this machine connects to.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, BinaryIO
from urllib.parse import quote

import httpx

from services.payment.channels.bills import BillFault, BillKind, BillOffer, BillReader, FaultyBill
from services.payment.channels.channel import ChannelRefused, ChannelUnavailable
from services.payment.channels.wechat.bill_content import ContentLimits, PackedContent
from services.payment.channels.wechat.fund_flow_bill import FundFlowBill
from services.payment.channels.wechat.trade_bill import TradeBill

_QUESTIONS = {
    BillKind.TRADE: "/v3/bill/tradebill?bill_date={day}&bill_type=ALL&tar_type=GZIP",
    BillKind.FUND_FLOW: "/v3/bill/fundflowbill?bill_date={day}&account_type=BASIC&tar_type=GZIP",
}
_READERS = {BillKind.TRADE: TradeBill, BillKind.FUND_FLOW: FundFlowBill}
_NO_BUSINESS = "NO_STATEMENT_EXIST"
_NOT_READY = "STATEMENT_CREATING"
_SHA1 = re.compile(r"[0-9a-f]{40}")
_TIMEOUT = httpx.Timeout(30.0, connect=2.0)
_PIECE = 256 * 1024
# Of the whole file: a server that sends a byte every half minute would hold the job for as long as it likes.
_DOWNLOAD_S = 900.0


class WechatBills:
    """The bills of one merchant."""

    def __init__(
        self,
        merchant_id: str,
        http: httpx.AsyncClient,
        base_url: str,
        *,
        ask: Callable[[str], Awaitable[dict[str, Any]]],
        signed: Callable[[str], httpx.Request],
        limits: ContentLimits | None = None,
        download_s: float = _DOWNLOAD_S,
    ) -> None:
        """Ask by ``ask``, which checks the answer's signature; ``signed`` makes a signed GET of an address."""
        self._merchant_id = merchant_id
        self._http = http
        self._origin = _origin(httpx.URL(base_url))
        self._ask = ask
        self._signed = signed
        self._limits = limits or ContentLimits()
        self._download_s = download_s

    async def find_bill(self, kind: BillKind, day: date) -> BillOffer | None:
        """The file of a day, None where WeChat says that there was no business; raises FaultyBill."""
        try:
            answer = await self._ask(_QUESTIONS[kind].format(day=quote(day.isoformat())))
        except ChannelUnavailable as unavailable:
            raise FaultyBill(BillFault.UNAVAILABLE, unavailable.detail or "") from unavailable
        except ChannelRefused as refused:
            if refused.reason == _NO_BUSINESS:
                return None
            fault = BillFault.NOT_READY if refused.reason == _NOT_READY else BillFault.REFUSED
            raise FaultyBill(fault, refused.reason) from refused
        written = answer.get("hash_value")
        hashed = written.lower() if isinstance(written, str) else ""
        if answer.get("hash_type") != "SHA1" or not _SHA1.fullmatch(hashed):
            raise FaultyBill(BillFault.REFUSED, "no hash of the kind agreed")
        return BillOffer(hashed, self._allowed(answer.get("download_url")))

    async def download_bill(self, offer: BillOffer, file: BinaryIO) -> int:
        """Write the packed file, checked by its hash; returns the bytes of its content. Raises FaultyBill."""
        content = PackedContent(file, self._limits)
        request = self._signed(offer.address)
        request.headers["Accept"] = "*/*"
        request.headers["Accept-Encoding"] = "identity"
        request.extensions["timeout"] = _TIMEOUT.as_dict()
        try:
            async with asyncio.timeout(self._download_s):
                await self._download(request, content)
        except (httpx.TransportError, TimeoutError) as error:
            raise FaultyBill(BillFault.UNAVAILABLE, type(error).__name__) from error
        content.conclude(offer.content_hash)
        return content.content_bytes

    async def _download(self, request: httpx.Request, content: PackedContent) -> None:
        response = await self._http.send(request, stream=True)
        try:
            if response.status_code != httpx.codes.OK:
                raise FaultyBill(BillFault.UNAVAILABLE, f"HTTP {response.status_code}")
            async for piece in response.aiter_raw(_PIECE):
                await asyncio.to_thread(content.take, piece)
        finally:
            await response.aclose()

    def read_bill(self, kind: BillKind, day: date, file: BinaryIO) -> BillReader:
        """Read a packed file from its beginning."""
        file.seek(0)
        return _READERS[kind](file, self._merchant_id, day)

    def _allowed(self, address: object) -> str:
        if not isinstance(address, str):
            raise FaultyBill(BillFault.ADDRESS_NOT_ALLOWED)
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            raise FaultyBill(BillFault.ADDRESS_NOT_ALLOWED) from None
        if _origin(url) != self._origin or url.userinfo:
            raise FaultyBill(BillFault.ADDRESS_NOT_ALLOWED)
        return str(url)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
