"""An institution's signature of a file: RSA PKCS#1 v1.5 with SHA-256 over its raw bytes, kept beside the file.

The algorithm is pinned; nothing that comes with a file can change it. Several keys count side by side under their
serials.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

LONGEST: Final = 2_048


class SignatureRefused(Exception):
    """The file is not the institution's word; the text says why, and nothing of it is kept."""


def verify_file(keys: Mapping[str, RSAPublicKey], serial: str, signature: str, digest: bytes) -> None:
    """Check the signature of a file by the SHA-256 of its bytes, by the key of that serial; raises SignatureRefused."""
    if not serial or not signature or len(signature) > LONGEST:
        raise SignatureRefused("缺少签名或密钥编号 · no signature, or no serial of its key")
    key = keys.get(serial)
    if key is None:
        raise SignatureRefused("密钥编号不是该机构的 · the serial is none of the institution's keys")
    try:
        key.verify(b64decode(signature, validate=True), digest, PKCS1v15(), Prehashed(SHA256()))
    except (InvalidSignature, NotBase64, ValueError):
        raise SignatureRefused("签名不符 · the signature does not fit") from None
