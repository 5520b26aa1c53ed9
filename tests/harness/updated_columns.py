"""Which columns the program's statements change: what stands after SET, in an UPDATE and after ON CONFLICT."""

import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from sqlalchemy import TextClause

from services.payment.batches import repository as batches

_UPDATE = re.compile(r"\bUPDATE\s+(?:ONLY\s+)?([a-z_]+)(?:\s+(?:AS\s+)?(?!SET\b)[a-z]\w*)?\s+SET\s", re.ASCII)
_CONFLICT = re.compile(r"\bINSERT\s+INTO\s+([a-z_]+)\b(?:(?!INSERT\s+INTO)[\s\S])*?\bDO\s+UPDATE\s+SET\s", re.ASCII)
_LOCK = re.compile(
    r"\bFOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE|KEY\s+SHARE)\b(?:\s+OF\s+([a-z_, ]+?)\s*(?:SKIP|NOWAIT|\)|$))?"
)
_FROM = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)(?:\s+(?:AS\s+)?([a-z]\w*))?")
_END = re.compile(r"\b(?:FROM|WHERE|RETURNING)\b")
# A step of a batch changes the columns that it is given.
_FACTS = ", ".join(f"{name} = :{name}" for name in batches._FACTS)


def updated_columns(package: ModuleType) -> dict[str, set[str]]:
    """The columns that the modules of a package change, table by table."""
    found: dict[str, set[str]] = defaultdict(set)
    for sql in _statements(package):
        for pattern in (_UPDATE, _CONFLICT):
            for match in pattern.finditer(sql):
                found[match[1]] |= set(_columns(sql[match.end() :]))
    return found


def locked_tables(package: ModuleType) -> set[str]:
    """The tables whose rows the modules of a package lock, which needs the right to change one of their columns."""
    found: set[str] = set()
    for sql in _statements(package):
        for lock in _LOCK.finditer(sql):
            tables = _FROM.findall(_same_level(sql[: lock.start()]))
            aliases = {alias or table: table for table, alias in tables}
            if lock[1]:
                found |= {aliases.get(name.strip(), name.strip()) for name in lock[1].split(",")}
            elif tables:
                found.add(tables[-1][0])
    return found


def _same_level(before: str) -> str:
    """What stands before a lock in its own query: without what is in brackets, back to the bracket that opens it."""
    kept: list[str] = []
    depth = 0
    for letter in reversed(before):
        if letter == ")":
            depth += 1
        elif letter == "(":
            if depth == 0:
                break
            depth -= 1
        elif depth == 0:
            kept.append(letter)
    return "".join(reversed(kept))


def _statements(package: ModuleType) -> Iterator[str]:
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if "migrations" in module.name or ".bus." in module.name or module.name.endswith("alembic.env"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            yield from (sql.replace("{facts}", f", {_FACTS}") for sql in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, TextClause):
        yield value.text
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _texts(each)


def _columns(sql: str) -> Iterator[str]:
    """The names before each `=` of a list of assignments, which ends with the statement or its next clause."""
    depth, start = 0, 0
    for place, letter in enumerate(f"{sql} "):
        depth += (letter == "(") - (letter == ")")
        over = depth < 0 or place == len(sql) or (depth == 0 and _END.match(sql, place) is not None)
        if over or (depth == 0 and letter == ","):
            name = sql[start:place].split("=", maxsplit=1)[0].strip()
            assert re.fullmatch(r"[a-z_]+", name), f"no list of assignments: {sql[:200]}"
            yield name
            start = place + 1
        if over:
            return
