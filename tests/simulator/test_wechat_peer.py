"""The channel that is played against the product's own client and verifier: two readings of one protocol."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.payment.channels.adapter import ChannelConnection
from services.payment.channels.bills import BillKind, FaultyBill, FlowLine, TradeLine
from services.payment.channels.channel import ChannelRefused, Closing
from services.payment.channels.prepayment import Prepayment, TradeType
from services.payment.channels.wechat.client import WechatClient
from services.payment.channels.wechat.keys import Merchant, load_merchant
from services.payment.channels.wechat.notice import open_notice
from services.payment.channels.wechat.signature import verify
from services.payment.notices.notice import PaymentNotice, RefundNotice
from shared.domain.clock import SystemClock
from shared.setting_groups.partners import WechatMerchant
from shared.settings import Settings
from simulator import prepare
from simulator.day import SeasonDay
from simulator.journal import Journal
from simulator.localities.luoshan import LUOSHAN
from simulator.wechat.account import ChannelAccount
from simulator.wechat.flows import pay_out_in_two_parts, payouts_of, settled_fen
from simulator.wechat.notices import NoticeSender
from simulator.wechat.peer import WechatPeer
from simulator.wechat.signatures import Platform
from tests.harness.eventually import eventually

NOTIFY = "http://canbao.test/payment/v1/callbacks/wechat/1900000109"
SOON = datetime(2023, 10, 2, tzinfo=UTC)


class Counter:
    """A merchant's callback that writes down what it could verify."""

    def __init__(self) -> None:
        self.merchant: Merchant | None = None
        self.transactions: list[str] = []
        self.refuse_next = 0

    async def take(self, request: Request) -> Response:
        assert self.merchant is not None
        body = await request.body()
        verify(self.merchant, request.headers, body, SystemClock().now())
        if self.refuse_next:
            self.refuse_next -= 1
            return Response(status_code=503)
        notice = open_notice(self.merchant, body, "411521")
        assert isinstance(notice, PaymentNotice | RefundNotice)
        number = notice.refund_no if isinstance(notice, RefundNotice) else notice.transaction_id
        self.transactions.append(number)
        return Response(status_code=204)


class Channel:
    """The peer, its account, our client towards it, and our callback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        settings = prepare.prepare(folder, residents=100, seed=1)
        described = prepare.environment(folder, settings)
        merchant = WechatMerchant.model_validate(json.loads(described["CANBAO_WECHAT_MERCHANTS"])[0])
        self.counter = Counter()
        self.counter.merchant = load_merchant(merchant)
        callbacks = Starlette(routes=[Route("/{path:path}", self.counter.take, methods=["POST"])])
        self.callbacks = httpx.AsyncClient(transport=httpx.ASGITransport(app=callbacks))
        self.platform = Platform.prepared(folder, settings, prepare.MCHID, prepare.APPID)
        self.account = ChannelAccount(
            Journal(folder / "journal.sqlite"), SeasonDay(LUOSHAN.calendar.steps[0]), prepare.MCHID, prepare.APPID
        )
        self.notice_sender = NoticeSender(self.platform, self.callbacks)
        peer = WechatPeer(self.account, self.platform, self.notice_sender)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=Starlette(routes=peer.routes())))
        towards = Settings(wechat_base_url="http://wechat.test")
        connection = ChannelConnection(self.http, SystemClock(), "411521", towards)
        self.client = WechatClient(self.counter.merchant, connection)

    async def order(self, number: str = "ORDER00001", amount_fen: int = 76_000) -> str:
        return await self.client.prepay(
            Prepayment(
                order_no=number,
                description="2024 年度",
                amount_fen=amount_fen,
                expires_at=SOON,
                notify_url=NOTIFY,
                trade_type=TradeType.NATIVE,
            )
        )


@pytest.fixture
async def channel(tmp_path: Path) -> AsyncIterator[Channel]:
    made = Channel(tmp_path)
    yield made
    await made.http.aclose()
    await made.callbacks.aclose()
    made.account.journal.close()


async def test_an_order_is_taken_and_asking_again_gives_the_same_code(channel: Channel) -> None:
    assert await channel.order() == await channel.order()


async def test_a_request_that_is_not_signed_by_the_merchant_is_refused(channel: Channel) -> None:
    answer = await channel.http.post("http://wechat.test/v3/pay/transactions/native", json={})

    assert answer.status_code == 401
    assert answer.json()["code"] == "SIGN_ERROR"
    assert "wechatpay-signature" not in answer.headers, "W3: the real one signs no answer to whom it does not know"


async def test_an_answer_is_signed_with_the_key_that_its_request_names(channel: Channel) -> None:
    """W1: during the switch from certificate to public key the platform signs as it is asked to."""
    settings = json.loads((channel.folder / "simulator.json").read_text(encoding="utf-8"))
    for named, signed_with in (
        (settings["platform_serial"], settings["platform_serial"]),
        (settings["certificate_serial"], settings["certificate_serial"]),
        ("A-SERIAL-NOBODY-KNOWS", settings["certificate_serial"]),
        (None, settings["certificate_serial"]),
    ):
        assert channel.platform.answer_headers(b"", named)["Wechatpay-Serial"] == signed_with
    # Ours knows the public key alone, and is answered in it.
    assert await channel.order()


async def test_a_closed_order_is_closed_and_a_paid_one_says_that_it_is_paid(channel: Channel) -> None:
    await channel.order("ORDER00001")
    await channel.order("ORDER00002")
    await channel.account.pay("ORDER00002", "T2", moment=channel.account.day.at(36_000))

    assert await channel.client.close("ORDER00001") is Closing.CLOSED
    assert await channel.client.close("ORDER00002") is Closing.PAID


async def test_a_notice_is_sent_again_until_it_is_acknowledged(channel: Channel) -> None:
    await channel.order()
    notice = await channel.account.pay("ORDER00001", "T1", moment=channel.account.day.at(36_000))
    channel.counter.refuse_next = 2

    assert await channel.notice_sender.deliver(notice)

    assert channel.counter.transactions == ["T1"]
    assert channel.notice_sender.attempts == 3
    assert notice.plain["amount"]["total"] == 76_000


async def test_a_refund_is_notified_and_is_one_refund_however_often_it_is_asked(channel: Channel) -> None:
    await channel.order()
    await channel.account.pay("ORDER00001", "T1", moment=channel.account.day.at(36_000))

    for _ in range(3):
        await channel.client.refund(
            transaction_id="T1",
            refund_no="REF000001",
            reason="重复",
            refund_fen=76_000,
            paid_fen=76_000,
            notify_url=NOTIFY,
        )
    await eventually(lambda: channel.account.journal.get("told", "REF000001"))

    assert set(channel.counter.transactions) == {"REF000001"}
    assert settled_fen(channel.account, "2023-10-01") == 0


async def test_more_than_was_paid_is_not_given_back(channel: Channel) -> None:
    await channel.order()
    await channel.account.pay("ORDER00001", "T1", moment=channel.account.day.at(36_000))

    with pytest.raises(ChannelRefused):
        await channel.client.refund(
            transaction_id="T1", refund_no="REF000001", reason="", refund_fen=76_001, paid_fen=76_000, notify_url=NOTIFY
        )


async def test_what_was_paid_twice_is_settled_twice(channel: Channel) -> None:
    await channel.order()
    for transaction in ("T1", "T2", "T1"):
        await channel.account.pay("ORDER00001", transaction, moment=channel.account.day.at(36_000))

    assert settled_fen(channel.account, "2023-10-01") == 2 * 76_000
    assert settled_fen(channel.account, (LUOSHAN.calendar.steps[0] + timedelta(days=1)).isoformat()) == 0


async def bill(channel: Channel, kind: BillKind, day: str) -> list[TradeLine | FlowLine] | None:
    """A day's bill as the product fetches, proves and reads it; None where there was no business."""
    bills, of = channel.client.bills, date.fromisoformat(day)
    offer = await bills.find_bill(kind, of)
    if offer is None:
        return None
    with TemporaryFile() as file:
        await bills.download_bill(offer, file)
        line: Any = TradeLine if kind is BillKind.TRADE else FlowLine
        return [line(*row) for portion in bills.read_bill(kind, of, file).portions() for row in portion.rows()]


class TestBills:
    async def test_a_days_bills_say_what_was_taken_and_given_back(self, channel: Channel) -> None:
        await channel.order()
        for place, transaction in enumerate(("T1", "T2")):
            await channel.account.pay("ORDER00001", transaction, moment=channel.account.day.at(36_000 + place))
        asked = {"transaction_id": "T2", "out_refund_no": "REF000001", "notify_url": NOTIFY}
        await channel.account.refund(asked | {"amount": {"refund": 76_000, "total": 76_000}})
        channel.account.day.today += timedelta(days=1)
        trades = await bill(channel, BillKind.TRADE, "2023-10-01") or []
        assert sorted(line[1:4] for line in trades) == [
            ("PAYMENT", "ORDER00001", "T1"),
            ("PAYMENT", "ORDER00001", "T2"),
            ("REFUND", "ORDER00001", "T2"),
        ]
        flows = await bill(channel, BillKind.FUND_FLOW, "2023-10-01") or []
        assert sum(line.amount_fen for line in flows) == settled_fen(channel.account, "2023-10-01") == 76_000
        (refunded,) = [line for line in flows if isinstance(line, FlowLine) and line.kind == "REFUND"]
        assert refunded.business_no == channel.account.refund_question("REF000001")["refund_id"]

    @pytest.mark.parametrize(("given_back", "business_fen"), [(0, -76_000), (1, 76_000)])
    async def test_what_a_day_came_to_is_paid_out_the_next_morning_to_the_fen(
        self, channel: Channel, given_back: int, business_fen: int
    ) -> None:
        """A payout, or the other way round where more was given back than taken; the balance is then nothing."""
        await channel.order()
        await channel.account.pay("ORDER00001", "T1", moment=channel.account.day.at(36_000))
        channel.account.day.today += timedelta(days=1)
        asked = {"transaction_id": "T1", "out_refund_no": "REF000001", "notify_url": NOTIFY}
        if given_back:
            await channel.account.refund(asked | {"amount": {"refund": 76_000, "total": 76_000}})
        channel.account.day.today += timedelta(days=2)
        day = "2023-10-03" if given_back else "2023-10-02"
        flows = await bill(channel, BillKind.FUND_FLOW, day)
        assert flows is not None
        (paid_out,) = [line for line in flows if isinstance(line, FlowLine) and line.kind == "PAYOUT"]
        assert (paid_out.amount_fen, paid_out.balance_fen) == (business_fen, 0)
        before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
        assert paid_out.amount_fen == -settled_fen(channel.account, before)

    async def test_a_payment_of_the_last_second_is_of_its_day_and_booked_on_the_next(self, channel: Channel) -> None:
        await channel.order()
        await channel.account.pay("ORDER00001", "T1", moment=channel.account.day.at(36_000))
        await channel.account.pay("ORDER00001", "T2", moment=channel.account.day.at(86_399))
        channel.account.day.today += timedelta(days=3)
        trades = await bill(channel, BillKind.TRADE, "2023-10-01") or []
        assert sorted(line[3] for line in trades) == ["T1", "T2"]
        assert await bill(channel, BillKind.TRADE, "2023-10-02") is None
        found = [await bill(channel, BillKind.FUND_FLOW, f"2023-10-0{day}") or [] for day in (1, 2, 3)]
        booked = [[(line.kind, line.amount_fen) for line in flows if isinstance(line, FlowLine)] for flows in found]
        payment, payout = ("PAYMENT", 76_000), ("PAYOUT", -76_000)
        assert booked == [[payment], [payment, payout], [payout]], "in the first seconds, before the payout"

    async def test_a_day_is_paid_out_in_two_parts_where_that_was_said(self, channel: Channel) -> None:
        await channel.order()
        for place in range(3):
            await channel.account.pay("ORDER00001", f"T{place}", moment=channel.account.day.at(36_000 + place))
        await pay_out_in_two_parts(channel.account, "2023-10-01")
        channel.account.day.today += timedelta(days=2)
        flows = await bill(channel, BillKind.FUND_FLOW, "2023-10-02") or []
        assert [line.amount_fen for line in flows if isinstance(line, FlowLine)] == [-76_000, -152_000]
        parts = [[flow.transaction for flow in payout.flows] for payout in payouts_of(channel.account, "2023-10-01")]
        assert parts == [["T0"], ["T1", "T2"]]

    async def test_a_refund_in_the_console_is_notified_under_a_number_that_canbao_never_gave(
        self, channel: Channel
    ) -> None:
        await channel.order()
        await channel.account.pay("ORDER00001", "T1", moment=channel.account.day.at(36_000))
        notices = [await channel.account.refund_in_console("T1") for _ in range(2)]
        assert [notice.plain["out_refund_no"] for notice in notices] == ["CONSOLET1", "CONSOLET1"]
        assert settled_fen(channel.account, "2023-10-01") == 0, "once"

    async def test_a_bill_is_ready_when_its_day_is_over_and_a_quiet_day_has_none(self, channel: Channel) -> None:
        with pytest.raises(FaultyBill, match="NOT_READY"):
            await bill(channel, BillKind.TRADE, "2023-10-01")
        channel.account.day.today += timedelta(days=1)
        assert await bill(channel, BillKind.TRADE, "2023-10-01") is None

    async def test_only_the_merchant_may_have_the_file(self, channel: Channel) -> None:
        await channel.order()
        await channel.account.pay("ORDER00001", "T1", moment=channel.account.day.at(36_000))
        channel.account.day.today += timedelta(days=1)
        offer = await channel.client.bills.find_bill(BillKind.TRADE, date(2023, 10, 1))
        assert offer is not None
        assert (await channel.http.get(offer.address)).status_code == 401
