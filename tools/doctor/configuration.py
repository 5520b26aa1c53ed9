"""The settings: what is missing, and what follows from it."""

import asyncio
import base64
import binascii
from collections.abc import Sequence

from pydantic import SecretStr

from shared.pack_in_force import fit_of, pack_in_force
from shared.settings import Settings
from tools.doctor.findings import Check, ExaminedInstallation, Finding, FindingType

_KEY_BYTES = 32

SETTINGS = FindingType("SETTINGS", "ok", "必需的设置齐全", "everything needed is set")
SETTINGS_UNREADABLE = FindingType(
    "SETTINGS_UNREADABLE",
    "broken",
    "设置无法读懂：{why}。",
    "The settings cannot be read: {why}.",
    "对照 canbao config example 改正环境变量。",
    "Compare the environment with canbao config example.",
)
NO_INSTALLATION = FindingType(
    "NO_INSTALLATION",
    "broken",
    "目录里没有 canbao up 的安装，环境变量也没有指定数据库。",
    "canbao up has set up nothing in this folder, and the environment names no database.",
    "运行 make up 建立一套，用 --data 指定其目录，或按 canbao config example 设置环境变量。",
    "Set one up by make up, name its folder by --data, or set the variables of canbao config example.",
)
SETTING_MISSING = FindingType(
    "SETTING_MISSING",
    "broken",
    "未设置，{without_zh}。",
    "Not set: {without_en}.",
    "设置该环境变量；含义见 canbao config example。",
    "Set the variable; canbao config example explains it.",
)
SETTING_ABSENT = FindingType(
    "SETTING_ABSENT",
    "warn",
    "未设置，{without_zh}。",
    "Not set: {without_en}.",
    "需要此功能时设置该环境变量。",
    "Set the variable where this is wanted.",
)
SECRET_MALFORMED = FindingType(
    "SECRET_MALFORMED",
    "broken",
    "不是 base64 编码的 32 字节密钥。",
    "This is not a key of 32 bytes in base64.",
    "恢复原密钥；新安装可用 openssl rand -base64 32 生成。换掉在用的密钥会使已存资料无法解密。",
    "Restore the key; a new installation makes one by openssl rand -base64 32. Data under a lost key stays sealed.",
)
POLICY_PACK_UNUSABLE = FindingType(
    "POLICY_PACK_UNUSABLE",
    "broken",
    "政策包无法使用：{why}。",
    "The policy pack cannot be used: {why}.",
    "检查 CANBAO_POLICY_PACK 与 CANBAO_POLICY_OVERRIDES。",
    "Check CANBAO_POLICY_PACK and CANBAO_POLICY_OVERRIDES.",
)
POLICY_PACK_OF_OTHER_REGION = FindingType(
    "POLICY_PACK_OF_OTHER_REGION",
    "broken",
    "政策包不是本地的：{why}。",
    "The policy pack is another place's: {why}.",
    "检查 CANBAO_REGION 与 CANBAO_POLICY_PACK（canbao policy list 列出各政策包）。",
    "Check CANBAO_REGION and CANBAO_POLICY_PACK; canbao policy list names the packs.",
)
POLICY_PACK_OF_OTHER_YEAR = FindingType(
    "POLICY_PACK_OF_OTHER_YEAR",
    "warn",
    "政策包没有所设的参保年度：{why}。该年度的参保一律待人工核定。",
    "The policy pack lacks the benefit year that is set: {why}. Everybody of that year is held.",
    "检查 CANBAO_BENEFIT_YEAR，或换上该年度的政策包（CANBAO_POLICY_PACK）。",
    "Check CANBAO_BENEFIT_YEAR, or set the pack of that year (CANBAO_POLICY_PACK).",
)
_WITHOUT = {
    "token_private_key_file": ("registration 不能签发令牌", "registration cannot sign tokens"),
    "token_public_key_file": ("任何服务都不能核验令牌", "no service can check tokens"),
    "person_token_key": ("无法匹配人员", "people cannot be matched"),
    "encryption_keys": ("无法保护姓名与证件号", "names and numbers cannot be protected"),
}
_WISHED = {
    "wechat_merchants": ("没有缴费渠道", "there is no payment channel"),
    "tax_base_url": ("不能与税务交换", "nothing is exchanged with the tax office"),
    "console_client_secret": ("运行页面没有数据", "the console has no figures"),
}


async def examine(installation: ExaminedInstallation) -> Sequence[Finding]:
    """What is missing, what is malformed, and whether the policy pack can be loaded."""
    settings = installation.settings
    found = [*_missing(settings), *_malformed(settings), *await _pack(settings)]
    return found or [SETTINGS.at()]


def _missing(settings: Settings) -> list[Finding]:
    needed = dict(_WITHOUT)
    if settings.bus == "kafka":
        needed["kafka_bootstrap_servers"] = ("无法连接消息总线", "the bus cannot be reached")
    return [
        finding_type.at(_variable(name), without_zh=zh, without_en=en)
        for finding_type, names in ((SETTING_MISSING, needed), (SETTING_ABSENT, _WISHED))
        for name, (zh, en) in names.items()
        if not getattr(settings, name)
    ]


def _malformed(settings: Settings) -> list[Finding]:
    keys = {f"{_variable('encryption_keys')}.{name}": key for name, key in settings.encryption_keys.items()}
    if settings.person_token_key is not None:
        keys[_variable("person_token_key")] = settings.person_token_key
    return [SECRET_MALFORMED.at(name) for name, key in keys.items() if not _is_key(key)]


def _is_key(key: SecretStr) -> bool:
    try:
        return len(base64.b64decode(key.get_secret_value(), validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False


async def _pack(settings: Settings) -> list[Finding]:
    try:
        fit = fit_of(settings, await asyncio.to_thread(pack_in_force, settings))
    except (OSError, ValueError) as error:
        return [POLICY_PACK_UNUSABLE.at(settings.policy_pack, why=str(error))]
    return [
        *([POLICY_PACK_OF_OTHER_REGION.at(_variable("region"), why=fit.other_region)] if fit.other_region else []),
        *([POLICY_PACK_OF_OTHER_YEAR.at(_variable("benefit_year"), why=fit.other_year)] if fit.other_year else []),
    ]


def _variable(name: str) -> str:
    return f"CANBAO_{name.upper()}"


CHECKS = (Check("settings", examine),)
