"""The one form of a document's number: papers and keyboards write it in full or half width, in capitals or not. Pure.

For receipts, slips, statements, serials, certificates and the bank's references. Never for numbers of orders, refunds,
merchants or transactions: there, capitals and small letters differ.
"""

import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def canonical_number(number: str) -> str:
    """The form in which numbers that look alike are one: half width, capitals, no space around it."""
    capitals = unicodedata.normalize("NFKC", number).strip().upper()
    return unicodedata.normalize("NFKC", capitals)


def named(asked: Iterable[str], stored: Iterable[T], number_of: Callable[[T], str]) -> dict[str, T]:
    """What each number names: the one stored exactly so, else the first that looks alike; missing ones are left out.

    Numbers stored before they had one form may look alike: the first of ``stored`` is the one that keeps the form.
    """
    exact: dict[str, T] = {}
    alike: dict[str, T] = {}
    for one in stored:
        exact.setdefault(number_of(one), one)
        alike.setdefault(canonical_number(number_of(one)), one)
    found = {number: exact.get(number, alike.get(canonical_number(number))) for number in asked}
    return {number: one for number, one in found.items() if one is not None}
