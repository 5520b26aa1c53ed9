"""A service may change the columns that its statements change, and no other: the files of grants say exactly these."""

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

import shared
from services.composition import WITH_DATABASE
from tests.harness.installation import Installation
from tests.harness.updated_columns import locked_tables, updated_columns

ROOT = Path(__file__).parents[2]
_GRANT = re.compile(r"GRANT\s+UPDATE\s+\(([^)]+)\)\s+ON\s+([a-z_]+)\s+TO\s+\{role\};")
# Nobody changes these rows, somebody locks them: a lock needs the right to change one column, and this is the one.
LOCKED_ONLY = {("subsidy", "roster_change"): {"id"}}

Columns = dict[str, set[str]]


def granted(file: Path) -> Columns:
    """What a file of grants says."""
    grants = _GRANT.findall(file.read_text(encoding="utf-8"))
    return {table: set(re.findall(r"[a-z_]+", columns)) for columns, table in grants}


def file_of(package: str) -> Path:
    """Where the grants of a package stand."""
    return ROOT / ("shared/database/grants.sql" if package == "shared" else f"services/{package}/grants.sql")


def package_of(name: str) -> ModuleType:
    """A service's package, or the shared one."""
    return shared if name == "shared" else importlib.import_module(f"services.{name}")


def needed(name: str) -> Columns:
    """The columns that a package's statements change, and one of each table that they only lock."""
    found = dict(updated_columns(package_of(name)))
    for table in locked_tables(package_of(name)) - found.keys():
        found[table] = LOCKED_ONLY.get((name, table), {f"<a column of {table}: it is locked; see LOCKED_ONLY>"})
    return found


@pytest.mark.parametrize("name", ["shared", *WITH_DATABASE])
def test_a_service_may_change_what_its_statements_change(name: str) -> None:
    """V: payment's login could change every column of a bill, a notice, a payment line, a refund and a bank line."""
    want, have = needed(name), granted(file_of(name))
    repairs = [
        f"GRANT UPDATE ({', '.join(sorted(want[table]))}) ON {table} TO {{role}};"
        if table in want
        else f"(no line for {table})"
        for table in sorted(want.keys() | have.keys())
        if want.get(table) != have.get(table)
    ]
    assert not repairs, "\n".join([f"write into {file_of(name).relative_to(ROOT)}:", *repairs])


@pytest.mark.parametrize("name", WITH_DATABASE)
async def test_the_database_grants_what_the_files_say(installation: Installation, name: str) -> None:
    rows = await installation.sql(
        name,
        "SELECT t.relname AS table, array_agg(a.attname::text) AS columns"
        " FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE t.relkind IN ('r', 'p') AND t.relnamespace = 'public'::regnamespace"
        " AND has_column_privilege($1, t.oid, a.attnum, 'UPDATE') GROUP BY 1",
        f"{name}_app",
    )
    said = granted(file_of("shared")) | granted(file_of(name))
    assert {row["table"]: set(row["columns"]) for row in rows} == said
