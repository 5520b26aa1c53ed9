"""The policy pack that an installation has configured."""

import hashlib
from typing import NamedTuple

from shared.domain.region import RegionCode, covers
from shared.policy.loader import PACKS, file_of, load_pack
from shared.policy.pack import Pack
from shared.policy.source import PackError, UnknownPack
from shared.settings import Settings
from shared.settings_errors import UnusableSetting, setting_place

_NATION = "100000"


class PackFit(NamedTuple):
    """What a pack lacks for the region and the year that are set, said in both languages; empty where it fits."""

    other_region: str
    other_year: str


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


def fit_of(settings: Settings, pack: Pack) -> PackFit:
    """Hold region and year of the settings against those that the pack is for."""
    region, years = settings.region, [pack.benefit_year, *(each.benefit_year for each in pack.yearly)]
    other_region = other_year = ""
    if not _is_for(pack.region, region):
        other_region = (
            f"{setting_place('region')}: 政策包 {pack.id} 适用于 {pack.region}，不适用于 {region}"
            f" · the pack {pack.id} is for {pack.region}, not for {region}"
        )
    if settings.benefit_year not in years:
        named = ", ".join(map(str, years))
        other_year = (
            f"{setting_place('benefit_year')}: 政策包 {pack.id} 只有 {named} 年度，没有 {settings.benefit_year} 年度"
            f" · the pack {pack.id} is for {named}, it has no {settings.benefit_year}"
        )
    return PackFit(other_region, other_year)


def _is_for(place: RegionCode, region: RegionCode) -> bool:
    """A pack may be a whole province's or city's: codes of these end in pairs of zeros."""
    return place == _NATION or covers(place.removesuffix("00").removesuffix("00"), region)
