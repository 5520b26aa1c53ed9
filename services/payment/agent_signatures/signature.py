"""An institution's signature and ours: RSA PKCS#1 v1.5 with SHA-256 over the raw bytes, fresh, by a key held already.

Signed are method, path, time, nonce and body of a request, so that no message passes for one to another address; of an
answer its status, the nonce of the request, the time and the body, so that none passes for the answer to another.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from services.payment.agent_signatures.keys import Institution

FRESH_FOR_S: Final = 300
SERIAL: Final = "canbao-serial"
TIMESTAMP: Final = "canbao-timestamp"
NONCE: Final = "canbao-nonce"
SIGNATURE: Final = "canbao-signature"
_PREFIX = b"canbao-"
_HEADER_LIMIT = 1024
_NONCE_LIMIT = 64
_PADDING, _HASH = PKCS1v15(), SHA256()


class Fault(StrEnum):
    """Why a message is not taken for the institution's word; said to nobody, logged."""

    HEADER_MISSING = "header_missing"
    HEADER_REPEATED = "header_repeated"
    SERIAL = "serial"
    TIMESTAMP = "timestamp"
    STALE = "stale"
    SIGNATURE = "signature"


class BadSignature(Exception):
    """The message is not the institution's word."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class SignedWord:
    """What a good signature vouches for: the key, the time and the number of the message."""

    serial: str
    nonce: str
    signed_at: datetime


def verify(
    institution: Institution,
    method: str,
    path: str,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    now: datetime,
) -> SignedWord:
    """Check a request's signature over its raw bytes; raises BadSignature.

    ``headers`` have lower-case names. ``now`` is real time: freshness is about the message, not about business.
    """
    found = _signing_headers(headers)
    serial, nonce = _present(found, SERIAL), _present(found, NONCE, _NONCE_LIMIT)
    timestamp, signature = _present(found, TIMESTAMP), _present(found, SIGNATURE)
    key = institution.public_keys.get(serial)
    if key is None:
        raise BadSignature(Fault.SERIAL)
    signed_at = _fresh(timestamp, now)
    try:
        raw = b64decode(signature, validate=True)
        key.verify(raw, _request(method, path, timestamp, nonce, body), _PADDING, _HASH)
    except (InvalidSignature, NotBase64, ValueError):
        raise BadSignature(Fault.SIGNATURE) from None
    return SignedWord(serial, nonce, signed_at)


def sign(institution: Institution, status: int, nonce: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of an answer: our key's serial, the time, the nonce of the request, and our signature."""
    timestamp = str(int(now.timestamp()))
    message = b"%d\n%b\n%b\n%b\n" % (status, nonce.encode("latin-1"), timestamp.encode(), body)
    signature = b64encode(institution.answer_key.sign(message, _PADDING, _HASH)).decode()
    return {SERIAL: institution.answer_serial, TIMESTAMP: timestamp, NONCE: nonce, SIGNATURE: signature}


def _request(method: str, path: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    head = (part.encode("latin-1") for part in (method, path, timestamp, nonce))
    return b"%b\n%b\n%b\n%b\n%b\n" % (*head, body)


def _signing_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """A header that comes twice leaves open which one is meant, so it is refused."""
    found: dict[str, str] = {}
    for name, value in raw:
        if name.startswith(_PREFIX):
            key = name.decode("latin-1")
            if key in found:
                raise BadSignature(Fault.HEADER_REPEATED)
            found[key] = value.decode("latin-1")
    return found


def _present(headers: Mapping[str, str], name: str, limit: int = _HEADER_LIMIT) -> str:
    value = headers.get(name)
    if not value or len(value) > limit:
        raise BadSignature(Fault.HEADER_MISSING)
    return value


def _fresh(timestamp: str, now: datetime) -> datetime:
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 11):
        raise BadSignature(Fault.TIMESTAMP)
    signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs((now - signed_at).total_seconds()) >= FRESH_FOR_S:
        raise BadSignature(Fault.STALE)
    return signed_at
