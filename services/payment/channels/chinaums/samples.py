"""ChinaUMS in a sandbox: a merchant's shared keys, notices of a scanned code signed with them, and what is signed."""

import json
import secrets
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from services.payment.channels.callback import Callback
from services.payment.channels.channel import ChannelRefused
from services.payment.channels.chinaums.form import read_form
from services.payment.channels.chinaums.keys import ChinaumsMerchant
from services.payment.channels.chinaums.numbers import bill_no, refund_order_id
from services.payment.channels.chinaums.signature import ALGORITHM, SIGN, SIGN_TYPE, base_string, beijing, digest
from services.payment.channels.samples import (
    BaseString,
    SampleKind,
    SampleNotice,
    SampleNotices,
    SignedMessage,
    write_secret,
)

_LAYOUT = Path(__file__).with_name("settlement_example.yaml")
_KEY_NAME, _SOURCE = "sandbox", "SAND"
_MOMENT = "%Y-%m-%d %H:%M:%S"
_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def _make(merchant_id: str, folder: Path) -> dict[str, Any]:
    """A merchant with a key for requests, and the key that it shares with the channel for notices."""
    app_key, notice_key = folder / "app.key", folder / "notice.key"
    for file in (app_key, notice_key):
        write_secret(file, secrets.token_hex(32).encode())
    return {
        "mid": merchant_id,
        "tid": merchant_id,
        "source": _SOURCE,
        "app_id": merchant_id,
        "app_key_file": str(app_key),
        "notice_keys": {_KEY_NAME: str(notice_key)},
        "settlement_layout_file": str(_LAYOUT),
        "settlement_path": "/settlement/{mid}/{day}.txt",
        "takes_orders": False,
    }


def _sign(merchant: ChinaumsMerchant, folder: Path, sample: SampleNotice) -> SignedMessage:
    """Signed with the shared key that the merchant's own setting names; nothing else of the folder is needed."""
    fields = {
        "mid": merchant.merchant_id,
        "tid": merchant.appid,
        "billNo": _order(merchant, sample),
        "billDesc": "城乡居民医保+参保",
        "notifyId": sample.notify_id,
        SIGN_TYPE: ALGORITHM,
        **(_paid(sample) if sample.kind is SampleKind.PAYMENT else _given_back(merchant, sample)),
    }
    signed = {**fields, SIGN: digest(fields, merchant.notice_keys[_KEY_NAME])}
    return SignedMessage(_HEADERS, urlencode(signed).encode())


def _paid(sample: SampleNotice) -> dict[str, str]:
    payment = {
        "merOrderId": sample.transaction_id,
        "status": "TRADE_SUCCESS",
        "totalAmount": sample.amount_fen,
        "payTime": beijing(sample.at, _MOMENT),
    }
    return {"billStatus": "PAID", "totalAmount": str(sample.amount_fen), "billPayment": json.dumps(payment)}


def _given_back(merchant: ChinaumsMerchant, sample: SampleNotice) -> dict[str, str]:
    try:
        number = refund_order_id(merchant.source, sample.refund_no)
    except ChannelRefused:
        number = sample.refund_no
    return {
        "billStatus": "REFUND",
        "merOrderId": sample.transaction_id,
        "totalAmount": str(sample.paid_fen),
        "refundOrderId": number,
        "refundStatus": "SUCCESS",
        "refundAmount": str(sample.amount_fen),
        "refundPayTime": beijing(sample.at, _MOMENT),
    }


def _order(merchant: ChinaumsMerchant, sample: SampleNotice) -> str:
    """Our own number as the channel writes it; a number that is none of ours stands for itself."""
    try:
        return bill_no(merchant.source, sample.order_no)
    except ChannelRefused:
        return sample.order_no


def _explain(callback: Callback) -> BaseString:
    return BaseString(base_string(read_form(callback.body)))


SAMPLES: Final = SampleNotices(_make, _sign, _explain)
