"""The numbered defaults as a page: what is decided where a document is silent, in which pack, at which place."""

from collections import defaultdict

from shared.policy.loader import PACKS, load_pack
from tools.policy import words
from tools.policy.explanation import bases

_HEAD = """\
# Numbered defaults 默认规则

Written by `canbao docs` from the packs; do not edit. Where a document says nothing, a pack decides by a default that
has a number, and every decision that rests on it says so. A county with a rule of its own writes it into its pack,
with `origin: external` and what it stands on.

| no. | 规则 · rule | packs and places |
| --- | --- | --- |
"""
_CODES = """
## Why a case is refused or held 判定代码

| code | 说明 |
| --- | --- |
"""


def defaults_page() -> str:
    """One row per number and wording, in the order of the numbers."""
    places: dict[tuple[int, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for file in sorted(PACKS.glob("*.yaml")):
        for place, basis in bases(load_pack(file.stem)):
            kind, _, number = basis.origin.partition(" ")
            if kind == "default":
                places[int(number), basis.says][place].append(file.stem)
    defaults = "".join(f"| {number} | {says} | {_where(found)} |\n" for (number, says), found in sorted(places.items()))
    codes = "".join(f"| `{code}` | {name} |\n" for code, name in words.REASONS.items())
    return _HEAD + defaults + _CODES + codes


def _where(found: dict[str, list[str]]) -> str:
    return "; ".join(f"`{place}` ({', '.join(packs)})" for place, packs in sorted(found.items()))
