"""A page of a long list: its items, and the key after which the next page begins.

| To | write |
| --- | --- |
| name a page in OpenAPI | ``class LinePage(Page[LineOut, UUID])`` with a docstring of its own |
| answer | ``LinePage.of(lines, limit, key=lambda line: line.id)`` |
| ask for it | query parameters ``after`` (None for the first page) and ``limit``, with a highest limit |
| select it | ``select_into(Line, "… WHERE id > {after} ORDER BY id LIMIT :limit")`` |
"""

from collections.abc import Callable, Iterable
from typing import Generic, Self, TypeVar

from pydantic import BaseModel

T = TypeVar("T")
K = TypeVar("K")


class Page(BaseModel, Generic[T, K]):
    """A page of a list; ``next`` is the key after which the following one begins, None on the last."""

    items: list[T]
    next: K | None

    @classmethod
    def of(cls, items: Iterable[T], limit: int, key: Callable[[T], K]) -> Self:
        """The page that holds ``items``; one that is not full is the last."""
        listed = list(items)
        return cls(items=listed, next=key(listed[-1]) if listed and len(listed) == limit else None)
