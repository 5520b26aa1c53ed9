"""Where two packs differ: every value by its place, so that a year's change is read in one look."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from shared.policy.pack import Basis, Pack


def differing(before: Pack, after: Pack) -> Iterator[tuple[str, str | None, str | None]]:
    """Each place with its value before and after; None where a pack has no such place."""
    first, second = dict(_values(before, "")), dict(_values(after, ""))
    for place in dict.fromkeys([*first, *second]):
        if first.get(place) != second.get(place):
            yield place, first.get(place), second.get(place)


def _values(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Basis):
        yield place, f"{value.says}〔{value.clause.quote if value.clause else value.origin}〕"
    elif is_dataclass(value):
        for field in fields(value):
            yield from _values(getattr(value, field.name), f"{place}.{field.name}" if place else field.name)
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _values(each, f"{place}.{_name(each, number)}")
    elif value is not None and value != frozenset():
        shown = "、".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)
        yield place, shown


def _name(value: Any, number: int) -> str:
    """Reliefs and scope groups are known by their name, whatever their place; other entries by their number."""
    return str(getattr(value, "identity", None) or getattr(value, "code", None) or number)
