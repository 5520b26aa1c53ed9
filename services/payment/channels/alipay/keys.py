"""A seller with its keys loaded: ours to sign with, Alipay's to check with. During a rotation Alipay signs with either.

Public-key mode (公钥模式): no message says which key signed it, so that a key is known here by its fingerprint.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from shared.setting_groups.partners import AlipaySeller
from shared.settings_errors import UnusableSetting, read_setting_file, setting_place

_RSA_BITS = 2048
_FINGERPRINT_DIGITS = 32


class UnusableAlipayKey(UnusableSetting):
    """A configured key cannot be what it should be; names the setting, never the key."""


@dataclass(frozen=True, slots=True)
class Seller:
    """One seller (收款方), ready to work: ``merchant_id`` is its PID, and ``appid`` the app that notices are sent for.

    ``alipay_keys`` are held by fingerprint. ``refund_column`` is the column of the account bill that names a refund.
    """

    channel: str
    merchant_id: str
    appid: str
    private_key: RSAPrivateKey
    alipay_keys: Mapping[str, RSAPublicKey]
    refund_column: str
    takes_orders: bool = True

    @property
    def can_be_checked(self) -> bool:
        """Whether there is a key of Alipay that is not our own."""
        own = self.private_key.public_key().public_numbers()
        return any(key.public_numbers() != own for key in self.alipay_keys.values())


def load_seller(setting: AlipaySeller) -> Seller:
    """Load a seller's keys; raises UnusableSetting when starting, never when a notice arrives."""
    place = f"{setting_place('alipay_sellers')}[app_id {setting.app_id}]"
    known = [_public_key(f"{place}.alipay_public_keys", file) for file in setting.alipay_public_keys]
    return Seller(
        channel=setting.channel,
        merchant_id=setting.seller_id,
        appid=setting.app_id,
        private_key=_private_key(f"{place}.private_key_file", setting.private_key_file),
        alipay_keys={fingerprint(key): key for key in known},
        refund_column=setting.account_bill_refund_column,
        takes_orders=setting.takes_orders,
    )


def fingerprint(key: RSAPublicKey) -> str:
    """What a key is known by: the beginning of the SHA-256 of its SubjectPublicKeyInfo."""
    written = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(written).hexdigest()[:_FINGERPRINT_DIGITS]


def _private_key(place: str, file: Path) -> RSAPrivateKey:
    pem = read_setting_file(place, file)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise _no_key(place, file) from fault
    if not isinstance(key, RSAPrivateKey) or key.key_size < _RSA_BITS:
        raise _no_key(place, file)
    return key


def _public_key(place: str, file: Path) -> RSAPublicKey:
    pem = read_setting_file(place, file)
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as fault:
        raise _no_key(place, file) from fault
    if not isinstance(key, RSAPublicKey) or key.key_size < _RSA_BITS:
        raise _no_key(place, file)
    return key


def _no_key(place: str, file: Path) -> UnusableAlipayKey:
    return UnusableAlipayKey(
        f"{place}: 不是至少 {_RSA_BITS} 位、未加密的 RSA 密钥 PEM 文件"
        f" · is no PEM file of an RSA key of at least {_RSA_BITS} bits, without a password: {file}"
    )
