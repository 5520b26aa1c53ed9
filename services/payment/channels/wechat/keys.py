"""A merchant with its keys loaded: ours to sign with, the platform's to check with, the shared one to open notices."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from shared.settings import WechatMerchant

_API_V3_KEY_BYTES = 32
_RSA_BITS = 2048


class UnusableKey(ValueError):
    """A configured key cannot be what it should be; names the setting, never the key."""


@dataclass(frozen=True, slots=True)
class Merchant:
    """One WeChat Pay merchant, ready to work. Platform keys are held by serial: during a switch notices mix them."""

    mchid: str
    appid: str
    serial: str
    private_key: RSAPrivateKey
    platform_keys: dict[str, RSAPublicKey]
    cipher: AESGCM


def load_merchant(setting: WechatMerchant) -> Merchant:
    """Load a merchant's keys; raises UnusableKey or OSError when starting, never when a notice arrives."""
    api_v3_key = setting.api_v3_key.get_secret_value().encode()
    if len(api_v3_key) != _API_V3_KEY_BYTES:
        raise UnusableKey(f"merchant {setting.mchid}: the APIv3 key has {_API_V3_KEY_BYTES} bytes")
    private_key = load_pem_private_key(setting.merchant_private_key_file.read_bytes(), password=None)
    if not isinstance(private_key, RSAPrivateKey) or private_key.key_size < _RSA_BITS:
        raise UnusableKey(f"merchant {setting.mchid}: the private key is RSA of at least {_RSA_BITS} bits")
    return Merchant(
        mchid=setting.mchid,
        appid=setting.appid,
        serial=setting.merchant_serial,
        private_key=private_key,
        platform_keys={
            serial: _platform_key(setting.mchid, serial, path.read_bytes())
            for serial, path in setting.platform_keys.items()
        },
        cipher=AESGCM(api_v3_key),
    )


def _platform_key(mchid: str, serial: str, pem: bytes) -> RSAPublicKey:
    """A platform key is configured as a public key, or as the certificate that carries it."""
    certificate = b"BEGIN CERTIFICATE" in pem
    key = load_pem_x509_certificate(pem).public_key() if certificate else load_pem_public_key(pem)
    if not isinstance(key, RSAPublicKey) or key.key_size < _RSA_BITS:
        raise UnusableKey(f"merchant {mchid}: platform key {serial} is RSA of at least {_RSA_BITS} bits")
    return key
