"""What a sandbox plays of a channel: keys made here, sample notices signed with them, and what a signature covers.

A merchant of a sandbox is known by its number, which no channel gives. It collects nothing: its notices are signed by
keys that lie beside it, so that an installation which is no sandbox refuses to start with one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from services.payment.channels.callback import Callback
from services.payment.channels.merchant_account import MerchantAccount

SANDBOX_PREFIX: Final = "SANDBOX"
_RSA_BITS, _EXPONENT = 2048, 65537
_PRIVATE, _READABLE = 0o600, 0o644
A = TypeVar("A", bound=MerchantAccount)


def is_sandbox_number(merchant_id: str) -> bool:
    """Whether a merchant's number is one of a sandbox; real channels give numbers that begin with digits."""
    return merchant_id.startswith(SANDBOX_PREFIX)


class SampleKind(StrEnum):
    """What a sample notice is about."""

    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class SampleNotice:
    """What a sample says: amounts in fen; ``paid_fen`` is the whole payment of which a refund gives back a part."""

    kind: SampleKind
    notify_id: str
    order_no: str
    transaction_id: str
    refund_no: str
    amount_fen: int
    paid_fen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A notice as it goes over the wire."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class BaseString:
    """The bytes that a signature covers, never a key; when and under which key's name, where the message says so."""

    content: bytes
    signed_at: datetime | None = None
    key_name: str | None = None


@dataclass(frozen=True, slots=True)
class SampleNotices(Generic[A]):
    """How a mechanism is played. ``make`` lays keys into a folder and returns the merchant's setting.

    ``sign`` signs with the keys of that folder; ``explain`` reads a call's base string and raises Refused where it has
    none.
    """

    make: Callable[[str, Path], dict[str, Any]]
    sign: Callable[[A, Path, SampleNotice], SignedMessage]
    explain: Callable[[Callback], BaseString]


def make_key(private: Path, public: Path | None = None) -> None:
    """Make an RSA key and write it, and its public half where a place for it is given."""
    key = generate_private_key(_EXPONENT, _RSA_BITS)
    write_secret(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    if public is not None:
        public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        public.chmod(_READABLE)


def write_secret(file: Path, content: bytes) -> None:
    """Write a file that its owner alone reads."""
    file.touch(mode=_PRIVATE)
    file.write_bytes(content)


def read_key(file: Path) -> RSAPrivateKey:
    """A key that ``make_key`` wrote; raises ValueError where it is none."""
    key = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"{file}: 不是 RSA 私钥 · no RSA private key")
    return key
