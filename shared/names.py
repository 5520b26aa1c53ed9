"""The names of codes in Chinese and English: identities, channels, funders, states, reasons (names.yaml)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

_FILE = Path(__file__).with_name("names.yaml")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Name(NamedTuple):
    """What a code is called in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        """Both names, Chinese first."""
        return f"{self.zh} · {self.en}"


@cache
def all_names() -> Mapping[str, Mapping[str, Name]]:
    """Every group of codes with its names, in the order of the file."""
    groups = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader, in C where it is
    return {group: {code: Name(**name) for code, name in codes.items()} for group, codes in groups.items()}


def names_of(group: str) -> Mapping[str, Name]:
    """The names of one group; raises KeyError for a group that is not in the file."""
    return all_names()[group]


def chinese_names(group: str) -> Mapping[str, str]:
    """The Chinese names of one group, by code."""
    return {code: name.zh for code, name in names_of(group).items()}
