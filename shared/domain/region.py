"""Region codes: county (6 digits), town (9) and village (12), each a prefix of the ones below it."""

import re

RegionCode = str

COUNTY_DIGITS, TOWN_DIGITS, VILLAGE_DIGITS = 6, 9, 12
_REGION = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,2}", re.ASCII)


class InvalidRegion(ValueError):
    """The text is not a region code of 6, 9 or 12 digits."""


def parse_region(code: str) -> RegionCode:
    """Accept a county, town or village code; raises InvalidRegion for anything else."""
    if _REGION.fullmatch(code) is None:
        raise InvalidRegion(f"{code!r} is not a region code of 6, 9 or 12 digits")
    return code


def covers(prefix: RegionCode, code: RegionCode) -> bool:
    """Say whether a region is the other one or contains it; no region at all contains nothing."""
    return bool(prefix) and code.startswith(prefix)


def county_of(code: RegionCode) -> RegionCode:
    """Name the county that a region belongs to."""
    return code[:COUNTY_DIGITS]


def is_village(code: RegionCode) -> bool:
    """Say whether the code names a village or community, where people live."""
    return len(code) == VILLAGE_DIGITS
