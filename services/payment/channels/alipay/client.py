"""Calls to Alipay's gateway: create, pre-create, pay in a browser, query, close, refund. Each answer is checked.

A pre-created code is no trade until somebody scans it: neither can it be asked about, nor closed. It is given an end of
its own when it is made; whoever pays a cancelled order before that is suspended and gets the money back.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import httpx
import orjson
import stamina
import structlog

from services.payment.channels.adapter import ChannelConnection
from services.payment.channels.alipay.answers import SignedAnswer, open_answer
from services.payment.channels.alipay.bills import AlipayBills
from services.payment.channels.alipay.keys import Seller
from services.payment.channels.alipay.notice import (
    CLOSED,
    PAID_STATES,
    NoticeHeader,
    paid_trade,
    refund_done,
)
from services.payment.channels.alipay.requests import address_and_form, page_address, signed_parameters
from services.payment.channels.alipay.unread_messages import read_again, what_is_needed
from services.payment.channels.alipay.values import written, yuan_of
from services.payment.channels.callback import Refused
from services.payment.channels.channel import (
    ChannelRefused,
    ChannelUnavailable,
    Closing,
    OrderAnswer,
    OrderAtChannel,
    RefundAnswer,
)
from services.payment.channels.prepayment import Prepayment, TradeType
from services.payment.notices.notice import ChannelNotice, Evidence, NoticeKind, NoticeSource, VerifiedNotice

_TIMEOUT = httpx.Timeout(8.0, connect=2.0)
_ATTEMPTS = 3
_ANSWER_LIMIT = 256 * 1024
_NO_TRADE = "ACQ.TRADE_NOT_EXIST"
_ALREADY_PAID = ("ACQ.TRADE_HAS_SUCCESS", "ACQ.TRADE_HAS_FINISHED")
# The trade stands otherwise than a closing wants: how, only a query says.
_OTHER_STATE = ("ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REASON_ILLEGAL_STATUS")
_STATES = {"WAIT_BUYER_PAY": OrderAtChannel.PAYABLE, CLOSED: OrderAtChannel.ENDED}
_REFUNDED = "REFUND_SUCCESS"
# How our books call it.
_DONE = "SUCCESS"
_USER_ID = re.compile(r"2088[0-9]{12}")
_ANSWER_SHOWN = 32
_REASON_LIMIT = 64
_PREPAID = {
    TradeType.NATIVE: ("alipay.trade.precreate", "qr_code"),
    TradeType.JSAPI: ("alipay.trade.create", "trade_no"),
}
_AGENT = f"canbao/{version('canbao')}"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked, and where Alipay is to report to."""

    method: str
    content: Mapping[str, Any]
    notify_url: str | None = None


class _AskAgain(Exception):
    """A transient failure; the request may or may not have been carried out."""


class AlipayClient:
    """Alipay's open platform for one seller."""

    def __init__(self, seller: Seller, connection: ChannelConnection) -> None:
        """Speak for ``seller`` through ``connection``; nothing is sent yet."""
        settings = connection.settings
        life = timedelta(minutes=settings.alipay_order_minutes)
        self.lives = dict.fromkeys((TradeType.NATIVE, TradeType.JSAPI, TradeType.H5), life)
        self.questions_per_second = settings.alipay_questions_per_second
        self.name = seller.channel
        self.merchant_id = seller.merchant_id
        self.appid = seller.appid
        self._seller = seller
        self._region = connection.region
        self._http = connection.http
        self._gateway_url = settings.alipay_gateway_url
        self._clock = connection.clock
        self.bills = AlipayBills(seller, connection.http, settings.alipay_bill_url, ask=self._bill_address)

    async def prepay(self, ask: Prepayment) -> str:
        """Open an order: a code to scan, a trade's number for a page inside Alipay, or an address for a browser."""
        content = {
            "out_trade_no": ask.order_no,
            "total_amount": yuan_of(ask.amount_fen),
            "subject": _subject(ask.description),
            "seller_id": self.merchant_id,
            "time_expire": written(ask.expires_at),
        }
        if ask.trade_type is TradeType.H5:
            return self._page(content | {"product_code": "QUICK_WAP_WAY"}, ask.notify_url)
        if ask.trade_type is TradeType.JSAPI:
            content |= {"product_code": "JSAPI_PAY", "op_app_id": self.appid, **_buyer(ask.payer_id or "")}
        method, name = _PREPAID[ask.trade_type]
        answer = await self._ask(_Request(method, content, ask.notify_url))
        opened = answer.text(name)
        if not 0 < len(opened) <= 512:
            raise ChannelUnavailable(f"渠道应答缺少 {name} · the channel's answer has no {name}")
        return opened

    async def close(self, order_no: str) -> Closing:
        """Close an order so that nobody can pay it any more, or learn that it has been paid.

        Where nobody has scanned its code there is nothing to close: the code ends with the order's time.
        """
        try:
            await self._ask(_Request("alipay.trade.close", {"out_trade_no": order_no}))
        except ChannelRefused as refused:
            if refused.reason == _NO_TRADE:
                return Closing.CLOSED
            if refused.reason not in _OTHER_STATE and not refused.already_paid:
                raise
            stands = (await self.query(order_no)).state
            if stands is OrderAtChannel.PAID:
                return Closing.PAID
            if stands is not OrderAtChannel.ENDED:
                raise
        return Closing.CLOSED

    async def query(self, order_no: str) -> OrderAnswer:
        """What Alipay knows of an order, by its ``trade_status``; a closed one may have been paid and given back."""
        try:
            answer = await self._ask(_Request("alipay.trade.query", {"out_trade_no": order_no}))
        except ChannelRefused as refused:
            if refused.reason == _NO_TRADE:
                return OrderAnswer(OrderAtChannel.UNKNOWN)
            raise
        _about(answer, "out_trade_no", order_no)
        status = answer.text("trade_status")
        if not status:
            raise ChannelUnavailable("渠道应答缺少 trade_status · the channel's answer has no trade_status")
        if status not in PAID_STATES:
            if status not in _STATES:
                log.warning(
                    "the channel's word on an order is not known", order_no=order_no, word=status[:_ANSWER_SHOWN]
                )
            return OrderAnswer(_STATES.get(status, OrderAtChannel.UNCLEAR))
        notice = paid_trade(NoticeHeader(self._seller, self._region, f"query:{order_no}"), answer.texts())
        return OrderAnswer(OrderAtChannel.PAID, self._kept(notice, answer))

    async def refund(
        self, *, transaction_id: str, refund_no: str, reason: str, refund_fen: int, paid_fen: int, notify_url: str
    ) -> str | None:
        """Ask for money to go back to the payer; the same number again is the same refund.

        Accepted only, also where the answer is 10000: without ``fund_change=Y`` nothing has moved (yet), and a query or
        a notice says when it has. Notices go to the payment's own address.
        """
        content = {
            "trade_no": transaction_id,
            "refund_amount": yuan_of(refund_fen),
            "refund_reason": reason,
            "out_request_no": refund_no,
        }
        await self._ask(_Request("alipay.trade.refund", content))
        return refund_no

    async def query_refund(self, refund_no: str, *, transaction_id: str) -> RefundAnswer | None:
        """What Alipay knows of a refund of a trade; None where it has none, or could not carry it out."""
        content = {"trade_no": transaction_id, "out_request_no": refund_no, "query_options": ["gmt_refund_pay"]}
        try:
            answer = await self._ask(_Request("alipay.trade.fastpay.refund.query", content))
        except ChannelRefused as refused:
            if refused.reason == _NO_TRADE:
                return None
            raise
        status = answer.text("refund_status")
        if not status:
            return None
        _about(answer, "out_request_no", refund_no)
        if status != _REFUNDED:
            return RefundAnswer(status, refund_no)
        header = NoticeHeader(self._seller, self._region, f"query:{refund_no}:{_DONE}")
        return RefundAnswer(_DONE, refund_no, self._kept(refund_done(header, answer.texts()), answer))

    def read_again(self, kept: VerifiedNotice) -> ChannelNotice | None:
        """Read a kept message once more, as a person who looks at it would; None where it cannot be opened."""
        return read_again(self._seller, kept)

    def _page(self, content: Mapping[str, Any], notify_url: str) -> str:
        parameters = signed_parameters(
            self._seller, "alipay.trade.wap.pay", content, self._clock.now(), notify_url=notify_url
        )
        return page_address(self._gateway_url, parameters)

    def _kept(self, notice: ChannelNotice, answer: SignedAnswer) -> tuple[ChannelNotice, Evidence]:
        """Of an answer only what is needed is kept; one that cannot be read leaves its number to one that can be."""
        if notice.kind is NoticeKind.UNREADABLE:
            notice = replace(notice, notify_id=f"{notice.notify_id}:unreadable")
        needed = orjson.dumps(what_is_needed(answer.node))
        return notice, Evidence(NoticeSource.QUERY, needed, answer.key, self._clock.now())

    async def _bill_address(self, bill_type: str, bill_date: str) -> str:
        method = "alipay.data.dataservice.bill.downloadurl.query"
        answer = await self._ask(_Request(method, {"bill_type": bill_type, "bill_date": bill_date}))
        return answer.text("bill_download_url")

    async def _ask(self, request: _Request) -> SignedAnswer:
        try:
            async for attempt in stamina.retry_context(
                on=_AskAgain, attempts=_ATTEMPTS, timeout=16.0, wait_initial=0.1, wait_max=1.0, wait_jitter=0.1
            ):
                with attempt:
                    return await self._once(request)
        except _AskAgain as failure:
            raise ChannelUnavailable(str(failure)) from failure
        raise ChannelUnavailable("未询问渠道 · the channel was not asked")

    async def _once(self, request: _Request) -> SignedAnswer:
        parameters = signed_parameters(
            self._seller, request.method, request.content, self._clock.now(), notify_url=request.notify_url
        )
        address, form = address_and_form(self._gateway_url, parameters)
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8", "User-Agent": _AGENT}
        try:
            response = await self._http.post(address, content=form, headers=headers, timeout=_TIMEOUT)
        except httpx.TransportError as error:
            raise _AskAgain(f"渠道没有应答 · the channel did not answer: {type(error).__name__}") from error
        return self._checked(request.method, response)

    def _checked(self, method: str, response: httpx.Response) -> SignedAnswer:
        """Nothing follows from an answer that nobody vouches for."""
        status = response.status_code
        if status >= 500 or status == 429:
            raise _AskAgain(f"渠道应答 {status} · the channel answered {status}")
        if len(response.content) > _ANSWER_LIMIT:
            raise ChannelUnavailable("渠道应答过大 · the channel's answer is too large")
        try:
            answer = open_answer(self._seller, method, response.content)
        except Refused as refused:
            why = refused.refusal.value
            log.warning(
                "the channel's answer is not credible",
                merchant_id=self.merchant_id,
                status=status,
                method=method,
                why=why,
            )
            raise ChannelUnavailable(
                f"渠道应答 {status}，验签未通过（{why}），不予采信"
                f" · the channel answered {status}, which is not credible: {why}"
            ) from refused
        if answer.is_uncertain:
            raise _AskAgain(f"渠道应答 {answer.reason} · the channel answered {answer.reason}")
        if answer.succeeded:
            return answer
        reason = answer.reason[:_REASON_LIMIT] or f"HTTP {status}"
        raise ChannelRefused(reason, already_paid=reason in _ALREADY_PAID)


def _about(answer: SignedAnswer, name: str, asked: str) -> None:
    """An answer about another order would be believed of this one; raises ChannelUnavailable."""
    if answer.text(name) != asked:
        raise ChannelUnavailable(f"渠道应答的 {name} 不是所问的 · the channel's answer is about another {name}")


def _subject(description: str) -> str:
    """A title without the characters that Alipay does not take in one."""
    return re.sub(r"[/=&]", " ", description)


def _buyer(payer_id: str) -> dict[str, str]:
    """Who pays: by the older user id, or by the number that a newer app has for them."""
    return {"buyer_id" if _USER_ID.fullmatch(payer_id) else "buyer_open_id": payer_id}
