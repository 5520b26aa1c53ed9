"""WeChat Pay's signatures and seals, against published vectors and against attackers."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.payment.channels.wechat.keys import Merchant, UnusableKey, load_merchant
from services.payment.channels.wechat.notice import NoticeHeader, decrypt, open_notice, parse
from services.payment.channels.wechat.signature import Refusal, Refused, verify
from services.payment.notices.notice import NoticeKind
from tests.harness.installation import COUNTY
from tests.harness.wechat_peer import SERIAL, SignedNotice, envelope, merchant, paid_plaintext, sign

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def ours(tmp_path: Path) -> Merchant:
    """A merchant with its keys loaded."""
    return load_merchant(merchant(tmp_path))


def lowered(notice: SignedNotice) -> dict[str, str]:
    """Headers as a server hands them on."""
    return {name.lower(): value for name, value in notice.headers.items()}


def refusal(ours: Merchant, notice: SignedNotice, *, now: datetime = NOW) -> Refusal:
    """Why a notice is refused."""
    with pytest.raises(Refused) as refused:
        verify(ours, lowered(notice), notice.body, now)
    return refused.value.refusal


def test_a_signed_body_is_verified_over_its_raw_bytes(ours: Merchant) -> None:
    notice = sign(b'{"a": 1}', at=NOW)
    assert verify(ours, lowered(notice), notice.body, NOW).serial == SERIAL
    respaced = SignedNotice(notice.headers, b'{"a":1}')
    assert refusal(ours, respaced) is Refusal.SIGNATURE


def test_an_empty_body_is_signed_too(ours: Merchant) -> None:
    notice = sign(b"", at=NOW)
    assert verify(ours, lowered(notice), b"", NOW).signed_at == NOW


def test_an_absent_signature_type_is_the_pinned_algorithm(ours: Merchant) -> None:
    notice = sign(b"x", at=NOW).with_headers(signature_type=None)
    assert verify(ours, lowered(notice), b"x", NOW).serial == SERIAL


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signature": "AAAA"}, Refusal.SIGNATURE),
        ({"signature": ""}, Refusal.HEADER_MISSING),
        ({"signature": None}, Refusal.HEADER_MISSING),
        ({"signature": "not base64 at all!"}, Refusal.SIGNATURE),
        ({"signature": "WECHATPAY/SIGNTEST/0a1b2c"}, Refusal.PROBE),
        ({"serial": "UNKNOWN"}, Refusal.SERIAL),
        ({"serial": None}, Refusal.HEADER_MISSING),
        ({"nonce": "another"}, Refusal.SIGNATURE),
        ({"nonce": "x" * 5000}, Refusal.HEADER_MISSING),
        ({"timestamp": "1e9"}, Refusal.TIMESTAMP),
        ({"timestamp": "-5"}, Refusal.TIMESTAMP),
        ({"timestamp": "٣"}, Refusal.TIMESTAMP),
        ({"timestamp": "9" * 40}, Refusal.TIMESTAMP),
        ({"timestamp": "1"}, Refusal.STALE),
        ({"signature_type": "WECHATPAY2-SM2-WITH-SM3"}, Refusal.ALGORITHM),
        ({"signature_type": "wechatpay2-sha256-rsa2048"}, Refusal.ALGORITHM),
        ({"signature_type": "none"}, Refusal.ALGORITHM),
    ],
)
@pytest.mark.guard("ALGORITHM_CHOSEN_BY_MESSAGE", mechanism="WECHAT")
@pytest.mark.guard("SIGNATURE_MISSING", mechanism="WECHAT")
def test_what_is_not_signed_as_agreed_is_refused(
    ours: Merchant, changes: dict[str, str | None], reason: Refusal
) -> None:
    assert refusal(ours, sign(b"x", at=NOW).with_headers(**changes)) is reason


@pytest.mark.guard("OTHERS_KEY", mechanism="WECHAT")
def test_another_platforms_key_under_our_serial_is_refused(ours: Merchant) -> None:
    assert refusal(ours, sign(b"x", key="attacker", at=NOW)) is Refusal.SIGNATURE


@pytest.mark.parametrize("seconds", [-300, 300, -86_400, 86_400 * 365])
@pytest.mark.guard("REPLAYED_LATER", mechanism="WECHAT")
def test_a_stale_or_future_timestamp_is_refused(ours: Merchant, seconds: int) -> None:
    assert refusal(ours, sign(b"x", at=NOW + timedelta(seconds=seconds))) is Refusal.STALE


@pytest.mark.parametrize("seconds", [-299, 299])
def test_a_fresh_timestamp_is_taken(ours: Merchant, seconds: int) -> None:
    notice = sign(b"x", at=NOW + timedelta(seconds=seconds))
    assert verify(ours, lowered(notice), b"x", NOW).serial == SERIAL


def test_the_seal_opens_as_in_the_published_vector(ours: Merchant) -> None:
    # The AEAD test of WeChat Pay's own Java library.
    theirs = Merchant(
        ours.mchid, ours.appid, ours.serial, ours.private_key, {}, AESGCM(b"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb")
    )
    resource = {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": "uluk4a9R25RW",
        "associated_data": "associatedData",
        "ciphertext": "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=",
    }
    assert decrypt(theirs, resource) == b"message"


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (None, Refusal.ENVELOPE),
        ([], Refusal.ENVELOPE),
        ({"algorithm": "AEAD_SM4_GCM", "ciphertext": "", "nonce": ""}, Refusal.ENVELOPE),
        ({"algorithm": "AEAD_AES_256_GCM", "ciphertext": 5, "nonce": "x"}, Refusal.ENVELOPE),
        ({"algorithm": "AEAD_AES_256_GCM", "ciphertext": "?", "nonce": "123456789012"}, Refusal.CIPHERTEXT),
        ({"algorithm": "AEAD_AES_256_GCM", "ciphertext": "AAAA", "nonce": ""}, Refusal.CIPHERTEXT),
        (
            {"algorithm": "AEAD_AES_256_GCM", "ciphertext": b64encode(b"x" * 40).decode(), "nonce": "123456789012"},
            Refusal.CIPHERTEXT,
        ),
    ],
)
def test_a_broken_seal_is_refused(ours: Merchant, resource: object, reason: Refusal) -> None:
    with pytest.raises(Refused) as refused:
        decrypt(ours, resource)
    assert refused.value.refusal is reason


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b'"text"', b"\xff\xfe", b'{"id": "\xc3\x28"}', b'{"id": 5, "event_type": "X"}',
     b'{"id": "", "event_type": "X"}', b'{"id": "a\\u0000b", "event_type": "X"}', b"[" * 50_000],
)  # fmt: skip
def test_what_is_no_envelope_is_refused(ours: Merchant, body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        open_notice(ours, body, COUNTY)
    assert refused.value.refusal is Refusal.ENVELOPE


@pytest.mark.parametrize("amount", ["38000", 38000.0, 380.5, True, 0, -1, 10**13, 10**30, None])
def test_an_amount_that_is_no_whole_positive_fen_is_unreadable(amount: object) -> None:
    header = NoticeHeader("m", COUNTY, "n", "TRANSACTION.SUCCESS")
    said = paid_plaintext("123456", 1) | {"amount": {"total": amount, "currency": "CNY"}}
    assert parse(header, json.dumps(said).encode()).kind is NoticeKind.UNREADABLE


def test_what_else_happens_at_the_channel_is_opened_and_called_other(ours: Merchant) -> None:
    notice = open_notice(ours, envelope("SECURITY_ECHO.SUCCESS", b"{}"), COUNTY)
    assert notice.kind is NoticeKind.OTHER


def test_a_weak_or_wrong_key_is_found_when_starting(tmp_path: Path) -> None:
    setting = merchant(tmp_path)
    with pytest.raises(UnusableKey, match="32 bytes"):
        load_merchant(setting.model_copy(update={"api_v3_key": type(setting.api_v3_key)("short")}))
