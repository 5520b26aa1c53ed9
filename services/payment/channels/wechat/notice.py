"""WeChat's notices: the envelope, its sealed resource, and the few fields of it that our books need.

The payer's openid, the bank and the rest stay inside the ciphertext: what is not read cannot leak.
"""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from pydantic import ValidationError

from services.payment.channels.callback import Refusal, Refused
from services.payment.channels.wechat.keys import Merchant
from services.payment.channels.wechat.messages import (
    PartnersPaymentMessage,
    PartnersRefundMessage,
    PaymentMessage,
    PaymentPart,
    RefundMessage,
    RefundPart,
)
from services.payment.notices.notice import (
    ChannelNotice,
    NoticeKind,
    PaymentNotice,
    RefundNotice,
)

REFUND_QUERY: Final = "REFUND.QUERY"
_ALGORITHM = "AEAD_AES_256_GCM"
_ID_LIMIT = 64


class NoticeHeader(NamedTuple):
    """To which merchant of which channel a notice was addressed, under which number and event type."""

    channel: str
    merchant_id: str
    region: str
    notify_id: str
    event_type: str


class _Payee(NamedTuple):
    merchant_id: str
    appid: str = ""
    provider_id: str | None = None


def open_notice(merchant: Merchant, body: bytes, region: str) -> ChannelNotice:
    """Read a verified notice; raises Refused where envelope or seal is broken, so that WeChat sends it again."""
    envelope = envelope_of(body)
    notify_id, event_type = envelope.get("id"), envelope.get("event_type")
    if not (_is_code(notify_id) and _is_code(event_type)):
        raise Refused(Refusal.ENVELOPE)
    header = NoticeHeader(merchant.channel, merchant.merchant_id, region, str(notify_id), str(event_type))
    return parse(header, decrypt(merchant, envelope.get("resource")))


def decrypt(merchant: Merchant, resource: Any) -> bytes:
    """Unseal a resource with the merchant's APIv3 key; the algorithm is ours to name, not the message's."""
    if not isinstance(resource, dict) or resource.get("algorithm") != _ALGORITHM:
        raise Refused(Refusal.ENVELOPE)
    ciphertext, nonce = resource.get("ciphertext"), resource.get("nonce")
    associated = resource.get("associated_data")
    associated = "" if associated is None else associated
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
            paid = PaymentMessage.model_validate_json(plaintext)
            return _payment(header, paid, _Payee(paid.mchid, paid.appid))
        if header.event_type == REFUND_QUERY:
            answered = RefundMessage.model_validate(_like_a_notice(header, plaintext))
            return _refund(header, answered, _Payee(answered.mchid))
        if header.event_type.startswith("REFUND."):
            refund = RefundMessage.model_validate_json(plaintext)
            return _refund(header, refund, _Payee(refund.mchid))
    except ValidationError:
        return _partners(header, plaintext) or _unreadable(header, plaintext)
    return _without_money(header, NoticeKind.OTHER)


def code_in(answer: Mapping[str, Any], name: str) -> str | None:
    """A number or code in a query's answer; None where it is none."""
    value = answer.get(name)
    return value if isinstance(value, str) and _is_code(value) else None


def _like_a_notice(header: NoticeHeader, answer: bytes) -> dict[str, Any]:
    """A refund as queries give it: ``status`` for ``refund_status``, and the merchant left out."""
    value = object_in(answer)
    return value | {"refund_status": value.get("status"), "mchid": header.merchant_id}


def _partners(header: NoticeHeader, plaintext: bytes) -> ChannelNotice | None:
    """A service provider's notice; None where it is no such one either."""
    try:
        if header.event_type == "TRANSACTION.SUCCESS":
            paid = PartnersPaymentMessage.model_validate_json(plaintext)
            return _payment(header, paid, _Payee(paid.sub_mchid, paid.sub_appid or paid.sp_appid, paid.sp_mchid))
        refund = PartnersRefundMessage.model_validate_json(plaintext)
        return _refund(header, refund, _Payee(refund.sub_mchid, provider_id=refund.sp_mchid))
    except ValidationError:
        return None


def _unreadable(header: NoticeHeader, plaintext: bytes) -> ChannelNotice:
    """It names its order where it can: then it is known whose money waits."""
    notice = _without_money(header, NoticeKind.UNREADABLE)
    return replace(notice, order_no=code_in(object_in(plaintext), "out_trade_no"))


def object_in(content: bytes) -> dict[str, Any]:
    """A JSON object; an empty one where it is none."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _payment(header: NoticeHeader, paid: PaymentPart, payee: _Payee) -> PaymentNotice:
    return PaymentNotice(
        channel=header.channel,
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


def _refund(header: NoticeHeader, refund: RefundPart, payee: _Payee) -> RefundNotice:
    return RefundNotice(
        channel=header.channel,
        merchant_id=header.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=header.event_type,
        payee_merchant_id=payee.merchant_id,
        payee_provider_id=payee.provider_id,
        order_no=refund.out_trade_no,
        transaction_id=refund.transaction_id,
        refund_no=refund.out_refund_no,
        channel_refund_id=refund.refund_id,
        outcome=refund.refund_status,
        amount_fen=refund.amount.refund,
        succeeded_at=refund.success_time,
    )


def _without_money(header: NoticeHeader, kind: NoticeKind) -> ChannelNotice:
    return ChannelNotice(
        kind=kind,
        channel=header.channel,
        merchant_id=header.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=header.event_type,
    )


def envelope_of(body: bytes) -> dict[str, Any]:
    """The envelope of a notice; raises Refused."""
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(Refusal.ENVELOPE) from None
    if not isinstance(envelope, dict):
        raise Refused(Refusal.ENVELOPE)
    return envelope


def _is_code(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _ID_LIMIT and value.isascii() and value.isprintable()
