"""WeChat's notices: the envelope, its sealed resource, and the few fields of it that our books need.

The payer's openid, the bank and the rest stay inside the ciphertext: what is not read cannot leak.
"""

from base64 import b64decode
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.payment.channels.wechat import CHANNEL
from services.payment.channels.wechat.keys import Merchant
from services.payment.channels.wechat.signature import Refusal, Refused
from services.payment.notices.notice import ChannelNotice, NoticeKind, PaymentNotice, RefundNotice

_ALGORITHM = "AEAD_AES_256_GCM"
_ID_LIMIT = 64

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


class _Payment(_Part):
    """The order's amount is ``total``: ``payer_total`` is lower where the payer used coupons."""

    appid: _Code
    mchid: _Code
    out_trade_no: _Code
    transaction_id: _Code
    trade_state: _Code
    success_time: _Instant
    amount: _Paid


class _Returned(_Part):
    refund: _Amount


class _Refund(_Part):
    mchid: _Code
    out_trade_no: _Code
    transaction_id: _Code
    out_refund_no: _Code
    refund_status: _Code
    success_time: _Instant | None = None
    amount: _Returned


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
    """Take from an unsealed resource what the books need."""
    try:
        if header.event_type == "TRANSACTION.SUCCESS":
            return _payment(header, _Payment.model_validate_json(plaintext))
        if header.event_type.startswith("REFUND."):
            return _refund(header, _Refund.model_validate_json(plaintext))
    except ValidationError:
        return _without_money(header, NoticeKind.UNREADABLE)
    return _without_money(header, NoticeKind.OTHER)


def parse_refund_query(header: NoticeHeader, answer: bytes) -> ChannelNotice:
    """Read a refund as queries give it: ``status`` for ``refund_status``, and the merchant left out."""
    try:
        value = orjson.loads(answer)
        value["refund_status"], value["mchid"] = value.get("status"), header.merchant_id
        return _refund(header, _Refund.model_validate_json(orjson.dumps(value)))
    except (orjson.JSONDecodeError, ValidationError, TypeError):
        return _without_money(header, NoticeKind.UNREADABLE)


def _payment(header: NoticeHeader, paid: _Payment) -> PaymentNotice:
    return PaymentNotice(
        channel=CHANNEL,
        merchant_id=header.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=header.event_type,
        payee_merchant_id=paid.mchid,
        payee_appid=paid.appid,
        order_no=paid.out_trade_no,
        transaction_id=paid.transaction_id,
        outcome=paid.trade_state,
        amount_fen=paid.amount.total,
        currency=paid.amount.currency,
        succeeded_at=paid.success_time,
    )


def _refund(header: NoticeHeader, refund: _Refund) -> RefundNotice:
    return RefundNotice(
        channel=CHANNEL,
        merchant_id=header.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=header.event_type,
        payee_merchant_id=refund.mchid,
        order_no=refund.out_trade_no,
        transaction_id=refund.transaction_id,
        refund_no=refund.out_refund_no,
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
