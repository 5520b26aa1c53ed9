"""APIv3 signatures and sealed resources, as WeChat Pay makes and checks them: for the season, tests and bench."""

import base64
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_FIELD = re.compile(r'(\w+)="([^"]*)"')


def private_key(path: Path) -> rsa.RSAPrivateKey:
    """Read an RSA private key."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - written by ourselves a moment ago
    return key


def public_key(path: Path) -> rsa.RSAPublicKey:
    """Read an RSA public key."""
    key = serialization.load_pem_public_key(path.read_bytes())
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101 - written by ourselves a moment ago
    return key


def signature_headers(body: bytes, key: rsa.RSAPrivateKey, serial: str, at: int) -> dict[str, str]:
    """Headers by which the owner of a key answers for a body at a moment, in seconds of the epoch."""
    stamp, nonce = str(at), secrets.token_hex(16)
    message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": base64.b64encode(signature).decode(),
        "Wechatpay-Signature-Type": SCHEME,
        "Content-Type": "application/json",
    }


def sealed(plain: bytes, kind: str, api_v3_key: bytes) -> dict[str, str]:
    """The resource of a notice, encrypted with a merchant's APIv3 key."""
    nonce = secrets.token_hex(6)
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(AESGCM(api_v3_key).encrypt(nonce.encode(), plain, kind.encode())).decode(),
        "nonce": nonce,
        "associated_data": kind,
        "original_type": kind,
    }


@dataclass(frozen=True, slots=True)
class Platform:
    """The channel's side of the keys: it signs with its own, and knows one merchant's public key and APIv3 key.

    ``older_keys`` are its certificates by serial while it switches to the public key: it signs an answer with the key
    that the request names (``Wechatpay-Serial``), and with a certificate where the request names none.
    """

    serial: str
    key: rsa.RSAPrivateKey
    mchid: str
    appid: str
    merchant_serial: str
    merchant_key: rsa.RSAPublicKey
    api_v3_key: bytes
    older_keys: Mapping[str, rsa.RSAPrivateKey] = field(default_factory=dict)

    @classmethod
    def prepared(cls, folder: Path, settings: Mapping[str, Any], mchid: str, appid: str) -> Self:
        """The channel whose keys and settings `simulator.prepare` has laid into a folder."""
        certificate = folder / "certificate.pem"  # folders from before the switch have none
        older = {settings["certificate_serial"]: private_key(certificate)} if certificate.exists() else {}
        return cls(
            older_keys=older,
            serial=settings["platform_serial"],
            key=private_key(folder / "platform.pem"),
            mchid=mchid,
            appid=appid,
            merchant_serial=settings["merchant_serial"],
            merchant_key=public_key(folder / "merchant.pub.pem"),
            api_v3_key=settings["api_v3_key"].encode(),
        )

    def headers(self, body: bytes) -> dict[str, str]:
        """Headers that sign a notice, with the real time of this moment."""
        return signature_headers(body, self.key, self.serial, int(time.time()))

    def answer_headers(self, body: bytes, named: str | None) -> dict[str, str]:
        """Headers that sign a response with the key that its request named; a serial that nobody knows names none."""
        keys = {self.serial: self.key} | dict(self.older_keys)
        serial = named if named in keys else next(iter(self.older_keys), self.serial)
        return signature_headers(body, keys[serial], serial, int(time.time()))

    def is_from_merchant(self, authorization: str, method: str, target: str, body: bytes) -> bool:
        """Whether the merchant's own key signed this request, less than five minutes ago."""
        scheme, _, rest = authorization.partition(" ")
        fields = dict(_FIELD.findall(rest))
        if scheme != SCHEME or fields.get("mchid") != self.mchid or fields.get("serial_no") != self.merchant_serial:
            return False
        stamp = fields.get("timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) >= 300:
            return False
        message = f"{method}\n{target}\n{stamp}\n{fields.get('nonce_str', '')}\n".encode() + body + b"\n"
        try:
            signature = base64.b64decode(fields.get("signature", ""), validate=True)
            self.merchant_key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def seal(self, plain: dict[str, Any], kind: str) -> dict[str, str]:
        """Encrypt a notice's resource with the APIv3 key."""
        return sealed(json.dumps(plain, ensure_ascii=False).encode(), kind, self.api_v3_key)
