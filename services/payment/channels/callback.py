"""A channel's call as every channel makes one: what came in, why it may be refused, and the forms of the answers.

How a message is signed and what it says, only the channel's own folder knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final


class Refusal(StrEnum):
    """Why a message is not taken for the channel's word, or cannot be read; the metric counts them apart."""

    UNKNOWN_MERCHANT = "unknown_merchant"
    HEADER_MISSING = "header_missing"
    HEADER_REPEATED = "header_repeated"
    ALGORITHM = "algorithm"
    SERIAL = "serial"
    TIMESTAMP = "timestamp"
    STALE = "stale"
    PROBE = "probe"
    SIGNATURE = "signature"
    TOO_LARGE = "too_large"
    ENVELOPE = "envelope"
    CIPHERTEXT = "ciphertext"


class Refused(Exception):
    """The message is refused with a 4xx; nothing of it is kept."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Callback:
    """A channel's call as it came: raw headers, names in lower case, and the raw body. ``now`` is real time."""

    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    now: datetime
    region: str


@dataclass(frozen=True, slots=True)
class CallbackReply:
    """An answer in the channel's own form."""

    status: int
    content: bytes = b""
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class CallbackForm:
    """Where a channel calls, and how it wants to be answered. A published ``path`` never changes.

    ``merchant_parameter`` is the part of the path that names the merchant; ``responses`` and ``request`` are the call
    as the OpenAPI document describes it.
    """

    path: str
    merchant_parameter: str
    taken: CallbackReply
    failed: bytes
    failed_media_type: str
    responses: dict[int | str, dict[str, Any]]
    request: dict[str, Any]

    def path_of(self, merchant_id: str) -> str:
        """The path at which the channel reports about one merchant."""
        return self.path.replace("{" + self.merchant_parameter + "}", merchant_id)


_STATUS: Final = {
    Refusal.UNKNOWN_MERCHANT: 404,
    Refusal.TOO_LARGE: 413,
    Refusal.ENVELOPE: 400,
    Refusal.CIPHERTEXT: 400,
}


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal; whatever concerns the signature is 401."""
    return _STATUS.get(refusal, 401)


def signed_headers(callback: Callback, prefix: bytes) -> dict[str, str]:
    """The headers that begin with ``prefix``; one that comes twice leaves open which is meant, so it is refused."""
    found: dict[str, str] = {}
    for name, value in callback.headers:
        if name.startswith(prefix):
            key = name.decode("latin-1")
            if key in found:
                raise Refused(Refusal.HEADER_REPEATED)
            found[key] = value.decode("latin-1")
    return found
