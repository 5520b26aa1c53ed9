"""WeChat's signatures: RSA PKCS#1 v1.5 with SHA-256 over the raw bytes, fresh, by a key that we hold already.

The algorithm and the keys are pinned per merchant; nothing that a message says can change them, and an unknown serial
is refused at once instead of fetching a certificate that an attacker chose.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from services.payment.channels.callback import Refusal, Refused
from services.payment.channels.wechat.keys import Merchant

ALGORITHM: Final = "WECHATPAY2-SHA256-RSA2048"
FRESH_FOR_S: Final = 300
_PROBE = "WECHATPAY/SIGNTEST/"
_HEADER_LIMIT = 1024
_PADDING, _HASH = PKCS1v15(), SHA256()

SIGNATURE: Final = "wechatpay-signature"
TIMESTAMP: Final = "wechatpay-timestamp"
NONCE: Final = "wechatpay-nonce"
SERIAL: Final = "wechatpay-serial"
SIGNATURE_TYPE: Final = "wechatpay-signature-type"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a good signature vouches for: which key signed, and when."""

    serial: str
    signed_at: datetime


def verify(merchant: Merchant, headers: Mapping[str, str], body: bytes, now: datetime) -> Signed:
    """Check a notice's or a response's signature over its raw bytes; raises Refused.

    ``headers`` has lower-case names. ``now`` is real time: freshness is about the message, not about business.
    """
    algorithm = headers.get(SIGNATURE_TYPE)
    if algorithm is not None and algorithm != ALGORITHM:
        raise Refused(Refusal.ALGORITHM)
    serial, nonce = _present(headers, SERIAL), _present(headers, NONCE)
    timestamp, signature = _present(headers, TIMESTAMP), _present(headers, SIGNATURE)
    key = merchant.platform_keys.get(serial)
    if key is None:
        raise Refused(Refusal.SERIAL)
    signed_at = _fresh(timestamp, now)
    if signature.startswith(_PROBE):
        raise Refused(Refusal.PROBE)  # WeChat tests that we check: the rightly signed notice follows
    try:
        key.verify(
            b64decode(signature, validate=True), b"%b\n%b\n%b\n" % (timestamp.encode(), nonce.encode(), body),
            _PADDING, _HASH,
        )  # fmt: skip
    except (InvalidSignature, NotBase64, ValueError):
        raise Refused(Refusal.SIGNATURE) from None
    return Signed(serial, signed_at)


def sign(merchant: Merchant, method: str, target: str, body: bytes, *, timestamp: int, nonce: str) -> str:
    """The Authorization header of our own request; ``target`` is path and query exactly as sent."""
    message = b"%b\n%b\n%d\n%b\n%b\n" % (method.encode(), target.encode(), timestamp, nonce.encode(), body)
    signature = b64encode(merchant.private_key.sign(message, _PADDING, _HASH)).decode()
    return (
        f'{ALGORITHM} mchid="{merchant.merchant_id}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{timestamp}",serial_no="{merchant.serial}"'
    )


def _present(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value or len(value) > _HEADER_LIMIT:
        raise Refused(Refusal.HEADER_MISSING)
    return value


def _fresh(timestamp: str, now: datetime) -> datetime:
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 11):
        raise Refused(Refusal.TIMESTAMP)
    signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs((now - signed_at).total_seconds()) >= FRESH_FOR_S:
        raise Refused(Refusal.STALE)
    return signed_at
