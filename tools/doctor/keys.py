"""Keys and certificates: readable, belonging together, kept from others' eyes, and not about to expire."""

import asyncio
import stat
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from services.payment.channels.wechat.key_faults import KeyFault, key_faults, merchant_serial_is_wrong
from services.payment.channels.wechat.keys import load_merchant, load_platform_keys
from shared.setting_groups.partners import WechatMerchant
from shared.settings import Settings
from shared.settings_errors import UnreadableSettingFile, UnusableSetting
from shared.web.tokens import checking_key, signing_key
from tools.doctor.findings import Check, ExaminedInstallation, Finding, FindingType

_SOON = timedelta(days=30)
_HANDED_OUT = 0o444

KEYS = FindingType("KEYS", "ok", "密钥可用", "the keys can be used")
KEY_FILE_OPEN = FindingType(
    "KEY_FILE_OPEN",
    "broken",
    "私密文件任何人可读（{mode}）。",
    "Everybody on this machine can read this secret file ({mode}).",
    "chmod 600 {path}；若他人可能读过，请更换密钥。",
    "chmod 600 {path}; where others may have read it, change the key.",
)
KEY_FILE_SHARED = FindingType(
    "KEY_FILE_SHARED",
    "warn",
    "私密文件同组用户可读（{mode}）。",
    "The file's group can read this secret file ({mode}).",
    "若非有意（如容器挂载），chmod 600 {path}。",
    "Unless that is meant, as in a container: chmod 600 {path}.",
)
KEY_FILE_UNREADABLE = FindingType(
    "KEY_FILE_UNREADABLE",
    "broken",
    "文件无法读取（{why}）。",
    "The file cannot be read ({why}).",
    "检查 {setting} 的路径，以及运行服务的用户是否可读。",
    "Check the path in {setting}, and that the services' user may read it.",
)
KEY_UNUSABLE = FindingType(
    "KEY_UNUSABLE",
    "broken",
    "密钥无法使用（{why}）。",
    "The key cannot be used ({why}).",
    "换上 {setting} 应有的密钥。",
    "Put the key there that {setting} asks for.",
)
TOKEN_KEYS_DIFFER = FindingType(
    "TOKEN_KEYS_DIFFER",
    "broken",
    "签发令牌的私钥与核验令牌的公钥不是一对，所有调用都会被拒绝。",
    "The key that signs tokens and the one that checks them are no pair: every call is refused.",
    "由私钥重新导出公钥：openssl pkey -in 私钥 -pubout",
    "Derive the public key from the private one: openssl pkey -in PRIVATE -pubout",
)
CERTIFICATE = FindingType("CERTIFICATE", "ok", "证书有效至 {until}", "the certificate is valid until {until}")
CERTIFICATE_EXPIRING = FindingType(
    "CERTIFICATE_EXPIRING",
    "warn",
    "证书将于 {until} 到期。",
    "The certificate expires on {until}.",
    "向微信支付商户平台取得新证书（或微信支付公钥），与旧的并列配置。",
    "Fetch the new certificate (or WeChat Pay's public key) and configure it beside the old one.",
)
CERTIFICATE_EXPIRED = FindingType(
    "CERTIFICATE_EXPIRED",
    "broken",
    "证书已于 {until} 到期，微信的通知可能已改用新证书签名。",
    "The certificate expired on {until}: notices may be signed with its successor by now.",
    "向微信支付商户平台取得新证书（或微信支付公钥）并配置。",
    "Fetch the new certificate (or WeChat Pay's public key) and configure it.",
)
CERTIFICATE_NOT_YET = FindingType(
    "CERTIFICATE_NOT_YET",
    "warn",
    "证书从 {since} 起才有效，微信还不会用它签名。",
    "The certificate is valid only from {since}: nothing is signed with it yet.",
    "在此之前保留仍有效的平台公钥或证书。",
    "Until then keep the platform key that is in use beside it.",
)


def _misplaced(code: str, fault: KeyFault) -> FindingType:
    said = fault.value
    return FindingType(code, "broken", said.zh, said.en, said.remedy_zh, said.remedy_en)


PLATFORM_KEY_MISSING = _misplaced("PLATFORM_KEY_MISSING", KeyFault.NO_PLATFORM_KEY)
PLATFORM_KEY_OURS = _misplaced("PLATFORM_KEY_OURS", KeyFault.OUR_OWN_KEY)
PLATFORM_KEY_OTHER_SERIAL = _misplaced("PLATFORM_KEY_OTHER_SERIAL", KeyFault.OTHER_SERIAL)
PLATFORM_KEY_SPELT_OTHERWISE = _misplaced("PLATFORM_KEY_SPELT_OTHERWISE", KeyFault.SPELT_OTHERWISE)
PLATFORM_KEY_PREFIX_MISSING = _misplaced("PLATFORM_KEY_PREFIX_MISSING", KeyFault.PREFIX_MISSING)
PLATFORM_KEY_TWICE = _misplaced("PLATFORM_KEY_TWICE", KeyFault.SAME_KEY_TWICE)
MERCHANT_SERIAL_WRONG = _misplaced("MERCHANT_SERIAL_WRONG", KeyFault.MERCHANT_SERIAL)
_MISPLACED = {
    KeyFault.OUR_OWN_KEY: PLATFORM_KEY_OURS,
    KeyFault.OTHER_SERIAL: PLATFORM_KEY_OTHER_SERIAL,
    KeyFault.SPELT_OTHERWISE: PLATFORM_KEY_SPELT_OTHERWISE,
    KeyFault.PREFIX_MISSING: PLATFORM_KEY_PREFIX_MISSING,
    KeyFault.SAME_KEY_TWICE: PLATFORM_KEY_TWICE,
}


async def examine(installation: ExaminedInstallation) -> Sequence[Finding]:
    """Everything about keys that can be checked from this machine."""
    settings, now = installation.settings, installation.clock.now()
    found = await asyncio.to_thread(_all, settings, installation.folder, now)
    troubled = any(finding.level in ("warn", "broken") for finding in found)
    return found if troubled else [*found, KEYS.at()]


def _all(settings: Settings, folder: Path, now: datetime) -> list[Finding]:
    found = [*_permissions(settings, folder), *_token_keys(settings)]
    for merchant in settings.wechat_merchants:
        found += _merchant(merchant, now)
    return found


def _permissions(settings: Settings, folder: Path) -> Iterator[Finding]:
    secret = [settings.token_private_key_file, *(each.merchant_private_key_file for each in settings.wechat_merchants)]
    kept = folder / "secrets"
    secret += sorted(kept.glob("*")) if kept.is_dir() else []
    for path in dict.fromkeys(each.resolve() for each in secret if each is not None):
        if not path.is_file() or _is_shut_in(path, settings.secrets_dir):
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        finding_type = KEY_FILE_OPEN if mode & 0o007 else KEY_FILE_SHARED if mode & 0o070 else None
        if finding_type is not None:
            yield finding_type.at(str(path), mode=f"{mode:o}", path=path)


def _is_shut_in(path: Path, secrets_dir: Path | None) -> bool:
    """Whether the file is as ``canbao keys make`` leaves it: read-only, in a folder closed to everybody else, or handed
    to this process alone (a container's secrets).
    """
    if stat.S_IMODE(path.stat().st_mode) != _HANDED_OUT:
        return False
    handed = secrets_dir is not None and path.is_relative_to(secrets_dir.resolve())
    return handed or any(not stat.S_IMODE(each.stat().st_mode) & 0o077 for each in path.parents)


def _token_keys(settings: Settings) -> Iterator[Finding]:
    """Both halves, as services read them; an unset one is the settings' matter."""
    halves = []
    for setting, path, read in (
        ("CANBAO_TOKEN_PRIVATE_KEY_FILE", settings.token_private_key_file, signing_key),
        ("CANBAO_TOKEN_PUBLIC_KEY_FILE", settings.token_public_key_file, checking_key),
    ):
        if path is None:
            continue
        try:
            halves.append(read(settings))
        except UnreadableSettingFile as error:
            yield KEY_FILE_UNREADABLE.at(str(path), why=error.why, setting=setting)
        except UnusableSetting as error:
            yield KEY_UNUSABLE.at(str(path), why=str(error), setting=setting)
    if len(halves) == 2 and halves[0].thumbprint() != halves[1].thumbprint():
        yield TOKEN_KEYS_DIFFER.at("CANBAO_TOKEN_PUBLIC_KEY_FILE")


def _merchant(merchant: WechatMerchant, now: datetime) -> Iterator[Finding]:
    setting = "CANBAO_WECHAT_MERCHANTS"
    try:
        loaded, known = load_merchant(merchant), load_platform_keys(merchant)
    except UnreadableSettingFile as error:
        yield KEY_FILE_UNREADABLE.at(str(error.file), why=error.why, setting=error.setting)
        return
    except UnusableSetting as error:
        yield KEY_UNUSABLE.at(f"{setting} {merchant.mchid}", why=str(error), setting=setting)
        return
    faults = key_faults(known, loaded.private_key.public_key())
    if merchant_serial_is_wrong(merchant.merchant_serial, merchant.platform_keys.keys() - faults.keys()):
        yield MERCHANT_SERIAL_WRONG.at(f"{setting} {merchant.mchid}")
    if not known:
        yield PLATFORM_KEY_MISSING.at(f"{setting} {merchant.mchid}")
    for serial, (fault, own) in faults.items():
        yield _MISPLACED[fault].at(f"{merchant.mchid} {serial}", own=own)
    for each in known:
        if each.certificate is not None:
            since, until = each.certificate.not_valid_before_utc, each.certificate.not_valid_after_utc
            yield judged_validity(f"{merchant.mchid} {each.serial}", since, until, now)


def judged_validity(subject: str, since: datetime, until: datetime, now: datetime) -> Finding:
    """What a certificate's first and last day mean today."""
    if since > now:
        return CERTIFICATE_NOT_YET.at(subject, since=f"{since:%Y-%m-%d}")
    finding_type = CERTIFICATE_EXPIRED if until <= now else CERTIFICATE_EXPIRING if until - now < _SOON else CERTIFICATE
    return finding_type.at(subject, until=f"{until:%Y-%m-%d}")


CHECKS = (Check("keys", examine),)
