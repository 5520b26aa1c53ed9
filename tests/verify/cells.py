"""The generated catalogue of frauds: what may happen to one cell or one row of a played season, and who did it.

For every column of every proof view one cell gets another row's value, and for every view one row is deleted and one
doubled: by a superuser, whom no trigger and no constraint stops, and by the service's own login, which grants, triggers
and constraints may refuse.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

Act = Literal["replaced", "deleted", "doubled"]
Who = Literal["superuser", "service"]

# What only the digest of a sealed row shows.
_DIGESTED = {
    "transfer": "person_token",
    "raw_notice": "envelope",
    "bank_line": "actor",
    "billed_merchant": "correlation_id",
    "channel_bill": "correlation_id",
    "read_bill": "content_hash",
    "payout": "actor",
    "settlement_difference": "happened_at",
    "unasked_refund": "refund_no",
    "cash_receipt": "person_token",
    "deposit_slip": "actor",
    "remittance_batch": "correlation_id",
    "remittance_move": "actor",
    "suspense_decision": "actor",
    "outbox": "payload",
}
# The table behind a view that has another name, and the columns that are called otherwise there.
TABLES = {
    "notice": "raw_notice",
    "parked": "parked_event",
    "installation": "messaging_installation",
    "region": "region_directory",
    "summed_transfer": "transfer",
    "bill_digest": "bill_trade_line",
    **{f"sealed_{table}": table for table in _DIGESTED},
    "paid_enrolment": "enrolment",
    "recounted_people": "enrolment",
    "order_to_ask": "payment_order",
}
COLUMNS = {
    ("outbox", "aggregate_id"): "key",
    ("sealed_read_bill", "id"): "bill_id",
    ("sealed_remittance_move", "id"): "step_id",
}
# What a view computes: the column that stands for it, or None where another of the view's columns does.
COMPUTED: dict[tuple[str, str], str | None] = {
    ("enrolment", "live"): None,  # of state
    ("enrolment", "registered"): None,
    ("enrolment", "enrolled"): None,
    ("enrolment", "rejected_for"): None,  # of state, and of an assessment that is subsidy's
    ("recounted_people", "paid"): "paid_on",
    ("recounted_people", "people"): None,  # of the rows
    ("roster_line_count", "recounted"): None,
    ("town_target", "county"): None,  # of region
    ("bill", "terms"): "schedule",
    ("bill", "person"): "person_token",
    ("assessment", "person"): "person_token",
    ("pricing", "terms"): "schedule",
    ("cash_refund", "state"): None,  # of its days
    ("lost_event", "waiting"): None,  # of the rows
    ("order_to_ask", "orders"): None,
    ("channel_bill", "has_file"): None,  # of the file's pieces, which are in no view
    ("remittance_move", "stepped_at"): None,  # of its step
    ("assessment", "latest"): None,  # of version
    ("assessment", "outcome"): None,  # of pricing_id: what a pricing says is tried in the view of pricings
    ("assessment", "reason_code"): None,
    ("assessment", "pack"): None,
    **{(f"sealed_{table}", "form"): None for table in _DIGESTED},
    **{(f"sealed_{table}", "digest"): column for table, column in _DIGESTED.items()},
    ("bill_digest", "digest"): "happened_at",
    ("assessment", "certified"): "identities",
}
# Views over one JSON column: each cell is a value in it.
IN_JSON = ("pricing_row", "pricing_share")
_PLACES = {
    "wait": ("wait", "code"),
    "wait_months": ("wait", "months"),
    "wait_days": ("wait", "days"),
    "cover_rule": ("benefit", "start"),
    "cover_from": ("benefit", "starts_on"),
    "cover_until": ("benefit", "ends_on"),
}
_MADE = {
    "uuid": "gen_random_uuid()",
    "text": "concat({c}, 'X')",
    "integer": "coalesce({c}, 0) + 1",
    "smallint": "coalesce({c}, 0) + 1",
    "bigint": "coalesce({c}, 0) + 1",
    "boolean": "NOT coalesce({c}, false)",
    "date": "coalesce({c}, '2023-10-12') + 1",
    "timestamp with time zone": "coalesce({c}, now()) + interval '1 day'",
    "xid8": "'1'::xid8",
    "bytea": "sha256(coalesce({c}, ''))",
    "text[]": "array_append({c}, 'X')",
    "jsonb": "jsonb_build_object('made', 1)",
    "json": "json_build_object('made', 1)",
}
_UNIQUE, _CHECK, _FOREIGN, _NOT_NULL, _DENIED, _RAISED = "23505", "23514", "23503", "23502", "42501", "P0001"
_MOST_CONSTRAINTS = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """One fraud: what is done to which column of which view (no column: to a whole row), and by whom."""

    database: str
    view: str
    column: str
    act: Act
    who: Who

    def __str__(self) -> str:
        """As it is called in the table."""
        return f"{self.database}.{self.view}{'.' if self.column else ''}{self.column} {self.act} by {self.who}"


class Refused(Exception):
    """The database did not let it be done: a grant, a trigger or a constraint."""


class NothingThere(Exception):
    """The season has no row of it."""


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    keys: tuple[str, ...]
    types: dict[str, str]
    generated: frozenset[str]


async def cells(connection: AsyncConnection, database: str) -> list[Cell]:
    """Every cell of a database's proof views."""
    rows = await connection.execute(
        text(
            "SELECT c.relname AS view, array_agg(a.attname::text ORDER BY a.attnum) AS columns"
            " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " WHERE c.relnamespace = 'proof'::regnamespace GROUP BY 1 ORDER BY 1"
        )
    )
    found = []
    for view, columns in rows.all():
        whos: tuple[Who, ...] = ("superuser", "service")
        for who in whos:
            found += [
                Cell(database, view, column, "replaced", who)
                for column in columns
                if COMPUTED.get((view, column), column) is not None
            ]
            found += [Cell(database, view, "", "deleted", who), Cell(database, view, "", "doubled", who)]
    return found


async def commit(connection: AsyncConnection, cell: Cell, region: str) -> str:
    """Do it, in the transaction that stands; what was done. Raises Refused and NothingThere."""
    if cell.view in IN_JSON:
        table = await _table(connection, "pricing")
        statement = await _in_json(connection, cell)
    else:
        table = await _table(connection, TABLES.get(cell.view, cell.view))
        statement = await _statement(connection, cell, table)
    if cell.who == "service":
        await connection.execute(text("SELECT set_config('canbao.region', :region, true)"), {"region": region})
        await connection.execute(text(f'SET LOCAL ROLE "{cell.database}_app"'))
        await _once(connection, statement)
        await connection.execute(text("RESET ROLE"))
    else:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await _without_constraints(connection, statement)
    return statement


async def _once(connection: AsyncConnection, statement: str) -> None:
    try:
        async with connection.begin_nested():
            done = await connection.execute(text(statement.replace(":", "\\:")))
    except DBAPIError as error:
        await connection.execute(text("RESET ROLE"))
        raise Refused(_reason(error)) from error
    if not done.rowcount:
        await connection.execute(text("RESET ROLE"))
        raise Refused("row security")


async def _without_constraints(connection: AsyncConnection, statement: str) -> None:
    """A superuser drops what stands in the way."""
    for _ in range(_MOST_CONSTRAINTS):
        try:
            async with connection.begin_nested():
                done = await connection.execute(text(statement.replace(":", "\\:")))
                assert done.rowcount == 1, statement
            return
        except DBAPIError as error:
            await _drop(connection, error)
    raise AssertionError(f"still refused: {statement}")


async def _drop(connection: AsyncConnection, error: DBAPIError) -> None:
    cause: Any = error.orig.__cause__ if error.orig is not None else None
    state, table, name = (getattr(cause, each, None) for each in ("sqlstate", "table_name", "constraint_name"))
    if state == _NOT_NULL:
        sql = f'ALTER TABLE "{table}" ALTER COLUMN "{cause.column_name}" DROP NOT NULL'
    elif state in (_UNIQUE, _CHECK, _FOREIGN):
        sql = f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{name}" CASCADE; DROP INDEX IF EXISTS "{name}"'
    else:
        raise error
    for each in sql.split("; "):
        await connection.execute(text(each))


def _reason(error: DBAPIError) -> str:
    cause: Any = error.orig.__cause__ if error.orig is not None else None
    state = getattr(cause, "sqlstate", None)
    if state == _DENIED:
        return "row security" if "row-level security" in str(cause) else "grant"
    return "trigger" if state == _RAISED else "constraint"


async def _table(connection: AsyncConnection, name: str) -> _Table:
    rows = await connection.execute(
        text(
            "SELECT a.attname, format_type(a.atttypid, NULL), a.attidentity <> '' OR a.attgenerated <> '',"
            " coalesce(a.attnum = ANY(k.conkey), false)"
            " FROM pg_attribute a LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'p'"
            " WHERE a.attrelid = to_regclass('public.' || quote_ident(:name)) AND a.attnum > 0 AND NOT a.attisdropped"
            " ORDER BY a.attnum"
        ),
        {"name": name},
    )
    columns = rows.all()
    return _Table(
        name,
        tuple(column for column, _, _, key in columns if key),
        {column: kind for column, kind, _, _ in columns},
        frozenset(column for column, _, made, _ in columns if made),
    )


async def _statement(connection: AsyncConnection, cell: Cell, table: _Table) -> str:
    order = ", ".join(f'"{key}"' for key in table.keys) or "ctid"
    if cell.act != "replaced":
        place = (
            await connection.execute(text(f'SELECT ctid::text FROM "{table.name}" ORDER BY {order} LIMIT 1'))
        ).scalar()
        if place is None:
            raise NothingThere
        return _deleted(table, place) if cell.act == "deleted" else _doubled(table, place)
    column = COMPUTED.get((cell.view, cell.column)) or COLUMNS.get((cell.view, cell.column), cell.column)
    rows = (
        await connection.execute(text(f'SELECT ctid::text, "{column}"::text FROM "{table.name}" ORDER BY {order}'))
    ).all()
    if not rows:
        raise NothingThere
    victim, donor = _chosen(rows)
    value = (
        f'(SELECT "{column}" FROM "{table.name}" WHERE ctid = \'{donor}\')'
        if donor
        else _MADE[table.types[column]].format(c=f'"{column}"')
    )
    return f'UPDATE "{table.name}" SET "{column}" = {value} WHERE ctid = \'{victim}\''


def _chosen(rows: Sequence[Any]) -> tuple[str, str | None]:
    """The first row that says something, and the last one that says something else; none where all say the same."""
    victim, value = next(((place, said) for place, said in rows if said is not None), rows[0])
    others = [(place, said) for place, said in reversed(rows) if said != value]
    donor = next((place for place, said in others if said is not None), others[0][0] if others else None)
    return victim, donor


def _deleted(table: _Table, place: str) -> str:
    return f"DELETE FROM \"{table.name}\" WHERE ctid = '{place}'"


def _doubled(table: _Table, place: str) -> str:
    kept = [column for column in table.types if column not in table.generated]
    values = [
        "gen_random_uuid()" if table.keys == (column,) and table.types[column] == "uuid" else f'"{column}"'
        for column in kept
    ]
    names = ", ".join(f'"{column}"' for column in kept)
    copied = f"SELECT {', '.join(values)} FROM \"{table.name}\" WHERE ctid = '{place}'"
    return f'INSERT INTO "{table.name}" ({names}) {copied}'


async def _in_json(connection: AsyncConnection, cell: Cell) -> str:
    """The statement that changes one value in the terms of the first pricing that has shares, by another pricing's."""
    rows = (
        await connection.execute(text("SELECT id, schedule::text FROM pricing WHERE outcome = 'PRICED' ORDER BY id"))
    ).all()
    mine, terms = next((key, json.loads(said)) for key, said in rows if any(row["shares"] for row in json.loads(said)))
    others = [row for key, said in rows if key != mine for row in json.loads(said)]
    place = next(place for place, row in enumerate(terms) if row["shares"])
    if cell.act == "deleted":
        terms = terms[:-1] if cell.view == "pricing_row" else _shares(terms, place, [])
    elif cell.act == "doubled":
        row = terms[place]
        terms = [*terms, row] if cell.view == "pricing_row" else _shares(terms, place, row["shares"] * 2)
    elif cell.column == "pricing_id":
        terms = next(json.loads(said) for key, said in rows if key != mine and json.loads(said) != terms)
    elif cell.column == "row_no":
        mine, terms = next(((key, json.loads(said)) for key, said in rows if len(json.loads(said)) > 1), ("", []))
        if not terms:
            raise NothingThere
        terms = [*terms[1:], terms[0]]
    elif cell.view == "pricing_row":
        _replace(terms[place], others, *_PLACES.get(cell.column, ("", cell.column)))
    else:
        share = terms[place]["shares"][0]
        values = [
            each[cell.column] for row in others for each in row["shares"] if each[cell.column] != share[cell.column]
        ]
        made = f"{share[cell.column]}X" if cell.column == "funder" else share[cell.column] + 1
        terms = _shares(terms, place, [share | {cell.column: values[0] if values else made}])
    return f"UPDATE pricing SET schedule = '{json.dumps(terms)}'::json WHERE id = '{mine}'"


def _replace(row: dict[str, Any], others: Sequence[dict[str, Any]], part: str, name: str) -> None:
    """Another row's value, or one made where all rows say the same."""
    mine = row[part] if part else row
    values = [(other[part] if part else other)[name] for other in others]
    different = [value for value in values if value != mine[name]]
    old = mine[name]
    mine[name] = different[0] if different else _made(old)


def _made(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    try:
        return str(date.fromisoformat(value) + timedelta(days=1))
    except (TypeError, ValueError):
        return "DAY_AFTER_WAIT" if value == "YEAR_START" else "X"


def _shares(terms: list[dict[str, Any]], place: int, shares: list[Any]) -> list[dict[str, Any]]:
    return [row | {"shares": shares} if at == place else row for at, row in enumerate(terms)]
