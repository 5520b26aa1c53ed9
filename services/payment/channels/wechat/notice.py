"""WeChat's notices: the envelope, its sealed resource, and the few fields of it that our books need.

The payer's openid, the bank and the rest stay inside the ciphertext: what is not read cannot leak.
"""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.payment.channels.wechat import CHANNEL
from services.payment.channels.wechat.keys import Merchant
from services.payment.channels.wechat.signature import Refusal, Refused
from services.payment.notices.notice import (
    ChannelNotice,
    NoticeKind,
    NoticeSource,
    PaymentNotice,
    RefundNotice,
    VerifiedNotice,
)
from shared.domain.clock import SHANGHAI

REFUND_QUERY: Final = "REFUND.QUERY"
_ALGORITHM = "AEAD_AES_256_GCM"
_ID_LIMIT = 64
_TEXT_LIMIT = 128
_DIGITS_LIMIT = 13
# What an answer is kept by where it cannot be read: never who paid, nor with which bank.
_NEEDED = (
    "appid", "mchid", "sp_appid", "sp_mchid", "sub_appid", "sub_mchid", "out_trade_no", "transaction_id",
    "trade_state", "out_refund_no", "refund_id", "status", "success_time",
)  # fmt: skip
_NEEDED_OF_AMOUNT = ("total", "refund", "currency")

_Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
_Amount = Annotated[int, Field(gt=0, le=10**12, strict=True)]
_Instant = Annotated[AwareDatetime, Field(ge=datetime(2010, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]


class NoticeHeader(NamedTuple):
    """To whom a notice was addressed, under which number and event type."""

    merchant_id: str
    region: str
    notify_id: str
    event_type: str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Paid(_Part):
    total: _Amount
    currency: _Code = "CNY"


class _PaymentFacts(_Part):
    """The order's amount is ``total``: ``payer_total`` is lower where the payer used coupons."""

    out_trade_no: _Code
    transaction_id: _Code
    trade_state: _Code
    success_time: _Instant
    amount: _Paid


class _Payment(_PaymentFacts):
    appid: _Code
    mchid: _Code


class _PartnersPayment(_PaymentFacts):
    """From a service provider (服务商), who collects for another merchant."""

    sp_appid: _Code
    sp_mchid: _Code
    sub_appid: _Code | None = None
    sub_mchid: _Code


class _Returned(_Part):
    refund: _Amount


class _RefundFacts(_Part):
    out_trade_no: _Code
    transaction_id: _Code
    out_refund_no: _Code
    refund_id: Any = None
    refund_status: _Code
    success_time: _Instant | None = None
    amount: _Returned


class _Refund(_RefundFacts):
    mchid: _Code


class _PartnersRefund(_RefundFacts):
    sp_mchid: _Code
    sub_mchid: _Code


class _Payee(NamedTuple):
    merchant_id: str
    appid: str = ""
    provider_id: str | None = None


def open_notice(merchant: Merchant, body: bytes, region: str) -> ChannelNotice:
    """Read a verified notice; raises Refused where envelope or seal is broken, so that WeChat sends it again."""
    envelope = _envelope(body)
    notify_id, event_type = envelope.get("id"), envelope.get("event_type")
    if not (_is_code(notify_id) and _is_code(event_type)):
        raise Refused(Refusal.ENVELOPE)
    header = NoticeHeader(merchant.mchid, region, str(notify_id), str(event_type))
    return parse(header, decrypt(merchant, envelope.get("resource")))


def decrypt(merchant: Merchant, resource: Any) -> bytes:
    """Unseal a resource with the merchant's APIv3 key; the algorithm is ours to name, not the message's."""
    if not isinstance(resource, dict) or resource.get("algorithm") != _ALGORITHM:
        raise Refused(Refusal.ENVELOPE)
    ciphertext, nonce = resource.get("ciphertext"), resource.get("nonce")
    associated = resource.get("associated_data") or ""
    if not (isinstance(ciphertext, str) and isinstance(nonce, str) and isinstance(associated, str)):
        raise Refused(Refusal.ENVELOPE)
    try:
        return merchant.cipher.decrypt(nonce.encode(), b64decode(ciphertext, validate=True), associated.encode())
    except (InvalidTag, ValueError):
        raise Refused(Refusal.CIPHERTEXT) from None


def parse(header: NoticeHeader, plaintext: bytes) -> ChannelNotice:
    """Take from an unsealed resource, or from a query's answer, what the books need."""
    try:
        if header.event_type == "TRANSACTION.SUCCESS":
            paid = _Payment.model_validate_json(plaintext)
            return _payment(header, paid, _Payee(paid.mchid, paid.appid))
        if header.event_type == REFUND_QUERY:
            answered = _Refund.model_validate(_like_a_notice(header, plaintext))
            return _refund(header, answered, _Payee(answered.mchid))
        if header.event_type.startswith("REFUND."):
            refund = _Refund.model_validate_json(plaintext)
            return _refund(header, refund, _Payee(refund.mchid))
    except ValidationError:
        return _partners(header, plaintext) or _unreadable(header, plaintext)
    return _without_money(header, NoticeKind.OTHER)


def read_again(merchant: Merchant, kept: VerifiedNotice) -> ChannelNotice | None:
    """Read a kept message once more, and more generously, because a person asked for it; None where it does not open.

    Only what has one meaning is accepted: a whole number written as text or with a decimal point, and a time without
    its zone, which is Chinese time.
    """
    notice, evidence = kept
    header = NoticeHeader(merchant.mchid, notice.region, f"{notice.notify_id}:again", notice.event_type)
    try:
        plaintext = evidence.envelope
        if evidence.source is NoticeSource.NOTICE:
            plaintext = decrypt(merchant, _envelope(evidence.envelope).get("resource"))
    except Refused:
        return None
    read = parse(header, plaintext)
    if read.kind is NoticeKind.UNREADABLE:
        read = parse(header, orjson.dumps(_generously(_object(plaintext))))
    return replace(read, correlation_id=notice.correlation_id)


def what_is_needed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Of a query's answer that cannot be read, what a later reading needs; nothing of the payer."""
    amount = answer.get("amount")
    kept = _plain_values(answer, _NEEDED)
    return kept | ({"amount": _plain_values(amount, _NEEDED_OF_AMOUNT)} if isinstance(amount, dict) else {})


def code_in(answer: Mapping[str, Any], name: str) -> str | None:
    """A number or code in a query's answer; None where it is none."""
    value = answer.get(name)
    return value if isinstance(value, str) and _is_code(value) else None


def _like_a_notice(header: NoticeHeader, answer: bytes) -> dict[str, Any]:
    """A refund as queries give it: ``status`` for ``refund_status``, and the merchant left out."""
    value = _object(answer)
    return value | {"refund_status": value.get("status"), "mchid": header.merchant_id}


def _partners(header: NoticeHeader, plaintext: bytes) -> ChannelNotice | None:
    """A service provider's notice; None where it is no such one either."""
    try:
        if header.event_type == "TRANSACTION.SUCCESS":
            paid = _PartnersPayment.model_validate_json(plaintext)
            return _payment(header, paid, _Payee(paid.sub_mchid, paid.sub_appid or paid.sp_appid, paid.sp_mchid))
        refund = _PartnersRefund.model_validate_json(plaintext)
        return _refund(header, refund, _Payee(refund.sub_mchid, provider_id=refund.sp_mchid))
    except ValidationError:
        return None


def _unreadable(header: NoticeHeader, plaintext: bytes) -> ChannelNotice:
    """It names its order where it can: then it is known whose money waits."""
    notice = _without_money(header, NoticeKind.UNREADABLE)
    return replace(notice, order_no=code_in(_object(plaintext), "out_trade_no"))


def _generously(value: dict[str, Any]) -> dict[str, Any]:
    amount = value.get("amount")
    if isinstance(amount, dict):
        whole = {name: _whole(amount[name]) for name in ("total", "refund") if name in amount}
        value = value | {"amount": amount | whole}
    return value | ({"success_time": _zoned(value["success_time"])} if "success_time" in value else {})


def _whole(amount: Any) -> Any:
    if isinstance(amount, str) and amount.isascii() and amount.isdecimal() and len(amount) <= _DIGITS_LIMIT:
        return int(amount)
    is_whole = isinstance(amount, float) and amount.is_integer() and abs(amount) < 10**_DIGITS_LIMIT
    return int(amount) if is_whole else amount


def _zoned(moment: Any) -> Any:
    try:
        read = datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        return moment
    is_a_day = len(moment) <= len("2023-10-08")
    return moment if read.tzinfo is not None or is_a_day else read.replace(tzinfo=SHANGHAI).isoformat()


def _plain_values(value: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value[name] for name in names if _is_short(value.get(name))}


def _is_short(value: object) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _TEXT_LIMIT)


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _payment(header: NoticeHeader, paid: _PaymentFacts, payee: _Payee) -> PaymentNotice:
    return PaymentNotice(
        channel=CHANNEL,
        merchant_id=header.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=header.event_type,
        payee_merchant_id=payee.merchant_id,
        payee_provider_id=payee.provider_id,
        payee_appid=payee.appid,
        order_no=paid.out_trade_no,
        transaction_id=paid.transaction_id,
        outcome=paid.trade_state,
        amount_fen=paid.amount.total,
        currency=paid.amount.currency,
        succeeded_at=paid.success_time,
    )


def _refund(header: NoticeHeader, refund: _RefundFacts, payee: _Payee) -> RefundNotice:
    return RefundNotice(
        channel=CHANNEL,
        merchant_id=header.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=header.event_type,
        payee_merchant_id=payee.merchant_id,
        payee_provider_id=payee.provider_id,
        order_no=refund.out_trade_no,
        transaction_id=refund.transaction_id,
        refund_no=refund.out_refund_no,
        channel_refund_id=refund.refund_id if _is_code(refund.refund_id) else None,
        outcome=refund.refund_status,
        amount_fen=refund.amount.refund,
        succeeded_at=refund.success_time,
    )


def _without_money(header: NoticeHeader, kind: NoticeKind) -> ChannelNotice:
    return ChannelNotice(
        kind=kind,
        channel=CHANNEL,
        merchant_id=header.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=header.event_type,
    )


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(Refusal.ENVELOPE) from None
    if not isinstance(envelope, dict):
        raise Refused(Refusal.ENVELOPE)
    return envelope


def _is_code(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _ID_LIMIT and value.isascii() and value.isprintable()
