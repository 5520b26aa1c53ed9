"""A merchant with its keys loaded: ours to sign with, the platform's to check with, the shared one to open notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from services.payment.channels.stated_account import AccountForm, SecretContent, StatedAccount
from services.payment.channels.wechat.key_faults import (
    PUBLIC_KEY_ID,
    KeyFault,
    PlatformKey,
    key_faults,
    merchant_serial_is_wrong,
)
from services.payment.channels.wechat.schemas import WechatAccountSettings
from shared.setting_groups.partners import WechatMerchant
from shared.settings_errors import UnusableSetting, read_setting_file, setting_place

_API_V3_KEY_BYTES = 32
_API_V3_KEY, _PRIVATE_KEY = "api_v3_key", "merchant_private_key"
_RSA_BITS = 2048


class UnusableKey(UnusableSetting):
    """A configured key cannot be what it should be; names the setting, never the key."""


@dataclass(frozen=True, slots=True)
class Merchant:
    """One WeChat Pay merchant, ready to work. Platform keys are held by serial: during a switch notices mix them.

    ``answers_signed_by`` is the serial that our requests name, and WeChat signs its answer with that key. There is none
    where no platform key stands in its place: then every notice is refused.
    """

    channel: str
    merchant_id: str
    appid: str
    serial: str
    private_key: RSAPrivateKey
    platform_keys: dict[str, RSAPublicKey]
    cipher: AESGCM
    answers_signed_by: str | None = None
    takes_orders: bool = True

    @property
    def can_be_checked(self) -> bool:
        """Whether a platform key stands in its place."""
        return self.answers_signed_by is not None


def load_merchant(setting: WechatMerchant) -> Merchant:
    """Load a merchant's keys; raises UnusableSetting when starting, never when a notice arrives."""
    place = _place(setting)
    cipher = _cipher(f"{place}.api_v3_key", setting.api_v3_key.get_secret_value().encode())
    private_key = _private_key(
        f"{place}.merchant_private_key_file",
        _read(f"{place}.merchant_private_key_file", setting.merchant_private_key_file),
    )
    known = load_platform_keys(setting)
    faults = key_faults(known, private_key.public_key())
    usable = [each for each in known if each.serial not in faults]
    return Merchant(
        channel=setting.channel,
        merchant_id=setting.mchid,
        appid=setting.appid,
        serial=setting.merchant_serial,
        private_key=private_key,
        platform_keys={each.serial: each.key for each in known},
        cipher=cipher,
        answers_signed_by=_preferred(usable),
        takes_orders=setting.takes_orders,
    )


def load_platform_keys(setting: WechatMerchant) -> list[PlatformKey]:
    """Load the keys that WeChat signs with, as they are configured; raises UnusableSetting."""
    place = _place(setting)
    found = []
    for serial, path in setting.platform_keys.items():
        named = f"{place}.platform_keys.{serial}"
        found.append(_platform_key(named, serial, _read(named, path)))
    return found


def load_stated(account: StatedAccount) -> Merchant:
    """Load a merchant that stands as data; raises UnusableSetting also where a key stands under another's serial."""
    place = account.place
    cipher = _cipher(f"{place} {_API_V3_KEY}", account.secrets[_API_V3_KEY].content.removesuffix(b"\n"))
    private_key = _private_key(f"{place} {_PRIVATE_KEY}", account.secrets[_PRIVATE_KEY])
    known = [_platform_key(f"{place} {serial}", serial, key) for serial, key in account.keys.items()]
    for serial, (fault, own) in key_faults(known, private_key.public_key()).items():
        raise _misplaced(f"{place} {serial}", fault, own)
    if not known:
        raise _misplaced(place, KeyFault.NO_PLATFORM_KEY, "")
    serial = WechatAccountSettings.model_validate(account.settings).merchant_serial
    if merchant_serial_is_wrong(serial, account.keys):
        raise _misplaced(place, KeyFault.MERCHANT_SERIAL, "")
    return Merchant(
        channel=account.channel,
        merchant_id=account.merchant_id,
        appid=account.appid,
        serial=serial,
        private_key=private_key,
        platform_keys={each.serial: each.key for each in known},
        cipher=cipher,
        answers_signed_by=_preferred(known),
        takes_orders=account.takes_orders,
    )


def _place(setting: WechatMerchant) -> str:
    return f"{setting_place('wechat_merchants')}[mchid {setting.mchid}]"


def _preferred(known: Sequence[PlatformKey]) -> str | None:
    """The public key, which never expires, before certificates; of these the one that lasts longest."""
    for each in known:
        if each.serial.startswith(PUBLIC_KEY_ID):
            return each.serial
    certified = {each.certificate.not_valid_after_utc: each.serial for each in known if each.certificate is not None}
    return certified[max(certified)] if certified else next((each.serial for each in known), None)


def _read(place: str, file: Path) -> SecretContent:
    return SecretContent(str(file), read_setting_file(place, file))


def _cipher(place: str, key: bytes) -> AESGCM:
    if len(key) != _API_V3_KEY_BYTES:
        found, wanted = len(key), _API_V3_KEY_BYTES
        raise UnusableKey(
            f"{place}: APIv3 密钥有 {found} 个字节，须为 {wanted} 个"
            f" · the APIv3 key has {found} bytes, it must have {wanted} bytes"
        )
    return AESGCM(key)


def _private_key(place: str, pem: SecretContent) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise _no_key(place, pem.file) from fault
    if not isinstance(key, RSAPrivateKey) or key.key_size < _RSA_BITS:
        raise _no_key(place, pem.file)
    return key


def _platform_key(place: str, serial: str, found: SecretContent) -> PlatformKey:
    """A platform key is configured as a public key, or as the certificate that carries it."""
    pem, file = found.content, found.file
    try:
        certificate = load_pem_x509_certificate(pem) if b"BEGIN CERTIFICATE" in pem else None
        key = certificate.public_key() if certificate is not None else load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as fault:
        raise _no_key(place, file) from fault
    if not isinstance(key, RSAPublicKey) or key.key_size < _RSA_BITS:
        raise _no_key(place, file)
    return PlatformKey(serial, key, certificate)


def _misplaced(place: str, fault: KeyFault, own: str) -> UnusableKey:
    said = fault.value
    return UnusableKey(f"{place}: {said.zh.format(own=own)} · {said.en.format(own=own)}")


def _no_key(place: str, file: str) -> UnusableKey:
    return UnusableKey(
        f"{place}: 不是至少 {_RSA_BITS} 位、未加密的 RSA 密钥 PEM 文件"
        f" · is no PEM file of an RSA key of at least {_RSA_BITS} bits, without a password: {file}"
    )


STATED = AccountForm(settings=WechatAccountSettings, secrets=(_API_V3_KEY, _PRIVATE_KEY), load=load_stated)
