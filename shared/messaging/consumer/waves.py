"""Cut a batch into waves: at most one event per aggregate in each, grouped by kind.

Grouping a whole batch by kind would reorder an aggregate's events, and a row twice in one upsert is refused by the
database; a wave can be handled by one set-based statement per kind.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import TypeVar

T = TypeVar("T")


def waves(steps: Iterable[tuple[Hashable, str, T]]) -> list[dict[str, list[T]]]:
    """Turn (aggregate, kind, item) in order of arrival into waves of kind → items; an aggregate's order is kept."""
    depth: dict[Hashable, int] = defaultdict(int)
    cut: list[dict[str, list[T]]] = []
    for aggregate, kind, item in steps:
        wave = depth[aggregate]
        depth[aggregate] = wave + 1
        if wave == len(cut):
            cut.append({})
        cut[wave].setdefault(kind, []).append(item)
    return cut
