"""Alipay in a sandbox: a seller's keys, forms signed as Alipay signs them, and what it signs."""

from base64 import b64encode
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from services.payment.channels.alipay.form import fields_of
from services.payment.channels.alipay.keys import Seller
from services.payment.channels.alipay.signature import ALGORITHM, notice_base
from services.payment.channels.alipay.values import moment_of, written, yuan_of
from services.payment.channels.callback import Callback
from services.payment.channels.samples import (
    BaseString,
    SampleKind,
    SampleNotice,
    SampleNotices,
    SignedMessage,
    make_key,
    read_key,
)

_PLATFORM = "alipay.pem"
_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def _make(merchant_id: str, folder: Path) -> dict[str, Any]:
    """A seller whose app has the same number, and a key of Alipay that signs its notices."""
    private, public = folder / "app.pem", folder / "alipay.pub.pem"
    make_key(private)
    make_key(folder / _PLATFORM, public)
    return {
        "app_id": merchant_id,
        "seller_id": merchant_id,
        "private_key_file": str(private),
        "alipay_public_keys": [str(public)],
        "takes_orders": False,
    }


def _sign(seller: Seller, folder: Path, sample: SampleNotice) -> SignedMessage:
    """A refund is reported with the sum of all of its trade: here it is the only one."""
    at = written(sample.at)
    fields = {
        "notify_id": sample.notify_id,
        "notify_type": "trade_status_sync",
        "notify_time": at,
        "charset": "utf-8",
        "version": "1.0",
        "app_id": seller.appid,
        "seller_id": seller.merchant_id,
        "out_trade_no": sample.order_no,
        "trade_no": sample.transaction_id,
        "trade_status": "TRADE_SUCCESS",
        "subject": "城乡居民医保+参保",
        "total_amount": yuan_of(sample.amount_fen if sample.kind is SampleKind.PAYMENT else sample.paid_fen),
        "gmt_payment": at,
    }
    if sample.kind is SampleKind.REFUND:
        fields |= {"gmt_refund": at, "refund_fee": yuan_of(sample.amount_fen), "out_biz_no": sample.refund_no}
    base = notice_base({name.encode(): value.encode() for name, value in fields.items()})
    signature = read_key(folder / _PLATFORM).sign(base, PKCS1v15(), SHA256())
    signed = {**fields, "sign_type": ALGORITHM, "sign": b64encode(signature).decode()}
    return SignedMessage(_HEADERS, urlencode(signed).encode())


def _explain(callback: Callback) -> BaseString:
    fields = fields_of(callback.body)
    return BaseString(notice_base(fields), moment_of(fields.get(b"notify_time", b"").decode("ascii", "replace")))


SAMPLES: Final = SampleNotices(_make, _sign, _explain)
