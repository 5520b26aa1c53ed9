"""WeChat Pay in a sandbox: a merchant's keys, notices sealed and signed as WeChat does, and what it signs."""

import json
import secrets
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from services.payment.channels.callback import Callback, Refusal, Refused, signed_headers
from services.payment.channels.samples import (
    BaseString,
    SampleKind,
    SampleNotice,
    SampleNotices,
    SignedMessage,
    make_key,
    read_key,
)
from services.payment.channels.wechat.key_faults import PUBLIC_KEY_ID
from services.payment.channels.wechat.keys import Merchant
from services.payment.channels.wechat.signature import ALGORITHM, NONCE, SERIAL, TIMESTAMP
from shared.domain.clock import SHANGHAI

_PLATFORM = "platform.pem"


def _make(merchant_id: str, folder: Path) -> dict[str, Any]:
    """A merchant with an APIv3 key, and a platform key that signs its notices."""
    private, public = folder / "merchant.pem", folder / "platform.pub.pem"
    make_key(private)
    make_key(folder / _PLATFORM, public)
    return {
        "mchid": merchant_id,
        "appid": f"wx{merchant_id}",
        "api_v3_key": secrets.token_hex(16),
        "merchant_serial": secrets.token_hex(20).upper(),
        "merchant_private_key_file": str(private),
        "platform_keys": {f"{PUBLIC_KEY_ID}{secrets.token_hex(8).upper()}": str(public)},
        "takes_orders": False,
    }


def _sign(merchant: Merchant, folder: Path, sample: SampleNotice) -> SignedMessage:
    kind = "transaction" if sample.kind is SampleKind.PAYMENT else "refund"
    seal_nonce, nonce, stamp = secrets.token_hex(6), secrets.token_hex(16), str(int(sample.at.timestamp()))
    sealed = merchant.cipher.encrypt(seal_nonce.encode(), json.dumps(_said(merchant, sample)).encode(), kind.encode())
    envelope = {
        "id": sample.notify_id,
        "create_time": _moment(sample),
        "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS" if sample.kind is SampleKind.PAYMENT else "REFUND.SUCCESS",
        "summary": "支付成功" if sample.kind is SampleKind.PAYMENT else "退款成功",
        "resource": {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": b64encode(sealed).decode(),
            "nonce": seal_nonce,
            "associated_data": kind,
            "original_type": kind,
        },
    }
    body = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
    signature = read_key(folder / _PLATFORM).sign(_base(stamp, nonce, body), PKCS1v15(), SHA256())
    headers = {
        "Content-Type": "application/json",
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": merchant.answers_signed_by or "",
        "Wechatpay-Signature": b64encode(signature).decode(),
        "Wechatpay-Signature-Type": ALGORITHM,
    }
    return SignedMessage(headers, body)


def _said(merchant: Merchant, sample: SampleNotice) -> dict[str, Any]:
    said: dict[str, Any] = {
        "mchid": merchant.merchant_id,
        "out_trade_no": sample.order_no,
        "transaction_id": sample.transaction_id,
        "success_time": _moment(sample),
    }
    if sample.kind is SampleKind.PAYMENT:
        amount = {"total": sample.amount_fen, "payer_total": sample.amount_fen, "currency": "CNY"}
        return said | {"appid": merchant.appid, "trade_state": "SUCCESS", "amount": amount}
    return said | {
        "out_refund_no": sample.refund_no,
        "refund_id": f"50{sample.transaction_id[-28:]}",
        "refund_status": "SUCCESS",
        "amount": {"total": sample.paid_fen, "refund": sample.amount_fen},
    }


def _explain(callback: Callback) -> BaseString:
    headers = signed_headers(callback, b"wechatpay-")
    stamp, nonce = headers.get(TIMESTAMP), headers.get(NONCE)
    if not stamp or not nonce:
        raise Refused(Refusal.HEADER_MISSING)
    counts = stamp.isascii() and stamp.isdecimal() and len(stamp) <= 11
    signed_at = datetime.fromtimestamp(int(stamp), UTC) if counts else None
    return BaseString(_base(stamp, nonce, callback.body), signed_at, headers.get(SERIAL))


def _base(stamp: str, nonce: str, body: bytes) -> bytes:
    return b"%b\n%b\n%b\n" % (stamp.encode(), nonce.encode(), body)


def _moment(sample: SampleNotice) -> str:
    return sample.at.astimezone(SHANGHAI).isoformat(timespec="seconds")


SAMPLES: Final = SampleNotices(_make, _sign, _explain)
