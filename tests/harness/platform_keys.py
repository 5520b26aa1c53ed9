"""Platform keys as files: certificates and public keys, rightly and wrongly placed in a merchant's settings."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.hashes import SHA256

from shared.domain.clock import SystemClock
from shared.setting_groups.partners import WechatMerchant
from tests.harness.wechat_peer import merchant, public_pem, rsa_key


def certificate_file(folder: Path, serial: str, *, key: str = "certificate", since_days: int = -400, days: int) -> Path:
    """A certificate of a key, with its own serial, that begins and ends in so many days."""
    private, now = rsa_key(key), SystemClock().now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tenpay.com sign")])
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), int(serial, 16))
        .not_valid_before(now + timedelta(days=since_days))
        .not_valid_after(now + timedelta(days=days))
        .sign(private, SHA256())
    )
    path = folder / f"{serial}.certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


def public_key_file(folder: Path, key: str) -> Path:
    """A public key alone."""
    path = folder / f"{key}.pub.pem"
    path.write_bytes(public_pem(rsa_key(key)))
    return path


def merchant_with(folder: Path, platform_keys: Mapping[str, Path]) -> WechatMerchant:
    """A merchant whose settings name these platform keys."""
    return merchant(folder).model_copy(update={"platform_keys": dict(platform_keys)})
