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
        names = _names(value)
        for name, each in zip(names, value, strict=True):
            yield from _values(each, f"{place}.{name}")
        if value and not all(name.isdigit() for name in names):
            yield f"{place}.order", "、".join(names)  # which decides between equals
    elif value is not None and value != frozenset():
        shown = "、".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)
        yield place, shown


def _names(values: tuple[Any, ...]) -> list[str]:
    """Reliefs and scope groups are known by their name, whatever their place; other entries by their number.

    Of several with one name, the later ones say which they are.
    """
    names: list[str] = []
    for number, value in enumerate(values):
        name = str(getattr(value, "identity", None) or getattr(value, "code", None) or number)
        again = sum(each.partition("#")[0] == name for each in names)
        names.append(f"{name}#{again + 1}" if again else name)
    return names
