"""The Alipay that is played against the product's own client: two readings of one protocol."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.payment.channels.adapter import ChannelConnection
from services.payment.channels.alipay.adapter import ALIPAY
from services.payment.channels.alipay.client import AlipayClient
from services.payment.channels.alipay.keys import Seller, load_seller
from services.payment.channels.bills import BillFault, BillKind, FaultyBill, FlowLine, TradeLine
from services.payment.channels.callback import Callback
from services.payment.channels.channel import ChannelRefused, ChannelUnavailable, Closing, OrderAtChannel
from services.payment.channels.prepayment import Prepayment, TradeType
from services.payment.notices.notice import ChannelNotice, PaymentNotice, RefundNotice
from shared.domain.clock import SystemClock
from shared.settings import Settings
from simulator.alipay.account import AlipayAccount
from simulator.alipay.notices import RETRIES_MIN, AlipayNoticeSender
from simulator.alipay.peer import AlipayPeer
from simulator.day import SeasonDay
from simulator.journal import Journal
from tests.harness.alipay_peer import APP_ID, KEY, NEWER_KEY, SELLER_ID, alipay_platform, alipay_seller
from tests.harness.eventually import eventually

NOTIFY = f"http://canbao.test/payment/v1/callbacks/alipay/{APP_ID}"
GATEWAY = "http://alipay.test/gateway.do"
DAY = date(2023, 10, 8)


class PlayedAlipay:
    """The peer, its account, our client towards it, and our callback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seller = load_seller(alipay_seller(folder, keys=(KEY, NEWER_KEY)))
        self.taken: list[ChannelNotice] = []
        self.refuse_next = 0
        callbacks = Starlette(routes=[Route("/{path:path}", self._take, methods=["POST"])])
        self.callbacks = httpx.AsyncClient(transport=httpx.ASGITransport(app=callbacks))
        self.account = AlipayAccount(Journal(folder / "journal.sqlite"), SeasonDay(DAY), APP_ID, SELLER_ID)
        platform = alipay_platform(rotating=True)
        self.sender = AlipayNoticeSender(platform, self.callbacks, minute_s=0.00001)
        self.peer = AlipayPeer(self.account, platform, self.sender)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=Starlette(routes=self.peer.routes())))
        self.client = self.client_of(self.seller)

    def client_of(self, seller: Seller, bill_url: str = "http://alipay.test") -> AlipayClient:
        towards = Settings(alipay_gateway_url=GATEWAY, alipay_bill_url=bill_url)
        return AlipayClient(seller, ChannelConnection(self.http, SystemClock(), "411521", towards))

    async def _take(self, request: Request) -> Response:
        if self.refuse_next:
            self.refuse_next -= 1
            return Response(b"failure", 503)
        callback = Callback(request.scope["headers"], await request.body(), SystemClock().now(), "411521")
        self.taken.append(ALIPAY.read(self.seller, callback).notice)
        return Response(b"success")

    async def order(self, number: str = "ORDER00001", kind: TradeType = TradeType.NATIVE, fen: int = 38_000) -> str:
        ask = Prepayment(
            order_no=number,
            description="城乡居民基本医疗保险 2024/年度",
            amount_fen=fen,
            expires_at=datetime(2023, 10, 9, tzinfo=UTC),
            notify_url=NOTIFY,
            trade_type=kind,
            payer_id="2088000000000099" if kind is TradeType.JSAPI else None,
        )
        return await self.client.prepay(ask)

    async def paid(self, number: str = "ORDER00001") -> str:
        """Order and pay; the trade's number."""
        await self.order(number)
        notice = await self.account.pay(number, moment=f"{DAY}T10:34:56+08:00")
        return notice.fields["trade_no"]

    async def refund(self, trade_no: str, number: str, fen: int) -> str | None:
        return await self.client.refund(
            transaction_id=trade_no, refund_no=number, reason="重复", refund_fen=fen, paid_fen=38_000, notify_url=NOTIFY
        )


@pytest.fixture
async def played(tmp_path: Path) -> AsyncIterator[PlayedAlipay]:
    made = PlayedAlipay(tmp_path)
    yield made
    await made.peer.aclose()
    await made.http.aclose()
    await made.callbacks.aclose()
    made.account.journal.close()


async def test_a_code_is_no_trade_until_somebody_scans_it(played: PlayedAlipay) -> None:
    assert await played.order() == await played.order()
    assert (await played.client.query("ORDER00001")).state is OrderAtChannel.UNKNOWN
    assert await played.client.close("ORDER00001") is Closing.CLOSED, "there is nothing to close"
    await played.account.scan("ORDER00001")
    assert (await played.client.query("ORDER00001")).state is OrderAtChannel.PAYABLE
    assert await played.client.close("ORDER00001") is Closing.CLOSED
    assert (await played.client.query("ORDER00001")).state is OrderAtChannel.ENDED
    with pytest.raises(ChannelRefused) as closed:
        await played.order()
    assert (closed.value.reason, closed.value.already_paid) == ("ACQ.TRADE_HAS_CLOSE", False)


async def test_a_payer_inside_alipay_gets_a_trade_and_one_in_a_browser_an_address(played: PlayedAlipay) -> None:
    assert (await played.order("ORDER00001", TradeType.JSAPI)).isdecimal()
    address = await played.order("ORDER00002", TradeType.H5)
    assert dict(parse_qsl(urlsplit(address).query))["method"] == "alipay.trade.wap.pay"
    assert (await played.http.get(address)).json()["alipay_trade_wap_pay_response"]["code"] == "10000"
    assert (await played.client.query("ORDER00002")).state is OrderAtChannel.PAYABLE


async def test_what_was_paid_is_said_by_query_closing_and_a_second_order(played: PlayedAlipay) -> None:
    trade_no = await played.paid()
    answer = await played.client.query("ORDER00001")
    assert answer.paid is not None
    notice, evidence = answer.paid
    assert isinstance(notice, PaymentNotice)
    assert (notice.amount_fen, notice.transaction_id, notice.payee_merchant_id) == (38_000, trade_no, SELLER_ID)
    assert b"canary" not in evidence.envelope, "of the payer nothing is kept"
    assert await played.client.close("ORDER00001") is Closing.PAID
    with pytest.raises(ChannelRefused) as paid:
        await played.order()
    assert paid.value.already_paid


async def test_a_request_that_the_app_did_not_sign_is_refused_and_such_a_refusal_is_not_believed(
    played: PlayedAlipay,
) -> None:
    address = await played.order("ORDER00001", TradeType.H5)
    forged = address.replace("ORDER00001", "ORDER00009")
    assert (await played.http.get(forged)).json()["error_response"]["sub_code"] == "isv.invalid-signature"
    others = load_seller(alipay_seller(played.folder, keys=("somebody else's",)))
    with pytest.raises(ChannelUnavailable, match="signature"):
        await played.client_of(others).query("ORDER00001")


async def test_an_answer_that_breaks_off_leaves_the_outcome_unknown_and_the_same_again_is_harmless(
    played: PlayedAlipay,
) -> None:
    trade_no = await played.paid()
    played.peer.crash_next = 1
    with pytest.raises(ChannelUnavailable):
        await played.refund(trade_no, "REF01", 38_000)
    await played.refund(trade_no, "REF01", 38_000)
    answer = await played.client.query_refund("REF01", transaction_id=trade_no)
    assert answer is not None
    assert answer.status == "SUCCESS"
    assert played.account.question("ORDER00001")["trade_status"] == "TRADE_CLOSED"


async def test_a_refund_answered_10000_without_a_change_of_funds_is_done_when_a_query_says_so(
    played: PlayedAlipay,
) -> None:
    trade_no = await played.paid()
    played.account.hold_refunds = True
    assert await played.refund(trade_no, "REF01", 10_000) == "REF01", "taken only"
    assert await played.client.query_refund("REF01", transaction_id=trade_no) is None
    await played.account.carry_out("REF01")
    answer = await played.client.query_refund("REF01", transaction_id=trade_no)
    assert answer is not None
    assert answer.concluded is not None
    notice = answer.concluded[0]
    assert isinstance(notice, RefundNotice)
    assert (notice.amount_fen, notice.is_cumulative, notice.refund_no) == (10_000, False, "REF01")


async def test_refunds_are_notified_with_the_sum_so_far_to_the_payments_own_address(played: PlayedAlipay) -> None:
    trade_no = await played.paid()
    await played.refund(trade_no, "REF01", 10_000)
    await played.refund(trade_no, "REF02", 28_000)
    await eventually(lambda: len({notice.notify_id for notice in played.taken}) == 2, message="both are notified")
    refunds = {n.refund_no: n for n in played.taken if isinstance(n, RefundNotice)}
    assert {number: n.amount_fen for number, n in refunds.items()} == {"REF01": 10_000, "REF02": 38_000}
    assert all(notice.is_cumulative for notice in refunds.values())
    with pytest.raises(ChannelRefused):
        await played.refund(trade_no, "REF03", 1)


async def test_two_refunds_without_numbers_of_their_own_are_one(played: PlayedAlipay) -> None:
    trade_no = await played.paid()
    asked = {"trade_no": trade_no, "refund_amount": "100.00"}
    first, second = [await played.account.refund(asked) for _ in range(2)]
    assert (first["fund_change"], second["fund_change"], second["refund_fee"]) == ("Y", "N", "100.00")


async def test_a_notice_comes_again_seven_times_with_one_number_by_either_key(played: PlayedAlipay) -> None:
    await played.paid()
    notice = played.account.notice("ORDER00001")
    played.refuse_next = len(RETRIES_MIN)
    assert await played.sender.deliver(notice)
    assert played.sender.attempts == 8
    played.refuse_next = len(RETRIES_MIN) + 1
    assert not await played.sender.deliver(notice), "Alipay gives up"
    assert {each.notify_id for each in played.taken} == {notice.id}


async def lines(played: PlayedAlipay, kind: BillKind, day: date) -> list[TradeLine | FlowLine] | None:
    """A day's bill as the product fetches, proves and reads it; None where there was no business."""
    offer = await played.client.bills.find_bill(kind, day)
    if offer is None:
        return None
    with TemporaryFile() as file:
        assert await played.client.bills.download_bill(offer, file) > 0
        line = TradeLine if kind is BillKind.TRADE else FlowLine
        portions = played.client.bills.read_bill(kind, day, file).portions()
        return [line(*row) for portion in portions for row in portion.rows()]  # type: ignore[arg-type]


async def test_a_days_bills_say_what_was_taken_given_back_and_paid_out(played: PlayedAlipay) -> None:
    trade_no = await played.paid()
    await played.paid("ORDER00002")
    await played.refund(trade_no, "REF01", 10_000)
    assert await lines(played, BillKind.TRADE, DAY) is None, "the day is not over"
    played.account.day.today += timedelta(days=2)
    trades = await lines(played, BillKind.TRADE, DAY)
    assert trades is not None
    assert sorted((line[1], line[2], line[5], line[7]) for line in trades) == [
        ("PAYMENT", "ORDER00001", None, 38_000),
        ("PAYMENT", "ORDER00002", None, 38_000),
        ("REFUND", "ORDER00001", "REF01", 10_000),
    ]
    flows = await lines(played, BillKind.FUND_FLOW, DAY)
    assert flows is not None
    assert sum(line.amount_fen for line in flows) == 66_000
    assert {line.business_no for line in flows if isinstance(line, FlowLine) and line.kind == "REFUND"} == {"REF01"}
    (paid_out,) = await lines(played, BillKind.FUND_FLOW, DAY + timedelta(days=1)) or []
    assert (paid_out[5], paid_out[6], paid_out[7]) == ("PAYOUT", -66_000, 0)


async def test_a_bill_is_fetched_from_the_configured_site_only(played: PlayedAlipay) -> None:
    await played.paid()
    played.account.day.today += timedelta(days=1)
    with pytest.raises(FaultyBill) as refused:
        await played.client_of(played.seller, "http://bills.test").bills.find_bill(BillKind.TRADE, DAY)
    assert refused.value.fault is BillFault.ADDRESS_NOT_ALLOWED
