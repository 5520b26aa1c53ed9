"""Keys in the wrong place: each of them makes notices, or answers, that nobody here can check. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

PUBLIC_KEY_ID: Final = "PUB_KEY_ID_"
_PUBLIC_KEY_ID = re.compile(r"PUB_KEY_ID_[0-9A-Z]+")
# A certificate's serial has 20 bytes; leading zeros may be left out.
_CERTIFICATE_SERIAL = re.compile(r"[0-9A-F]{32,40}")
_SERIAL = re.compile(r"[0-9A-F]{1,40}")


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A key that WeChat signs with, under the serial that the settings give it; a certificate says its own."""

    serial: str
    key: RSAPublicKey
    certificate: Certificate | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is wrong and what to do, in both languages."""

    zh: str
    en: str
    remedy_zh: str
    remedy_en: str


_FETCH_ZH = "在商户平台「账户中心 → API 安全」下载微信支付公钥（pub_key.pem），以其完整公钥 ID 为键写入 platform_keys。"
_FETCH_EN = (
    "Download WeChat Pay's public key (pub_key.pem) from the merchant platform, API security, "
    "and put it into platform_keys under its whole public key id."
)


class KeyFault(Enum):
    """How a merchant's keys can be misplaced."""

    NO_PLATFORM_KEY = Explanation(
        "没有配置任何平台公钥，微信的通知和应答都无法验签。",
        "No platform key is configured: neither notices nor answers of WeChat can be checked.",
        _FETCH_ZH,
        _FETCH_EN,
    )
    OUR_OWN_KEY = Explanation(
        "这是商户自己的密钥，不是平台公钥，用它验签的通知都会被拒收。",
        "This is the merchant's own key, not the platform's: each notice that it should check is refused.",
        _FETCH_ZH,
        _FETCH_EN,
    )
    OTHER_SERIAL = Explanation(
        "证书本身的序列号是 {own}，与所配置的不同，用它签名的通知都会被拒收。",
        "The certificate's own serial is {own}, another one than configured: each notice signed with it is refused.",
        "在 platform_keys 中以 {own} 为键，或换上该序列号的证书。",
        "Put it into platform_keys under {own}, or replace it by the certificate of that serial.",
    )
    SPELT_OTHERWISE = Explanation(
        "序列号的写法与微信不同（须为大写、没有冒号和空格），用它签名的通知都会被拒收。",
        "WeChat spells the serial otherwise (upper case, no colons, no spaces): each notice signed with it is refused.",
        "在 platform_keys 中以 {own} 为键。",
        "Put it into platform_keys under {own}.",
    )
    PREFIX_MISSING = Explanation(
        "公钥的键缺少前缀 PUB_KEY_ID_，用它签名的通知都会被拒收。",
        "The public key's id lacks its prefix PUB_KEY_ID_: each notice signed with it is refused.",
        "在 platform_keys 中以 {own} 为键，与商户平台显示的公钥 ID 逐字一致。",
        "Put it into platform_keys under {own}, letter by letter as the merchant platform shows the public key's id.",
    )
    SAME_KEY_TWICE = Explanation(
        "与另一个序列号是同一把密钥，其中一个序列号签名的通知会被拒收。",
        "It is the same key as under another serial: notices signed with one of the two are refused.",
        "按序列号逐一核对文件：platform_keys 中每个键各用自己的文件。",
        "Compare the files with their serials: each one in platform_keys has a file of its own.",
    )
    MERCHANT_SERIAL = Explanation(
        "merchant_serial 不是商户 API 证书的序列号（须为大写十六进制、没有冒号，且不是平台的序列号），"
        "请求会被答复 401 SIGN_ERROR。",
        "merchant_serial is no serial of a merchant's certificate (upper case, hexadecimal, no colons, none of the "
        "platform's): requests are answered 401 SIGN_ERROR.",
        "填写商户平台「API 安全 → 商户 API 证书」显示的序列号。",
        "Enter the serial that the merchant platform shows for the merchant's API certificate.",
    )


def key_faults(known: Sequence[PlatformKey], own: RSAPublicKey) -> dict[str, tuple[KeyFault, str]]:
    """Which platform keys are misplaced, by the serial that the settings give, and how it should be written."""
    found: dict[str, tuple[KeyFault, str]] = {}
    seen: dict[tuple[int, int], str] = {}
    for each in known:
        numbers = each.key.public_numbers()
        fault = KeyFault.OUR_OWN_KEY if numbers == own.public_numbers() else _misnamed(each)
        if fault is None and (numbers.n, numbers.e) in seen:
            fault = KeyFault.SAME_KEY_TWICE
        seen.setdefault((numbers.n, numbers.e), each.serial)
        if fault is not None:
            found[each.serial] = fault, right_serial(each)
    return found


def right_serial(each: PlatformKey) -> str:
    """The serial as WeChat writes it in its headers."""
    if each.certificate is not None:
        return f"{each.certificate.serial_number:X}"
    bare = _bare(each.serial)
    return bare if _CERTIFICATE_SERIAL.fullmatch(bare) else PUBLIC_KEY_ID + bare.removeprefix(PUBLIC_KEY_ID)


def merchant_serial_is_wrong(serial: str, platform_serials: Collection[str]) -> bool:
    """Whether our own certificate's serial cannot be what WeChat knows it by."""
    return serial in platform_serials or not _SERIAL.fullmatch(serial)


def _misnamed(each: PlatformKey) -> KeyFault | None:
    if each.certificate is None:
        if _PUBLIC_KEY_ID.fullmatch(each.serial) or _CERTIFICATE_SERIAL.fullmatch(each.serial):
            return None
        bare = _bare(each.serial)
        known = bare.startswith(PUBLIC_KEY_ID) or _CERTIFICATE_SERIAL.fullmatch(bare)
        return KeyFault.SPELT_OTHERWISE if known else KeyFault.PREFIX_MISSING
    own = right_serial(each)
    if each.serial.lstrip("0") == own:
        return None
    return KeyFault.SPELT_OTHERWISE if _bare(each.serial).lstrip("0") == own else KeyFault.OTHER_SERIAL


def _bare(serial: str) -> str:
    return serial.replace(":", "").replace(" ", "").upper()
