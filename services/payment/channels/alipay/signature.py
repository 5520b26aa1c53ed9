"""Alipay's signatures: RSA2, that is RSA PKCS#1 v1.5 with SHA-256, and nothing else whatever a message asks for.

Of a notice all fields but ``sign`` and ``sign_type`` are signed, sorted by name; of our requests all but ``sign``; of
an answer the raw text of its one node.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from services.payment.channels.alipay.keys import Seller
from services.payment.channels.callback import Refusal, Refused

ALGORITHM: Final = "RSA2"
_UNSIGNED = (b"sign", b"sign_type")
_PADDING, _HASH = PKCS1v15(), SHA256()


def verify_notice(seller: Seller, fields: Mapping[bytes, bytes]) -> str:
    """Check a notice's signature; returns the fingerprint of the key that signed it. Raises Refused."""
    signature, algorithm = fields.get(b"sign"), fields.get(b"sign_type")
    if not signature or algorithm is None:
        raise Refused(Refusal.FIELD_MISSING)
    if algorithm != ALGORITHM.encode():
        raise Refused(Refusal.ALGORITHM)
    return verify(seller, notice_base(fields), signature)


def notice_base(fields: Mapping[bytes, bytes]) -> bytes:
    """What Alipay signs of a notice: every field that is there, whether we know it or not, blank ones too."""
    return b"&".join(b"%b=%b" % (name, fields[name]) for name in sorted(fields) if name not in _UNSIGNED)


def verify(seller: Seller, signed: bytes, signature: bytes) -> str:
    """Check a signature against each key of Alipay; returns the fingerprint of the one that made it. Raises Refused."""
    try:
        raw = b64decode(signature, validate=True)
    except (NotBase64, ValueError):
        raise Refused(Refusal.SIGNATURE) from None
    for name, key in seller.alipay_keys.items():
        try:
            key.verify(raw, signed, _PADDING, _HASH)
        except InvalidSignature:
            continue
        return name
    raise Refused(Refusal.SIGNATURE)


def request_base(parameters: Mapping[str, str]) -> bytes:
    """What we sign of a request: every parameter that is there, the kind of signature too."""
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters)).encode()


def sign(key: RSAPrivateKey, parameters: Mapping[str, str]) -> str:
    """Our signature of a request's parameters."""
    return b64encode(key.sign(request_base(parameters), _PADDING, _HASH)).decode()
