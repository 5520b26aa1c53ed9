"""The played ChinaUMS against the product's own client: two readings of one protocol."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryFile

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.payment.channels.adapter import ChannelConnection
from services.payment.channels.bills import BillFault, BillKind, FaultyBill
from services.payment.channels.channel import ChannelRefused, ChannelUnavailable, Closing, OrderAtChannel
from services.payment.channels.chinaums.client import ChinaumsClient
from services.payment.channels.chinaums.keys import load_chinaums_merchant
from services.payment.channels.prepayment import Prepayment, TradeType
from services.payment.refunds.state import refund_no
from shared.domain.clock import SystemClock
from shared.domain.ids import new_id
from shared.settings import Settings
from simulator.chinaums.account import ChinaumsAccount
from simulator.chinaums.notices import ChinaumsNoticeSender
from simulator.chinaums.peer import ChinaumsPeer
from simulator.day import SeasonDay
from simulator.journal import Journal
from tests.harness.chinaums_peer import merchant_of, platform

DAY = date(2023, 10, 8)
NOTIFY = "http://canbao.test/payment/v1/callbacks/chinaums/898201612345678"


class PlayedChinaums:
    """The peer, its account, our client towards it, and a callback that refuses some notices."""

    def __init__(self, folder: Path) -> None:
        self.refuse_next = 0
        self.taken: list[bytes] = []
        known = platform()
        callbacks = Starlette(routes=[Route("/{path:path}", self._take, methods=["POST"])])
        self.callbacks = httpx.AsyncClient(transport=httpx.ASGITransport(app=callbacks))
        self.account = ChinaumsAccount(Journal(folder / "journal.sqlite"), SeasonDay(DAY), known)
        self.sender = ChinaumsNoticeSender(known, self.callbacks)
        self.peer = ChinaumsPeer(self.account, known, self.sender)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=Starlette(routes=self.peer.routes())))
        self.merchant = load_chinaums_merchant(merchant_of(folder, known))
        self.connection = ChannelConnection(
            self.http, SystemClock(), "411521", Settings(chinaums_base_url="http://chinaums.test")
        )
        self.client = ChinaumsClient(self.merchant, self.connection)

    async def _take(self, request: Request) -> Response:
        self.taken.append(await request.body())
        if self.refuse_next:
            self.refuse_next -= 1
            return Response(b"FAILED", 503)
        return Response(b"SUCCESS")

    async def order(self, number: str | None = None, amount_fen: int = 38_000) -> str:
        number = number or new_id().hex
        await self.client.prepay(
            Prepayment(
                order_no=number,
                description="2024 年度",
                amount_fen=amount_fen,
                expires_at=SystemClock().now() + timedelta(minutes=30),
                notify_url=NOTIFY,
                trade_type=TradeType.NATIVE,
            )
        )
        return number

    async def pay(self) -> str:
        bill = list(self.account.journal.all("ums bill"))[-1]
        return await self.account.pay(bill, moment=f"{DAY} 10:00:00")


@pytest.fixture
async def played(tmp_path: Path) -> AsyncIterator[PlayedChinaums]:
    made = PlayedChinaums(tmp_path)
    yield made
    await made.http.aclose()
    await made.callbacks.aclose()
    made.account.journal.close()


async def test_an_order_is_opened_asked_about_and_closed(played: PlayedChinaums) -> None:
    client = played.client
    assert (await client.query(new_id().hex)).state is OrderAtChannel.UNKNOWN
    assert await client.close(new_id().hex) is Closing.CLOSED
    order = await played.order()
    assert await played.order(order) == order, "asking again is harmless"
    assert (await client.query(order)).state is OrderAtChannel.PAYABLE
    assert await client.close(order) is Closing.CLOSED
    assert (await client.query(order)).state is OrderAtChannel.ENDED
    with pytest.raises(ChannelRefused) as ended:
        await played.order(order)
    assert not ended.value.already_paid

    paid = await played.order()
    payment = await played.pay()
    answer = await client.query(paid)
    assert answer.paid is not None
    assert (answer.state, answer.paid[0].order_no) == (OrderAtChannel.PAID, paid)
    assert await client.close(paid) is Closing.PAID
    with pytest.raises(ChannelRefused) as refused:
        await played.order(paid)
    assert refused.value.already_paid
    assert payment in answer.paid[1].envelope.decode()


async def test_a_refund_happens_once_and_never_beyond_the_payment(played: PlayedChinaums) -> None:
    await played.order()
    payment = await played.pay()
    first, second = refund_no(new_id(), 1), refund_no(new_id(), 1)

    async def give_back(number: str, fen: int, transaction: str = payment) -> str | None:
        return await played.client.refund(
            transaction_id=transaction,
            refund_no=number,
            reason="重复缴费",
            refund_fen=fen,
            paid_fen=38_000,
            notify_url=NOTIFY,
        )

    assert await played.client.query_refund(first) is None
    there = await give_back(first, 30_000)
    assert await give_back(first, 30_000) == there
    with pytest.raises(ChannelRefused):
        await give_back(second, 8_001)
    with pytest.raises(ChannelRefused):
        await give_back(second, 1, "payment-of-others")
    answer = await played.client.query_refund(first, transaction_id=payment)
    assert answer is not None
    assert (answer.status, answer.channel_refund_id) == ("SUCCESS", there)
    with pytest.raises(ChannelUnavailable):
        await played.client.query_refund(first, transaction_id=f"{payment}9")
    assert len(played.account.journal.all("ums refund")) == 1


async def test_a_request_that_the_merchant_did_not_sign_is_answered_nothing(played: PlayedChinaums) -> None:
    thief = ChinaumsClient(replace(played.merchant, app_key=b"another key of the same length"), played.connection)
    with pytest.raises(ChannelUnavailable):
        await thief.query(new_id().hex)
    with pytest.raises(FaultyBill) as refused:
        await thief.bills.find_bill(BillKind.TRADE, DAY)
    assert refused.value.fault is BillFault.REFUSED
    assert played.account.journal.all("ums bill") == {}


async def test_a_notice_comes_until_it_is_answered_with_the_word(played: PlayedChinaums) -> None:
    await played.order()
    notice = played.account.notice(await played.pay())
    played.refuse_next = 3
    assert await played.sender.deliver_all([notice, notice], Random(1))
    assert (played.sender.refusals, played.sender.attempts) == (3, 5)
    assert len(set(played.taken)) == 5


async def test_a_days_file_is_there_when_the_day_is_over(played: PlayedChinaums) -> None:
    bills = played.client.bills
    await played.order()
    await played.pay()
    with pytest.raises(FaultyBill) as early:
        await bills.find_bill(BillKind.TRADE, DAY)
    assert early.value.fault is BillFault.NOT_READY
    played.account.day.today = DAY + timedelta(days=2)
    assert await bills.find_bill(BillKind.TRADE, DAY + timedelta(days=1)) is None
    offer = await bills.find_bill(BillKind.FUND_FLOW, DAY)
    assert offer is not None
    with TemporaryFile() as file:
        await bills.download_bill(offer, file)
        reader = bills.read_bill(BillKind.FUND_FLOW, DAY, file)
        assert sum(len(portion) for portion in reader.portions()) == 2
    await played.account.pay(next(iter(played.account.journal.all("ums bill"))), moment=f"{DAY} 12:00:00")
    with TemporaryFile() as file, pytest.raises(FaultyBill) as changed:
        await bills.download_bill(offer, file)
    assert changed.value.fault is BillFault.WRONG_HASH
