"""Calls to WeChat Pay: prepay, close, query, refund. Requests carry our signature, answers are checked for theirs.

Each request names the platform key that its answer is to be signed with. Otherwise WeChat chooses between certificate
and public key by itself, and may sign with one that is not configured here.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import stamina
import structlog

from services.payment.channels.adapter import ChannelConnection
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
from services.payment.channels.wechat.bills import WechatBills
from services.payment.channels.wechat.keys import Merchant
from services.payment.channels.wechat.notice import (
    REFUND_QUERY,
    NoticeHeader,
    code_in,
    parse,
)
from services.payment.channels.wechat.signature import Signed, sign, verify
from services.payment.channels.wechat.unread_messages import read_again, what_is_needed
from services.payment.notices.notice import (
    ChannelNotice,
    Evidence,
    NoticeSource,
    PaymentNotice,
    RefundNotice,
    VerifiedNotice,
)
from shared.domain.clock import SHANGHAI
from shared.domain.ids import new_id

_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_ATTEMPTS = 3
_ANSWER_LIMIT = 256 * 1024
_PAID = ("ORDERPAID", "ORDER_PAID")
_PAID_STATE = "SUCCESS"
_STATES = {
    "NOTPAY": OrderAtChannel.PAYABLE,
    "USERPAYING": OrderAtChannel.PAYING,
    "CLOSED": OrderAtChannel.ENDED,
    "REVOKED": OrderAtChannel.ENDED,
    "PAYERROR": OrderAtChannel.ENDED,
    # Paid, and all or a part of it given back: what moved stands in the bills.
    "REFUND": OrderAtChannel.ENDED,
}
_REFUND_CONCLUDED = ("SUCCESS", "ABNORMAL", "CLOSED")
_WORD_SHOWN = 32
_AGENT = f"canbao/{version('canbao')}"
# Of an answer that nobody vouches for only this may be shown.
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What WeChat Pay answered, and the signature that vouches for it."""

    content: bytes
    signed: Signed

    @property
    def value(self) -> dict[str, Any]:
        """The answer as a JSON object; raises ChannelUnavailable where it is none."""
        try:
            value = orjson.loads(self.content)
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            raise ChannelUnavailable("渠道应答不是 JSON 对象 · the channel's answer is no JSON object")
        return value

    def word(self, name: str) -> str:
        """A word that the answer has to say; raises ChannelUnavailable: from a word left out nothing follows."""
        said = self.value.get(name)
        if not isinstance(said, str) or not said:
            raise ChannelUnavailable(f"渠道应答缺少 {name} · the channel's answer has no {name}")
        return said

    def evidence(self, kept: dict[str, Any]) -> Evidence:
        """The answer as evidence of a notice, with what is kept of it."""
        return Evidence(NoticeSource.QUERY, orjson.dumps(kept), self.signed.serial, self.signed.signed_at)


class _TryAgain(Exception):
    """A transient failure; the request may or may not have been carried out."""


class WechatClient:
    """The WeChat Pay API of one merchant."""

    def __init__(self, merchant: Merchant, connection: ChannelConnection) -> None:
        """Speak for ``merchant`` through ``connection``; nothing is sent yet."""
        http, settings = connection.http, connection.settings
        self.lives = {
            TradeType.NATIVE: timedelta(minutes=settings.wechat_native_minutes),
            TradeType.JSAPI: timedelta(minutes=settings.wechat_jsapi_minutes),
            TradeType.H5: timedelta(minutes=settings.wechat_browser_minutes),
        }
        self.questions_per_second = settings.wechat_questions_per_second
        self.name = merchant.channel
        self.merchant_id = merchant.merchant_id
        self.appid = merchant.appid
        self._merchant = merchant
        self._region = connection.region
        self._http = http
        self._base_url = settings.wechat_base_url.rstrip("/")
        self._clock = connection.clock
        self.bills = WechatBills(
            merchant.merchant_id,
            http,
            self._base_url,
            ask=self._ask,
            signed=lambda address: self._signed_request("GET", address, b""),
        )

    async def prepay(self, ask: Prepayment) -> str:
        """Open an order at the channel and get the code that people scan; asking again gives a code again."""
        answer = await self._call(
            "POST",
            "/v3/pay/transactions/native",
            {
                "appid": self.appid,
                "mchid": self.merchant_id,
                "description": ask.description,
                "out_trade_no": ask.order_no,
                "time_expire": ask.expires_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
                "notify_url": ask.notify_url,
                "amount": {"total": ask.amount_fen, "currency": "CNY"},
            },
        )
        code_url = answer.value.get("code_url")
        if not isinstance(code_url, str) or not 0 < len(code_url) <= 512:
            raise ChannelUnavailable("渠道应答缺少 code_url · the channel's answer has no code_url")
        return code_url

    async def close(self, order_no: str) -> Closing:
        """Close an order so that nobody can pay it any more, or learn that it has been paid."""
        try:
            await self._call(
                "POST", f"/v3/pay/transactions/out-trade-no/{quote(order_no)}/close", {"mchid": self.merchant_id}
            )
        except ChannelRefused as refused:
            if refused.already_paid:
                return Closing.PAID
            if refused.reason in ("ORDER_CLOSED", "ORDERCLOSED", "ORDER_NOT_EXIST", "ORDERNOTEXIST"):
                return Closing.CLOSED
            raise
        return Closing.CLOSED

    async def query(self, order_no: str) -> OrderAnswer:
        """What WeChat Pay knows of an order, by its ``trade_state``."""
        target = f"/v3/pay/transactions/out-trade-no/{quote(order_no)}?mchid={quote(self.merchant_id)}"
        try:
            answer = await self._call("GET", target, None)
        except ChannelRefused as refused:
            if refused.reason in ("ORDER_NOT_EXIST", "ORDERNOTEXIST"):
                return OrderAnswer(OrderAtChannel.UNKNOWN)
            raise
        state = answer.word("trade_state")
        if state != _PAID_STATE:
            if state not in _STATES:
                log.warning("the channel's word on an order is not known", order_no=order_no, word=state[:_WORD_SHOWN])
            return OrderAnswer(_STATES.get(state, OrderAtChannel.UNCLEAR))
        header = NoticeHeader(self.name, self.merchant_id, self._region, f"query:{order_no}", "TRANSACTION.SUCCESS")
        notice = parse(header, answer.content)
        if not isinstance(notice, PaymentNotice):
            return OrderAnswer(OrderAtChannel.PAID, self._unreadable(notice, answer))
        # Of the answer only what is needed is kept.
        kept = {"order_no": order_no, "transaction_id": notice.transaction_id, "amount_fen": notice.amount_fen}
        return OrderAnswer(OrderAtChannel.PAID, (notice, answer.evidence(kept)))

    async def refund(
        self, *, transaction_id: str, refund_no: str, reason: str, refund_fen: int, paid_fen: int, notify_url: str
    ) -> str | None:
        """Ask for money to go back to the payer: accepted only, final when a notice or a query reports it.

        The same number again is the same refund.
        """
        answer = await self._call(
            "POST",
            "/v3/refund/domestic/refunds",
            {
                "transaction_id": transaction_id,
                "out_refund_no": refund_no,
                "reason": reason,
                "notify_url": notify_url,
                "amount": {"refund": refund_fen, "total": paid_fen, "currency": "CNY"},
            },
        )
        return code_in(answer.value, "refund_id")

    async def query_refund(self, refund_no: str, *, transaction_id: str) -> RefundAnswer | None:
        """What WeChat Pay knows of a refund, by its number alone; None where it has none of that number."""
        try:
            answer = await self._call("GET", f"/v3/refund/domestic/refunds/{quote(refund_no)}", None)
        except ChannelRefused as refused:
            if refused.reason in ("RESOURCE_NOT_EXISTS", "NOT_FOUND"):
                return None
            raise
        status = answer.word("status")
        channel_refund_id = code_in(answer.value, "refund_id")
        if status not in _REFUND_CONCLUDED:
            return RefundAnswer(status, channel_refund_id)
        header = NoticeHeader(self.name, self.merchant_id, self._region, f"query:{refund_no}:{status}", REFUND_QUERY)
        notice = parse(header, answer.content)
        if not isinstance(notice, RefundNotice):
            return RefundAnswer(status, channel_refund_id, self._unreadable(notice, answer))
        kept = {"refund_no": refund_no, "transaction_id": notice.transaction_id, "status": notice.outcome}
        return RefundAnswer(status, channel_refund_id, (notice, answer.evidence(kept)))

    def read_again(self, kept: VerifiedNotice) -> ChannelNotice | None:
        """Read a kept message once more, as a person who looks at it would; None where it cannot be opened."""
        return read_again(self._merchant, kept)

    def _unreadable(self, notice: ChannelNotice, answer: Answer) -> tuple[ChannelNotice, Evidence]:
        """An answer that cannot be read keeps what a later reading needs, and leaves its number to one that can be."""
        unread = replace(notice, notify_id=f"{notice.notify_id}:unreadable")
        return unread, answer.evidence(what_is_needed(answer.value))

    async def _ask(self, target: str) -> dict[str, Any]:
        return (await self._call("GET", target, None)).value

    async def _call(self, method: str, target: str, body: dict[str, Any] | None) -> Answer:
        content = b"" if body is None else orjson.dumps(body)
        try:
            async for attempt in stamina.retry_context(
                on=_TryAgain, attempts=_ATTEMPTS, timeout=12.0, wait_initial=0.1, wait_max=1.0, wait_jitter=0.1
            ):
                with attempt:
                    return await self._once(method, target, content)
        except _TryAgain as failure:
            raise ChannelUnavailable(str(failure)) from failure
        raise ChannelUnavailable("未询问渠道 · the channel was not asked")

    async def _once(self, method: str, target: str, content: bytes) -> Answer:
        request = self._signed_request(method, self._base_url + target, content)
        try:
            response = await self._http.send(request)
        except httpx.TransportError as error:
            raise _TryAgain(f"渠道没有应答 · the channel did not answer: {type(error).__name__}") from error
        return self._checked(response)

    def _signed_request(self, method: str, address: str, content: bytes) -> httpx.Request:
        request = self._http.build_request(method, address, content=content, timeout=_TIMEOUT)
        request.headers["Accept"] = "application/json"
        request.headers["Content-Type"] = "application/json"
        request.headers["User-Agent"] = _AGENT
        if self._merchant.answers_signed_by is not None:
            request.headers["Wechatpay-Serial"] = self._merchant.answers_signed_by
        # Each attempt has a signature of its own: a nonce serves once, and a late retry would carry a stale timestamp.
        request.headers["Authorization"] = sign(
            self._merchant,
            method,
            request.url.raw_path.decode(),
            content,
            timestamp=int(self._clock.now().timestamp()),
            nonce=new_id().hex,
        )
        return request

    def _checked(self, response: httpx.Response) -> Answer:
        if response.status_code >= 500 or response.status_code == 429:
            raise _TryAgain(f"渠道应答 {_shown(response)} · the channel answered {_shown(response)}")
        if len(response.content) > _ANSWER_LIMIT:
            raise ChannelUnavailable("渠道应答过大 · the channel's answer is too large")
        try:
            signed = verify(self._merchant, response.headers, response.content, self._clock.now())
        except Refused as refused:
            raise self._not_credible(response, refused) from refused
        answer = Answer(response.content, signed)
        if response.is_success:
            return answer
        reason = _code(response.content) or f"HTTP {response.status_code}"
        raise ChannelRefused(reason, already_paid=reason in _PAID)

    def _not_credible(self, response: httpx.Response, refused: Refused) -> ChannelUnavailable:
        """Nothing follows from such an answer; its status and code are shown, because they name what is misconfigured.

        WeChat signs no answer to a request whose own signature it does not accept (401 SIGN_ERROR).
        """
        shown = _shown(response)
        log.warning(
            "the channel's answer is not credible",
            merchant_id=self.merchant_id,
            status=response.status_code,
            channel_code=_code(response.content),
            why=refused.refusal.value,
        )
        return ChannelUnavailable(
            f"渠道应答 {shown}，验签未通过（{refused.refusal}），不予采信"
            f" · the channel answered {shown}, which is not credible: {refused.refusal}"
        )


def _shown(response: httpx.Response) -> str:
    code = _code(response.content)
    return f"{response.status_code} {code}" if code else f"{response.status_code}"


def _code(content: bytes) -> str | None:
    """The channel's own error code; nothing where it does not look like one. Whatever else it says is left out."""
    if len(content) > _ANSWER_LIMIT:
        return None
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
