"""The policy pack that an installation has configured."""

import hashlib

from shared.policy.loader import PACKS, file_of, load_pack
from shared.policy.pack import Pack
from shared.policy.source import PackError, UnknownPack
from shared.settings import Settings
from shared.settings_errors import UnusableSetting, setting_place


def pack_in_force(settings: Settings) -> Pack:
    """Load it with its overrides, from the installation's own folder where it has one; raises UnusableSetting."""
    folder = settings.policy_folder or PACKS
    try:
        return load_pack(settings.policy_pack, overrides=settings.policy_overrides, folder=folder)
    except UnknownPack as fault:
        raise UnusableSetting(f"{setting_place('policy_pack')}: {fault}") from fault
    except PackError as fault:
        place = setting_place("policy_overrides" if fault.file == settings.policy_overrides else "policy_pack")
        lines = (f"{fault.file}:{each.line}: {each.problem} -> {each.remedy}" for each in fault.faults)
        raise UnusableSetting(*(f"{place}: {line}" for line in lines)) from fault


def digest_in_force(settings: Settings) -> str:
    """What distinguishes one policy from another: the bytes of the pack and of its overrides."""
    files = [file_of(settings.policy_pack, settings.policy_folder or PACKS)]
    if settings.policy_overrides is not None:
        files.append(settings.policy_overrides)
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
