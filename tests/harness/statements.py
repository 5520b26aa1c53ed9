"""The SQL of the services as it is sent: every statement that stands in a module, and what it says about columns."""

import importlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

from sqlalchemy import TextClause

ROOT = Path(__file__).parents[2]
SQL_BEGINS = re.compile(r"\s*(?:WITH|SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|LOCK\s+TABLE)\s")
_TOKEN = re.compile(r"'[^']*'|\"?[A-Za-z_][A-Za-z_0-9.]*\"?|[(),=]|:\w+|\S")
_PREDICATE = {"WHERE", "ON", "USING", "HAVING"}
_OTHER = {"SELECT", "FROM", "SET", "RETURNING", "ORDER", "GROUP", "LIMIT", "VALUES", "UPDATE", "FOR", "INSERT", "DO"}
_ROW_LOCK = re.compile(r"\bFOR\s+(?:UPDATE|NO\s+KEY\s+UPDATE|SHARE|KEY\s+SHARE)\b")
_WRITE = re.compile(r"\b(?:UPDATE(?:\s+ONLY)?|DELETE\s+FROM)\s+(?!SET\b|SKIP\b|OF\b|NOWAIT\b)([a-z_]+)")
_NAMED = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:ONLY\s+)?([a-z_]+)")


@dataclass(frozen=True)
class Statement:
    """A statement by its place: the module's file, and the name that it has there."""

    place: str
    sql: str

    @cached_property
    def locks(self) -> bool:
        """Whether it waits for rows that another transaction holds: it locks, updates or deletes them."""
        return bool(_ROW_LOCK.search(self.sql) or _WRITE.search(self.sql))

    @cached_property
    def tables(self) -> set[str]:
        """What it names after FROM, JOIN, UPDATE or INTO."""
        return set(_NAMED.findall(self.sql))

    @cached_property
    def deletes_from(self) -> set[str]:
        """The tables out of which it takes rows."""
        return set(re.findall(r"\bDELETE\s+FROM\s+([a-z_]+)", self.sql))

    @cached_property
    def asks_by(self) -> set[str]:
        """The columns in its conditions, and those of its order where that decides which rows it takes."""
        found: set[str] = set()
        conditions = _PREDICATE | ({"ORDER"} if "LIMIT" in self.sql else set())
        asking, outer = False, list[bool]()
        for token in _TOKEN.findall(self.sql):
            if token == "(":
                outer.append(asking)
            elif token == ")":
                asking = outer.pop() if outer else False
            elif token in conditions:
                asking = True
            elif token in _OTHER:
                asking = False
            elif asking and token.islower():
                found.add(token.rpartition(".")[2].strip('"'))
        return found

    @cached_property
    def sets(self) -> dict[str, set[str]]:
        """The columns that it changes in rows that were there before, by table."""
        changed: dict[str, set[str]] = defaultdict(set)
        for found in re.finditer(r"\bUPDATE\s+([a-z_]+)(?:\s+(?!SET\b)\w+)?\s+SET\b", self.sql):
            changed[found[1]] |= _assigned(self.sql[found.end() :])
        inserted = re.search(r"\bINSERT\s+INTO\s+([a-z_]+)", self.sql)
        for found in re.finditer(r"\bDO\s+UPDATE\s+SET\b", self.sql):
            if inserted is not None:
                changed[inserted[1]] |= _assigned(self.sql[found.end() :])
        return dict(changed)


def _assigned(rest: str) -> set[str]:
    """The names left of ``=`` in a SET list, up to where the list ends."""
    names, depth, expecting = set(), 0, True
    for token in _TOKEN.findall(rest):
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            if depth < 0:
                break
        elif depth == 0 and token == ",":
            expecting = True
        elif depth == 0 and token in ("FROM", "WHERE", "RETURNING"):
            break
        elif expecting and re.fullmatch(r"[a-z_]+", token.strip('"')):
            names.add(token.strip('"'))
            expecting = False
    return names


def statements(*packages: str) -> list[Statement]:
    """Every statement of these packages, migrations left out."""
    found = []
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT)
            if not _sends(path):
                continue
            module = importlib.import_module(".".join(name.with_suffix("").parts))
            found += [Statement(f"{name.as_posix()} {place}", sql) for place, sql in _of_module(module)]
    return found


def _sends(path: Path) -> bool:
    """Whether a module sends SQL: migrations do, too, but while nothing else runs."""
    if {"migrations", "postgres_migrations", "alembic"} & {*path.parts}:
        return False
    source = path.read_text(encoding="utf-8")
    return "sqlalchemy" in source or "shared.database" in source


def _of_module(module: ModuleType) -> Iterator[tuple[str, str]]:
    for name, value in vars(module).items():
        for place, each in _leaves(name, value):
            sql = each.text if isinstance(each, TextClause) else each if isinstance(each, str) else ""
            if SQL_BEGINS.match(sql):
                yield place, sql


def _leaves(name: str, value: object) -> Iterator[tuple[str, object]]:
    """A value, or what a mapping or a tuple of them holds."""
    if isinstance(value, Mapping) and not name.startswith("__"):
        for key, each in value.items():
            yield f"{name}[{getattr(key, 'name', key)}]", each
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield f"{name}[{number}]", each
    else:
        yield name, value


def changeable(found: Iterable[Statement]) -> dict[str, set[str]]:
    """The columns that some statement changes after their row was written, by table."""
    columns: dict[str, set[str]] = defaultdict(set)
    for statement in found:
        for table, names in statement.sets.items():
            columns[table] |= names
    return columns
