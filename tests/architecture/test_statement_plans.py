"""F: every statement of the product is planned, and each that reads a whole table, or any number of rows, says why."""

import ast
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.composition import SERVICES, WITH_DATABASE
from services.payment.batches.repository import _FACTS, step_statement
from services.payment.remittance.repository import OPEN_DETAIL
from services.registration.imports.repository import _OPEN
from shared.audit.repository import _DIFFERING, _OLDEST_UNSEALED, _SEAL, _statement
from shared.messaging.outbox.audited import OUTBOX
from tests.architecture.excused_plans.small import FEW_OF_A_KEY, SMALL
from tests.architecture.excused_plans.unbounded import UNBOUNDED
from tests.architecture.excused_plans.whole import WHOLE
from tests.harness.installation import COUNTY, Installation
from tests.harness.plans import FILLED, Planner, Reads
from tests.harness.statements import ROOT, SQL_BEGINS, Statement, statements

# Tables of a transaction's own, made before what is sent to them.
# A bill's lines are staged under one name in the form of either kind.
STAGED_LINE = """
    CREATE TEMPORARY TABLE staged_line (
        line_no integer, kind text, order_no text, transaction_id text, refund_no text, channel_refund_id text,
        outcome text, due_fen bigint, happened_at timestamptz, booked_at timestamptz, flow_no text, business_no text,
        voucher_no text, amount_fen bigint, balance_fen bigint, remark text
    )
"""
OPENED = {"registration": _OPEN[1:], "payment": (OPEN_DETAIL, STAGED_LINE)}

# SQL that is put together when it is sent.
BUILT = {
    "services/payment/batches/repository.py take_step": "step_statement, with all facts",
    "services/payment/batches/repository.py step_statement": "planned with all facts",
    "shared/audit/repository.py _built": "planned for every audited table",
    "services/payment/channel_bills/contents/repository.py begin_lines": "the table in which lines are staged",
    "services/payment/notices/repository.py prepare_insert": "the connection's region",
    "shared/database/sealed.py keys_in_use": "every row once, for an operator who retires a key",
    "shared/database/sealed.py oldest_sealed": "one row of each column, for an operator who changes keys",
}
# They make what the statements are sent with, or administer servers and migrate.
MAKERS = {"shared/database/bulk.py", "shared/database/row.py", "shared/database/running_counts.py"}
ADMINISTRATION = {
    f"shared/database/{name}.py"
    for name in ("migrate", "older_names", "provision", "row_security", "server_version", "installed_name", "keeper")
}
# The owner of the tables begins an epoch, after a restoration.
ADMINISTRATION.add("shared/messaging/outbox/epochs.py")
_MAKES = {"text", "select_into", "insert_rows", "update_rows", "driver_insert", "statement"}


def of(database: str) -> list[Statement]:
    """The statements that are sent to a database, as they are sent."""
    found = [
        one
        for one in statements("services", "shared")
        if one.place.partition(" ")[0] not in ADMINISTRATION and "{" not in one.sql.replace("'{}'", "")
    ]
    bus = [one for one in found if one.place.startswith("shared/messaging/bus/")]
    if database == "bus":
        return bus
    own = [one for one in found if one.place.startswith(f"services/{database}/")]
    if database != "payment":
        return own
    audited = {table.name: table for service in SERVICES for table in (*service.audited, OUTBOX)}
    built = [
        Statement(f"shared/audit/repository.py {name}[{table.name}]", _statement(sql, table).text)
        for name, sql in (("_SEAL", _SEAL), ("_DIFFERING", _DIFFERING), ("_OLDEST_UNSEALED", _OLDEST_UNSEALED))
        for table in audited.values()
    ]
    step = Statement("services/payment/batches/repository.py take_step", step_statement(_FACTS).text)
    shared = [one for one in found if not one.place.startswith("services/") or one.place.startswith("services/comp")]
    # What all services send stands once, in the largest.
    return [*own, step, *built, *(one for one in shared if one not in bus and one.sql.lstrip()[:4] != "LOCK")]


@asynccontextmanager
async def planner(installation: Installation, database: str) -> AsyncIterator[Planner]:
    """A service's connection to a database with rows in every table."""
    await installation.sql(database, FILLED)
    await installation.sql(database, "ANALYZE")
    settings = installation.settings
    url = settings.bus_url("payment") if database == "bus" else settings.service_url(database)
    connection = await asyncpg.connect(url)
    try:
        first = [str(each).replace("ON COMMIT DROP", "") for each in OPENED.get(database, ())]
        yield await Planner.on(connection, COUNTY, *first)
    finally:
        await connection.close()


async def read(installation: Installation, database: str) -> dict[str, Reads]:
    """What each statement reads."""
    async with planner(installation, database) as planned:
        return {one.place: await planned.reads(one.sql) for one in of(database) if "LOCK TABLE" not in one.sql}


@pytest.mark.parametrize("database", [*WITH_DATABASE, "bus"])
async def test_every_statement_has_an_index_that_serves_and_a_bound_or_says_why_not(
    installation: Installation, database: str
) -> None:
    """F: a new one fails here until it has an index and a bound, or somebody has thought about it."""
    found = await read(installation, database)
    assert found
    for kind, excused in (("whole", WHOLE), ("unbounded", UNBOUNDED)):
        tables = {
            (place, table)
            for place, reads in found.items()
            for table in getattr(reads, kind) - (SMALL.keys() | (FEW_OF_A_KEY if kind == "unbounded" else set()))
        }
        listed = {(place, table) for place, reasons in excused.items() if place in found for table in reasons}
        assert tables - listed == set(), f"{kind}: read without an index or a bound"
        assert listed - tables == set(), f"{kind}: no longer so"


def test_no_statement_escapes_the_list() -> None:
    """F: SQL stands in a module, where it is found, or its maker is named here."""
    assert {place for place in built_at_run_time() if place.partition(" ")[0] not in MAKERS | ADMINISTRATION} == {
        *BUILT
    } - {"services/payment/batches/repository.py take_step"}
    known = {one.place for database in (*WITH_DATABASE, "bus") for one in of(database)}
    assert {*WHOLE, *UNBOUNDED} <= known


def built_at_run_time() -> Iterator[str]:
    """Functions that make a statement, or send SQL of their own."""
    for path in (*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")):
        if {"migrations", "postgres_migrations", "alembic"} & {*path.parts}:
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and _makes_sql(function.body):
                yield f"{path.relative_to(ROOT).as_posix()} {function.name}"


def _makes_sql(body: Sequence[ast.stmt]) -> bool:
    for node in (each for statement in body for each in ast.walk(statement)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _MAKES:
            return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_BEGINS.match(node.value):
            return True
    return False


@pytest.mark.parametrize(
    ("sql", "whole", "unbounded"),
    [
        ("SELECT id FROM payment WHERE id = :id", set(), set()),
        ("SELECT id FROM payment WHERE order_id = :id", {"payment"}, {"payment"}),
        ("SELECT id FROM payment ORDER BY id LIMIT 10", {"payment"}, set()),
        ("SELECT id FROM payment ORDER BY amount_fen LIMIT 10", {"payment"}, {"payment"}),
        ("SELECT count(*) FROM payment_line WHERE payment_id = :id LIMIT 1", set(), {"payment_line"}),
        ("SELECT id FROM payment WHERE id > coalesce(CAST(:after AS uuid), :first) LIMIT 1", {"payment"}, set()),
    ],
)
async def test_a_plan_is_read_as_postgresql_means_it(
    installation: Installation, sql: str, whole: set[str], unbounded: set[str]
) -> None:
    """An expression that PostgreSQL does not trust under row-level security never enters an index."""
    async with planner(installation, "payment") as planned:
        assert await planned.reads(sql) == Reads(frozenset(whole), frozenset(unbounded))
