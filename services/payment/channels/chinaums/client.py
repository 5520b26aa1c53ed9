"""Calls to ChinaUMS: a code to scan, close, query, refund. Each request is signed over its body."""

import re
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from typing import Any, Final

import httpx
import orjson
import stamina
import structlog

from services.payment.channels.adapter import ChannelConnection
from services.payment.channels.channel import (
    ChannelRefused,
    ChannelUnavailable,
    Closing,
    OrderAnswer,
    OrderAtChannel,
    RefundAnswer,
)
from services.payment.channels.chinaums.answer import ChinaumsAnswer, read_answer
from services.payment.channels.chinaums.bills import ChinaumsBills
from services.payment.channels.chinaums.keys import ChinaumsMerchant
from services.payment.channels.chinaums.messages import NotInForm, object_in
from services.payment.channels.chinaums.notice import ChinaumsHeader, parse, refund_of
from services.payment.channels.chinaums.numbers import NOT_OURS, bill_date, bill_no, paid_bill, refund_order_id
from services.payment.channels.chinaums.signature import OpenSignature, beijing
from services.payment.channels.chinaums.unread_messages import read_again, what_is_needed
from services.payment.channels.prepayment import Prepayment, TradeType
from services.payment.notices.notice import (
    ChannelNotice,
    Evidence,
    NoticeKind,
    PaymentNotice,
    VerifiedNotice,
)
from shared.domain.ids import new_id

_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_ATTEMPTS = 3
_AGENT = f"canbao/{version('canbao')}"
_INSTITUTION: Final = "QRPAYDEFAULT"
_MOMENT, _DAY, _STAMP = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y%m%d%H%M%S"
_GET, _QUERY, _CLOSE = "/v1/netpay/bills/get-qrcode", "/v1/netpay/bills/query", "/v1/netpay/bills/close-qrcode"
_REFUND, _REFUND_QUERY = "/v1/netpay/bills/refund", "/v1/netpay/refund-query"
_NOT_KNOWN = "NO_ORDER"
_PAID = "PAID"
_STATES = {
    "UNPAID": OrderAtChannel.PAYABLE,
    "CLOSED": OrderAtChannel.ENDED,
    # Paid, and all or a part of it given back: what moved stands in the settlement file.
    "REFUND": OrderAtChannel.ENDED,
}
_PAYING = "WAIT_BUYER_PAY"
_REFUND_CONCLUDED = ("SUCCESS", "FAIL")
_CODE_LIMIT = 512
_WORD_SHOWN = 32
# The code's own number stands in its address: the channel closes a code by it.
_CODE_ID = re.compile(r"[?&]id=([0-9A-Za-z]{1,64})(?:&|\Z)")
log = structlog.get_logger(__name__)


class _AskAgain(Exception):
    """A transient failure; the request may or may not have been carried out."""


class ChinaumsClient:
    """The API of one merchant."""

    def __init__(self, merchant: ChinaumsMerchant, connection: ChannelConnection) -> None:
        """Speak for ``merchant`` through ``connection``; nothing is sent yet."""
        settings = connection.settings
        self.lives = {TradeType.NATIVE: timedelta(minutes=settings.chinaums_minutes)}
        self.questions_per_second = settings.chinaums_questions_per_second
        self.name = merchant.channel
        self.merchant_id = merchant.merchant_id
        self.appid = merchant.appid
        self._merchant = merchant
        self._region = connection.region
        self._http = connection.http
        self._base_url = settings.chinaums_base_url.rstrip("/")
        self._clock = connection.clock
        self.bills = ChinaumsBills(
            merchant, self._http, self._base_url, signed=lambda address: self._signed_request("GET", address, b"")
        )

    async def prepay(self, ask: Prepayment) -> str:
        """Open an order at the channel and get the code that people scan; asking again gives a code again.

        The channel's codes do not say whether it refused because the order has been paid: then it is asked.
        """
        order = self._order(ask.order_no)
        asked = order | {
            "billDesc": ask.description,
            "totalAmount": ask.amount_fen,
            "expireTime": beijing(ask.expires_at, _MOMENT),
            "notifyUrl": ask.notify_url,
        }
        try:
            answer = await self._call(_GET, asked)
        except ChannelRefused as refused:
            if (await self.query(ask.order_no)).state is OrderAtChannel.PAID:
                raise ChannelRefused(refused.reason, already_paid=True) from refused
            raise
        code = answer.about(billNo=order["billNo"]).word("billQRCode")
        if len(code) > _CODE_LIMIT:
            raise ChannelUnavailable("渠道应答缺少 billQRCode · the channel's answer has no billQRCode")
        return code

    async def close(self, order_no: str) -> Closing:
        """Close an order so that nobody can pay it any more, or learn that it has been paid.

        It is closed by its code, which the answer to a question about the order has; and a payer may be quicker.
        """
        answer = await self._question(order_no)
        if answer is None or answer.word("billStatus") in ("CLOSED", "REFUND"):
            return Closing.CLOSED
        if answer.word("billStatus") == _PAID:
            return Closing.PAID
        try:
            await self._call(_CLOSE, {"qrCodeId": _code_id(answer)})
        except ChannelRefused:
            now = await self.query(order_no)
            if now.state is OrderAtChannel.PAID:
                return Closing.PAID
            if now.state is not OrderAtChannel.ENDED:
                raise
        return Closing.CLOSED

    async def query(self, order_no: str) -> OrderAnswer:
        """What ChinaUMS knows of an order, by its ``billStatus``."""
        answer = await self._question(order_no)
        if answer is None:
            return OrderAnswer(OrderAtChannel.UNKNOWN)
        status = answer.word("billStatus")
        if status != _PAID:
            if status not in _STATES:
                log.warning("the channel's word on an order is not known", order_no=order_no, word=status[:_WORD_SHOWN])
            paying = status == "UNPAID" and _is_paying(answer)
            return OrderAnswer(OrderAtChannel.PAYING if paying else _STATES.get(status, OrderAtChannel.UNCLEAR))
        notice = parse(self._header(f"query:{order_no}"), answer.value)
        if not isinstance(notice, PaymentNotice):
            return OrderAnswer(OrderAtChannel.PAID, _unreadable(notice, answer))
        # Of the answer only what is needed is kept.
        kept = {"order_no": order_no, "transaction_id": notice.transaction_id, "amount_fen": notice.amount_fen}
        return OrderAnswer(OrderAtChannel.PAID, (notice, answer.evidence(orjson.dumps(kept))))

    async def refund(
        self, *, transaction_id: str, refund_no: str, reason: str, refund_fen: int, paid_fen: int, notify_url: str
    ) -> str | None:
        """Ask for money to go back to the payer: accepted only, final when a notice or a query reports it.

        The same number again is the same refund. A payment of no order of ours is refused here: its day is not known.
        """
        order_no = paid_bill(self._merchant.source, transaction_id)
        if order_no is None:
            raise ChannelRefused(NOT_OURS)
        number = refund_order_id(self._merchant.source, refund_no)
        asked = {"merOrderId": transaction_id, "refundOrderId": number, "refundAmount": refund_fen}
        answer = await self._call(_REFUND, self._order(order_no) | asked | {"refundDesc": reason})
        answer.about(refundOrderId=number)
        return number

    async def query_refund(self, refund_no: str, *, transaction_id: str | None = None) -> RefundAnswer | None:
        """What ChinaUMS knows of a refund, of a payment where one is named; None where it has none of that number."""
        number = refund_order_id(self._merchant.source, refund_no)
        try:
            answer = await self._call(_REFUND_QUERY, {"merOrderId": number})
        except ChannelRefused as refused:
            if refused.reason == _NOT_KNOWN:
                return None
            raise
        paid = {"merOrderId": transaction_id} if transaction_id is not None else {}
        status = answer.about(refundOrderId=number, **paid).word("refundStatus")
        if status not in _REFUND_CONCLUDED:
            return RefundAnswer(status, number)
        header = self._header(f"query:{refund_no}:{status}")
        try:
            notice = refund_of(header, answer.value)
        except NotInForm:
            unread = ChannelNotice(
                kind=NoticeKind.UNREADABLE,
                channel=self.name,
                merchant_id=self.merchant_id,
                region=self._region,
                notify_id=header.notify_id,
                event_type=f"REFUND.{status}",
            )
            return RefundAnswer(status, number, _unreadable(unread, answer))
        kept = {"refund_no": refund_no, "transaction_id": notice.transaction_id, "status": notice.outcome}
        return RefundAnswer(notice.outcome, number, (notice, answer.evidence(orjson.dumps(kept))))

    def read_again(self, kept: VerifiedNotice) -> ChannelNotice | None:
        """Read a kept message once more, as a person who looks at it would; None where it cannot be opened."""
        return read_again(self._merchant.source, kept)

    async def _question(self, order_no: str) -> ChinaumsAnswer | None:
        """The answer about an order; None where the channel has none of that number."""
        order = self._order(order_no)
        try:
            answer = await self._call(_QUERY, order)
        except ChannelRefused as refused:
            if refused.reason == _NOT_KNOWN:
                return None
            raise
        return answer.about(billNo=order["billNo"], mid=self.merchant_id)

    def _order(self, order_no: str) -> dict[str, Any]:
        number = bill_no(self._merchant.source, order_no)
        return {"billNo": number, "billDate": f"{bill_date(order_no):{_DAY}}"}

    def _header(self, notify_id: str) -> ChinaumsHeader:
        return ChinaumsHeader(self.name, self.merchant_id, self._region, self._merchant.source, notify_id)

    async def _call(self, path: str, asked: dict[str, Any]) -> ChinaumsAnswer:
        """Ask; raises ChannelRefused where the channel did not do it, ChannelUnavailable where that is not known."""
        who = {"mid": self.merchant_id, "tid": self.appid, "instMid": _INSTITUTION, "msgId": new_id().hex}
        try:
            async for attempt in stamina.retry_context(
                on=_AskAgain, attempts=_ATTEMPTS, timeout=12.0, wait_initial=0.1, wait_max=1.0, wait_jitter=0.1
            ):
                with attempt:
                    now = {"requestTimestamp": beijing(self._clock.now(), _MOMENT)}
                    answer = await self._once(path, orjson.dumps(who | now | asked))
                    if answer.error is not None:
                        raise ChannelRefused(answer.error)
                    return answer
        except _AskAgain as failure:
            raise ChannelUnavailable(str(failure)) from failure
        raise ChannelUnavailable("未询问渠道 · the channel was not asked")

    async def _once(self, path: str, content: bytes) -> ChinaumsAnswer:
        request = self._signed_request("POST", self._base_url + path, content)
        try:
            response = await self._http.send(request)
        except httpx.TransportError as error:
            raise _AskAgain(f"渠道没有应答 · the channel did not answer: {type(error).__name__}") from error
        status = response.status_code
        if status >= 500 or status == httpx.codes.TOO_MANY_REQUESTS:
            raise _AskAgain(f"渠道应答 {status} · the channel answered {status}")
        if status != httpx.codes.OK:
            raise ChannelUnavailable(f"渠道应答 {status} · the channel answered {status}")
        authorization = response.headers.get("authorization", "")
        return read_answer(self._merchant, response.content, authorization, self._clock.now())

    def _signed_request(self, method: str, address: str, content: bytes) -> httpx.Request:
        request = self._http.build_request(method, address, content=content, timeout=_TIMEOUT)
        request.headers["Accept"] = "application/json"
        request.headers["Content-Type"] = "application/json; charset=utf-8"
        request.headers["User-Agent"] = _AGENT
        # Each attempt has a signature of its own: a nonce serves once, and a late retry would carry a stale timestamp.
        signature = OpenSignature(self._merchant.app_id, beijing(self._clock.now(), _STAMP), new_id().hex)
        request.headers["Authorization"] = signature.header(self._merchant.app_key, content)
        return request


def _unreadable(notice: ChannelNotice, answer: ChinaumsAnswer) -> tuple[ChannelNotice, Evidence]:
    """An answer that cannot be read keeps what a later reading needs, and leaves its number to one that can be."""
    unread = replace(notice, notify_id=f"{notice.notify_id}:unreadable")
    return unread, answer.evidence(what_is_needed(answer.value))


def _is_paying(answer: ChinaumsAnswer) -> bool:
    """Whether somebody confirms a payment now."""
    if not answer.value.get("billPayment"):
        return False
    try:
        return object_in(answer.value["billPayment"]).get("status") == _PAYING
    except NotInForm:
        return False


def _code_id(answer: ChinaumsAnswer) -> str:
    """The number of an order's code; raises ChannelUnavailable where the answer does not say it."""
    said = answer.value.get("qrCodeId")
    if isinstance(said, str) and said:
        return said
    found = _CODE_ID.search(answer.word("billQRCode"))
    if found is None:
        raise ChannelUnavailable("渠道应答缺少 qrCodeId · the channel's answer has no qrCodeId")
    return found[1]
