"""A collecting institution with its keys loaded: its own to check with, by serial, and ours to sign answers with."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from shared.policy.vocabulary import Channel
from shared.setting_groups.partners import CollectingAgent
from shared.settings_errors import UnusableSetting, read_setting_file, setting_place

_RSA_BITS = 2048


class UnusableInstitution(UnusableSetting):
    """An institution cannot be what the settings say; names the setting, never a key."""


@dataclass(frozen=True, slots=True)
class Institution:
    """A bank agent or the tax bureau, ready to work. Its keys are held by serial: during a switch it uses both.

    It sees the people of ``region`` and of what lies in it, and collects through ``channels``.
    """

    code: str
    region: str
    channels: frozenset[str]
    layout: str
    public_keys: dict[str, RSAPublicKey]
    answer_serial: str
    answer_key: RSAPrivateKey


def load_institution(setting: CollectingAgent, region: str) -> Institution:
    """Load its keys; ``region`` is the installation's. Raises UnusableSetting when starting, never later."""
    place = f"{setting_place('collecting_agents')}[code {setting.code}]"
    within = setting.region or region
    if not within.startswith(region):
        raise UnusableInstitution(
            f"{place}.region: 不在本系统的地区 {region} 之内 · lies outside of this installation's region: {within}"
        )
    unknown = sorted(set(setting.channels) - {channel.value for channel in Channel})
    if unknown:
        raise UnusableInstitution(f"{place}.channels: 没有此渠道 · no such channel: {', '.join(unknown)}")
    return Institution(
        code=setting.code,
        region=within,
        channels=frozenset(setting.channels),
        layout=setting.layout,
        public_keys={
            serial: _public_key(f"{place}.public_keys.{serial}", file) for serial, file in setting.public_keys.items()
        },
        answer_serial=setting.answer_serial,
        answer_key=_private_key(f"{place}.answer_private_key_file", setting.answer_private_key_file),
    )


def _public_key(place: str, file: Path) -> RSAPublicKey:
    try:
        key = load_pem_public_key(read_setting_file(place, file))
    except (ValueError, UnsupportedAlgorithm) as fault:
        raise _no_key(place, file) from fault
    if not isinstance(key, RSAPublicKey) or key.key_size < _RSA_BITS:
        raise _no_key(place, file)
    return key


def _private_key(place: str, file: Path) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(read_setting_file(place, file), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise _no_key(place, file) from fault
    if not isinstance(key, RSAPrivateKey) or key.key_size < _RSA_BITS:
        raise _no_key(place, file)
    return key


def _no_key(place: str, file: Path) -> UnusableInstitution:
    return UnusableInstitution(
        f"{place}: 不是至少 {_RSA_BITS} 位、未加密的 RSA 密钥 PEM 文件"
        f" · is no PEM file of an RSA key of at least {_RSA_BITS} bits, without a password: {file}"
    )
