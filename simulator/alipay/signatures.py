"""RSA2 signatures as Alipay makes and checks them: over forms, requests and the nodes of answers."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def joined(fields: Mapping[str, str], *left_out: str) -> str:
    """Fields as they are signed: sorted, and joined as they read."""
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name not in left_out)


def signature_of(text: bytes, key: rsa.RSAPrivateKey, hashed: hashes.HashAlgorithm | None = None) -> str:
    """A signature in base64; RSA2 unless another hash is asked for."""
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashed or hashes.SHA256())).decode()


def encoded(fields: Mapping[str, str], charset: str) -> bytes:
    """A form as it goes over the wire, its values in a charset."""
    return "&".join(f"{name}={quote_plus(value.encode(charset))}" for name, value in fields.items()).encode()


@dataclass(frozen=True, slots=True)
class AlipayPlatform:
    """Alipay's side of the keys: it signs with its own, and knows one app's public key.

    ``newer_key`` is there while it rotates: then it signs now with the one and now with the other.
    """

    key: rsa.RSAPrivateKey
    app_id: str
    seller_id: str
    app_key: rsa.RSAPublicKey
    newer_key: rsa.RSAPrivateKey | None = None
    _turns: list[int] = field(default_factory=lambda: [0])

    def signing_key(self) -> rsa.RSAPrivateKey:
        """The key of the next message."""
        self._turns[0] += 1
        return self.newer_key if self.newer_key is not None and self._turns[0] % 2 == 0 else self.key

    def signed_form(self, fields: Mapping[str, str], charset: str = "utf-8") -> bytes:
        """A notice: every field but the signature and its kind is signed, in the bytes of the charset."""
        said = {**fields, "charset": charset}
        text = joined(said, "sign", "sign_type").encode(charset)
        return encoded({**said, "sign_type": "RSA2", "sign": signature_of(text, self.signing_key())}, charset)

    def is_from_app(self, parameters: Mapping[str, str]) -> bool:
        """Whether the app's own key signed a request: all of it but the signature, what is empty left out."""
        said = {name: value for name, value in parameters.items() if value}
        if said.get("app_id") != self.app_id or said.get("sign_type") != "RSA2":
            return False
        try:
            signature = base64.b64decode(said.get("sign", ""), validate=True)
            self.app_key.verify(signature, joined(said, "sign").encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def answer(self, name: str, node: Mapping[str, Any]) -> bytes:
        """An answer: one node, and the signature of its text as it stands there."""
        raw = json.dumps(node, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
        return f'{{"{name}":{raw},"sign":"{signature_of(raw.encode(), self.signing_key())}"}}'.encode()
