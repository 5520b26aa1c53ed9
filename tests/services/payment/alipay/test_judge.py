"""An independent reader of Alipay's protocol: python-alipay-sdk verifies what we sign, and signs what we verify."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import pytest
from alipay import AliPay
from cryptography.hazmat.primitives import serialization

from services.payment.channels.alipay.adapter import ALIPAY
from services.payment.channels.alipay.answers import open_answer
from services.payment.channels.alipay.keys import Seller, load_seller
from services.payment.channels.alipay.requests import address_and_form, signed_parameters
from services.payment.channels.callback import Callback, Refused
from services.payment.notices.notice import PaymentNotice, VerifiedNotice
from tests.harness.alipay_peer import APP_ID, APP_KEY, KEY, SELLER_ID, alipay_seller
from tests.harness.wechat_peer import public_pem, rsa_key

NOW = datetime(2023, 10, 8, 2, 34, 56, tzinfo=UTC)
PAID = {
    "app_id": APP_ID,
    "seller_id": SELLER_ID,
    "notify_id": "N1",
    "notify_time": "2023-10-08 10:34:57",
    "notify_type": "trade_status_sync",
    "charset": "utf-8",
    "out_trade_no": "ORDER1",
    "trade_no": "2023100822001",
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "380.00",
    "gmt_payment": "2023-10-08 10:34:56",
    "subject": "医保 a+b&c=d <e>",
    "body": "",
}


def private_pem(name: str) -> str:
    none = serialization.NoEncryption()
    return rsa_key(name).private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none).decode()


def judge(private: str, public: str, kind: str = "RSA2") -> Any:
    """The other library, with one's private and the other's public key."""
    theirs = public_pem(rsa_key(public)).decode()
    return AliPay(APP_ID, app_private_key_string=private_pem(private), alipay_public_key_string=theirs, sign_type=kind)


@pytest.fixture
def seller(tmp_path: Path) -> Seller:
    return load_seller(alipay_seller(tmp_path))


def read(seller: Seller, form: str) -> VerifiedNotice:
    return ALIPAY.read(seller, Callback((), form.encode(), NOW, "411521"))


def test_what_we_sign_is_right_for_the_other_library(seller: Seller) -> None:
    content = {"out_trade_no": "ORDER1", "subject": "医保 a+b&c=d", "total_amount": "380.00"}
    parameters = signed_parameters(seller, "alipay.trade.precreate", content, NOW, notify_url="https://a.test/b?c=d")
    address, form = address_and_form("https://openapi.alipay.com/gateway.do", parameters)
    sent = dict(parse_qsl(address.partition("?")[2])) | dict(parse_qsl(form.decode()))
    assert sent == parameters
    # Of a request its kind of signature is signed too: the other library leaves it out, where it is given one.
    signature = sent.pop("sign")
    their = judge(KEY, APP_KEY)
    assert their._verify("&".join(f"{name}={sent[name]}" for name in sorted(sent)), signature)
    assert not their._verify("&".join(f"{name}={sent[name]}" for name in sorted(sent) if name != "charset"), signature)


def test_what_the_other_library_signs_we_read(seller: Seller) -> None:
    notice, evidence = read(seller, judge(KEY, APP_KEY).sign_data(dict(PAID)) + "&sign_type=RSA2")
    assert isinstance(notice, PaymentNotice)
    assert (notice.amount_fen, notice.order_no, evidence.serial) == (38_000, "ORDER1", next(iter(seller.alipay_keys)))


def test_the_other_librarys_old_kind_of_signature_is_refused_though_it_is_right(seller: Seller) -> None:
    signed = judge(KEY, APP_KEY, "RSA").sign_data(dict(PAID))
    for kind in ("RSA", "RSA2"):
        with pytest.raises(Refused):
            read(seller, f"{signed}&sign_type={kind}")


def test_an_answer_that_the_other_library_signs_we_believe_over_its_own_text(seller: Seller) -> None:
    raw = json.dumps({"code": "10000", "trade_status": "TRADE_SUCCESS", "subject": '医保 {a} \\/ "b"'}, indent=1)
    raw = raw.replace("医保", "\\u533b保")
    content = f'{{"alipay_trade_query_response" : {raw} , "sign":"{judge(KEY, APP_KEY)._sign(raw)}"}}'
    assert open_answer(seller, "alipay.trade.query", content.encode()).text("trade_status") == "TRADE_SUCCESS"
    for other in (
        content.replace("TRADE_SUCCESS", "TRADE_CLOSED"),
        content.replace("\\u533b", "医"),
        content.replace('"sign"', '"signed"'),
        content.replace("alipay_trade_query_response", "alipay_trade_close_response"),
        content[:-1],
        content + content,
        content[:-1] + f',"alipay_trade_query_response":{raw}}}',
        "[]",
        "",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "[" * 100_000,
    ):
        with pytest.raises(Refused):
            open_answer(seller, "alipay.trade.query", other.encode())


def test_our_notices_form_is_right_for_the_other_library(seller: Seller) -> None:
    """The peer's form, too: two libraries and the product agree about it."""
    form = "&".join(f"{name}={quote_plus(value)}" for name, value in PAID.items())
    signed = dict(parse_qsl(judge(KEY, APP_KEY).sign_data(dict(PAID)), keep_blank_values=True))
    signature = signed.pop("sign")
    assert judge(APP_KEY, KEY).verify(dict(signed), signature)
    assert read(seller, f"{form}&sign={quote_plus(signature)}&sign_type=RSA2").notice.order_no == "ORDER1"
