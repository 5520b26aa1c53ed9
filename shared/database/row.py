"""Rows come back as values of a class of one's own: what a query selects is checked against the fields by name.

| To | write |
| --- | --- |
| select just the fields | ``_LISTED = select_into(Line, "SELECT {fields} FROM line ORDER BY id LIMIT :limit")`` |
| select a field otherwise | ``select_into(Line, "SELECT {fields} FROM line", facts="facts::text")`` |
| select a page | ``WHERE id > {after} ORDER BY id LIMIT :limit``; ``after`` is None for the first |
| read rows | ``await fetch_all(session, _LISTED, Line, {"limit": limit})`` |
| read rows page by page | ``async for lines in fetch_pages(session, _OF_BATCH, Line, {"batch_id": batch_id})`` |
| read one row or none | ``await fetch_one(session, _FIND, Line, {"id": line_id})`` |
| build a value that is not flat | give a function with a keyword parameter for each column instead of the class |

A column without a field, or a field without a column, is a ``TypeError`` at the first row.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from functools import lru_cache
from inspect import signature
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Executable, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession


class _Identified(Protocol):
    @property
    def id(self) -> UUID: ...


T = TypeVar("T")
Identified = TypeVar("Identified", bound=_Identified)
_PAGE = 500
# As a row of its own it enters an index under row-level security; ``:after IS NULL OR …`` does not in a plan for every
# value, and each page would begin at the first row.
AFTER: Final = "(SELECT coalesce(CAST(:after AS uuid), '00000000-0000-0000-0000-000000000000'))"


def select_into(into: Callable[..., Any], sql: str, **expressions: str) -> TextClause:
    """A statement in which ``{fields}`` stands for the columns that ``into`` takes, by their names.

    A field that is no column is selected by the expression given under its name.
    """
    names = _names(into)
    if unknown := expressions.keys() - set(names):
        raise TypeError(f"no field of {into.__name__}: {', '.join(sorted(unknown))}")
    fields = (f"{expressions[name]} AS {name}" if name in expressions else name for name in names)
    return text(sql.replace("{fields}", ", ".join(fields)).replace("{after}", AFTER))


async def fetch_all(
    session: AsyncSession, statement: Executable, into: Callable[..., T], values: Mapping[str, Any] | None = None
) -> list[T]:
    """Every row that the statement returns, in its order."""
    result = await session.execute(statement, values)
    columns = tuple(result.keys())
    if columns == _names(into) and _by_position(into):
        return [into(*row) for row in result]  # about as fast as reading the row itself
    return [into(**dict(zip(columns, row, strict=True))) for row in result]


async def fetch_pages(
    session: AsyncSession, statement: Executable, into: Callable[..., Identified], values: Mapping[str, Any]
) -> AsyncIterator[list[Identified]]:
    """Every row in the order of ids, some at a time; the statement takes ``after`` and ``limit``."""
    after: UUID | None = None
    while page := await fetch_all(session, statement, into, {**values, "after": after, "limit": _PAGE}):
        yield page
        after = page[-1].id


async def fetch_one(
    session: AsyncSession, statement: Executable, into: Callable[..., T], values: Mapping[str, Any] | None = None
) -> T | None:
    """The only row, or None where there is none; raises where there are several."""
    result = await session.execute(statement, values)
    row = result.one_or_none()
    return None if row is None else into(**dict(zip(result.keys(), row, strict=True)))


@lru_cache(maxsize=512)
def _names(into: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(signature(into).parameters)


@lru_cache(maxsize=512)
def _by_position(into: Callable[..., Any]) -> bool:
    return all(each.kind is each.POSITIONAL_OR_KEYWORD for each in signature(into).parameters.values())
