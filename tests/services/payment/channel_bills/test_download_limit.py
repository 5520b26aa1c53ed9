"""A file that never ends to come is given up: it would hold the job of every other bill."""

import asyncio
from io import BytesIO

import httpx
import pytest

from services.payment.channels.bills import BillFault, BillOffer, FaultyBill
from services.payment.channels.wechat.bills import WechatBills
from tests.harness.wechat_peer import MCHID


async def _one_byte(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Promise a file and send its first byte."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
    await writer.drain()
    await writer.wait_closed()


async def _unasked(_: str) -> dict[str, object]:
    raise AssertionError("the address is known")


async def test_a_download_without_an_end_is_given_up_and_asked_for_again() -> None:
    """F: no step is unbounded; a limit for each read lets a server send one byte every half minute for ever."""
    server = await asyncio.start_server(_one_byte, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    origin = f"http://{host}:{port}"
    async with server, httpx.AsyncClient() as http:

        def request(address: str) -> httpx.Request:
            return http.build_request("GET", address)

        bills = WechatBills(MCHID, http, origin, ask=_unasked, signed=request, download_s=0.2)
        with pytest.raises(FaultyBill) as raised:
            await bills.download_bill(BillOffer("0" * 40, f"{origin}/bill"), BytesIO())
    assert raised.value.fault is BillFault.UNAVAILABLE
