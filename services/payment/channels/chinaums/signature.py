"""ChinaUMS's signatures: SHA-256 of the sorted fields and a shared key for notices, an HMAC of the body for requests.

The algorithm is ours to name. A message that asks for MD5 is refused although MD5 is the channel's own default: the key
comes last, so that two forms with one MD5 value have one signature. Several keys may be held at once: a notice does not
say which it was signed with, and during a rotation both are in flight.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from services.payment.channels.callback import Refusal, Refused
from shared.domain.clock import SHANGHAI

SIGN: Final = "sign"
SIGN_TYPE: Final = "signType"
ALGORITHM: Final = "SHA256"
SCHEME: Final = "OPEN-BODY-SIG"
_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class OpenSignature:
    """What a request's header says besides the signature: who asks, when, and a number that serves once."""

    app_id: str
    timestamp: str
    nonce: str

    def header(self, key: bytes, body: bytes) -> str:
        """The Authorization header that vouches for a body."""
        return (
            f'{SCHEME} AppId="{self.app_id}", Timestamp="{self.timestamp}", Nonce="{self.nonce}", '
            f'Signature="{self.signature(key, body)}"'
        )

    def signature(self, key: bytes, body: bytes) -> str:
        """HMAC-SHA256 over application, time, number and the body's SHA-256, in Base64."""
        message = f"{self.app_id}{self.timestamp}{self.nonce}{sha256(body).hexdigest()}"
        return b64encode(hmac.digest(key, message.encode(), sha256)).decode()


def base_string(fields: Mapping[str, str]) -> bytes:
    """The fields that have a value, but for the signature itself, by name: ``name=value`` joined by ``&``."""
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name != SIGN).encode()


def digest(fields: Mapping[str, str], key: bytes) -> str:
    """The signature of a form: the key follows the base string with nothing between them."""
    return sha256(base_string(fields) + key).hexdigest().upper()


def verify(keys: Mapping[str, bytes], fields: Mapping[str, str]) -> str:
    """The name of the key that signed a form; raises Refused. Each key is tried, whichever fits."""
    claimed = fields.get(SIGN, "")
    if not claimed:
        raise Refused(Refusal.FIELD_MISSING)
    if fields.get(SIGN_TYPE, ALGORITHM) != ALGORITHM:
        raise Refused(Refusal.ALGORITHM)
    if len(claimed) != _DIGEST_LENGTH or not claimed.isascii():
        raise Refused(Refusal.SIGNATURE)
    fitting = [name for name, key in keys.items() if hmac.compare_digest(digest(fields, key), claimed)]
    if not fitting:
        raise Refused(Refusal.SIGNATURE)
    return fitting[0]


def beijing(moment: datetime, form: str) -> str:
    """A moment as the channel writes it."""
    return moment.astimezone(SHANGHAI).strftime(form)
