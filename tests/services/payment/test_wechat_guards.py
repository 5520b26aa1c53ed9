"""Attacks on the endpoint that WeChat calls, which need no key of the platform: each is refused and leaves nothing."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from tests.harness.assessments import DUE_FEN
from tests.harness.wechat_peer import API_V3_KEY, SERIAL, SignedNotice, paid_notice, rsa_key, sign
from tests.services.payment.running_payment import RunningPayment
from tests.services.payment.test_callbacks import refused, stored


@pytest.mark.guard("BODY_WRITTEN_AGAIN", mechanism="WECHAT")
@pytest.mark.guard("DUPLICATE_KEYS", mechanism="WECHAT")
async def test_a_body_that_was_written_again_is_another_body(payment: RunningPayment) -> None:
    """Signed are bytes: what a proxy, or an attacker, writes again from the same values was never signed."""
    notice = paid_notice("123456", DUE_FEN)
    value = json.loads(notice.body)
    twice = notice.body.replace(b'"event_type"', b'"event_type": "REFUND.SUCCESS", "event_type"', 1)
    written = (
        json.dumps(value, indent=1).encode(),
        json.dumps(dict(reversed(value.items()))).encode(),
        notice.body + b" ",
        notice.body.replace(b": ", b":") if b": " in notice.body else notice.body.replace(b":", b": "),
        twice,
        notice.body.decode().encode("utf-16"),
    )
    for body in written:
        assert body != notice.body
        await refused(payment, SignedNotice(notice.headers, body), 401)
    assert (await payment.notify(notice)).status_code == 204


@pytest.mark.guard("LOCALHOST_HOST", mechanism="WECHAT")
async def test_who_calls_itself_localhost_needs_a_signature_all_the_same(payment: RunningPayment) -> None:
    """A public library skips the signature where the address of the request is localhost."""
    unsigned = paid_notice("123456", DUE_FEN).with_headers(signature="AAAA")
    for host in ("localhost", "127.0.0.1", "[::1]"):
        claims = {"host": host, "x-forwarded-host": host, "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1"}
        await refused(payment, SignedNotice(unsigned.headers | claims, unsigned.body), 401)


@pytest.mark.guard("KEY_CHOSEN_BY_MESSAGE", mechanism="WECHAT")
@pytest.mark.guard("OTHERS_KEY", mechanism="WECHAT")
async def test_a_certificate_that_comes_with_the_message_is_no_key(payment: RunningPayment) -> None:
    notice = paid_notice("123456", DUE_FEN)
    pem = _certificate()
    for serial in (SERIAL, "ATTACKERS0SERIAL"):
        forged = sign(notice.body, key="attacker", serial=serial)
        brought = {"wechatpay-certificate": pem, "x-ssl-client-cert": pem}
        await refused(payment, SignedNotice(forged.headers | brought, forged.body), 401)
        with_it = json.dumps(json.loads(notice.body) | {"signPubKeyCert": pem, "encrypt_certificate": pem}).encode()
        await refused(payment, sign(with_it, key="attacker", serial=serial), 401)
    assert payment.peer.calls == [], "nothing is fetched to check it by"


@pytest.mark.guard("REPLAYED_LATER", mechanism="WECHAT")
async def test_a_notice_of_five_minutes_ago_is_no_notice_of_now(payment: RunningPayment) -> None:
    body = paid_notice("123456", DUE_FEN).body
    now = payment.running.clock.now()
    for late in (timedelta(minutes=5), timedelta(days=365), -timedelta(minutes=6)):
        await refused(payment, sign(body, at=now - late), 401)


@pytest.mark.guard("BOMB", mechanism="WECHAT")
async def test_a_compressed_body_is_not_unpacked(payment: RunningPayment) -> None:
    """Its bytes are what was signed or not; 64 MiB of zeros come as 64 KiB."""
    notice = paid_notice("123456", DUE_FEN)
    compressed = {"content-encoding": "gzip"}
    await refused(payment, SignedNotice(notice.headers | compressed, gzip.compress(notice.body)), 401)
    bomb = sign(gzip.compress(bytes(64 << 20)))
    answer = await payment.notify(SignedNotice(bomb.headers | compressed, bomb.body))
    assert answer.status_code in (400, 413)
    assert await stored(payment) == 0


@pytest.mark.guard("SECRETS_IN_LOGS", mechanism="WECHAT")
async def test_no_line_repeats_a_message_a_key_or_a_payer(payment: RunningPayment) -> None:
    """Refused, kept, quarantined or unreadable: lines name reasons and numbers of our own."""
    (person,) = await payment.bill()
    order = await payment.order(person)
    good = paid_notice(order["order_no"], DUE_FEN)
    notices = (
        good,
        good.with_headers(signature="AAAA"),
        paid_notice(order["order_no"], DUE_FEN, appid="wx0000000000000000"),
        paid_notice(order["order_no"], 1),
        sign(b'{"resource": "canary-of-a-body"}'),
    )
    with capture_logs() as captured:
        for notice in notices:
            await payment.notify(notice)
        await payment.worked()
    assert [line["status"] for line in captured if line["event"] == "request"] == [401, 400]
    said = json.dumps(captured, default=str, ensure_ascii=False)
    for notice in notices:
        assert notice.headers["Wechatpay-Signature"][:24] not in said or notice.headers["Wechatpay-Signature"] == "AAAA"
        assert notice.body.decode()[:40] not in said
    assert not [word for word in ("canary", API_V3_KEY, "ciphertext", "PRIVATE KEY") if word in said]


def _certificate() -> str:
    """A certificate that an attacker made of a key of their own, as one line."""
    key = rsa_key("attacker")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com Root CA")])
    day = datetime(2023, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(day).not_valid_after(day + timedelta(days=3650))
    return base64.b64encode(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)).decode()
