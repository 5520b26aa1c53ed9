"""Many rows in one statement: columns are declared once, and the SQL and its arrays follow from the declaration.

| To | write |
| --- | --- |
| declare columns | ``LINES = ColumnMap[Line]({"id": "uuid", "region": "text", "actor": ("text", "trace.actor")})`` |
| make a value of the row | ``"facts": ("jsonb", lambda line: line.facts.model_dump_json())``; JSON is given as text |
| declare a column whose name is a word of SQL | ``'"offset"': "bigint"``; its parameter has no quotes |
| insert | ``_ADD = insert_rows("line", LINES, order_by="n.id", then="ON CONFLICT (id) DO NOTHING RETURNING id")`` |
| give all rows one value | ``insert_rows(…, given={"year": "integer"})`` and ``LINES.arrays(lines) | {"year": 2024}`` |
| update | ``_RECORD = update_rows("line", LINES, key="id")`` |
| set a column otherwise | ``update_rows(…, sets={"state": "coalesce(n.state, line.state)"})`` |
| use rows in other SQL | ``LINES.statement("SELECT … FROM {rows} JOIN line USING (id)")``: the rows are called ``n`` |
| run any of them | ``await session.execute(_ADD, LINES.arrays(lines))``; no rows are an empty statement, no error |
| insert by the driver itself | ``driver_insert("line", LINES)`` and ``await statement.fetch(*LINES.lists(lines))`` |

Each column travels as one array, so a statement has the same text for one row and for five thousand, and the server
plans it once. ``n.position`` is the place of a row among those given, from 1.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import TextClause, text

T = TypeVar("T")
Source = str | Callable[[T], object]


class ColumnMap(Generic[T]):
    """The columns in which rows of one class are written: each has a PostgreSQL type and a value of the row.

    The value is the row's attribute of the column's name, else of the path that is given beside the type, else what the
    function makes of the row.
    """

    def __init__(self, columns: Mapping[str, str | tuple[str, Source[T]]]) -> None:
        """Declare the columns in the order in which the driver is given them."""
        declared = {name: (spec, name) if isinstance(spec, str) else spec for name, spec in columns.items()}
        self.types: Final[Mapping[str, str]] = {name: kind for name, (kind, _) in declared.items()}
        self._values: Mapping[str, Callable[[T], object]] = {
            _bare(name): attrgetter(_bare(source)) if isinstance(source, str) else source
            for name, (_, source) in declared.items()
        }

    @property
    def names(self) -> str:
        """The columns, as SQL lists them."""
        return ", ".join(self.types)

    @property
    def rows(self) -> str:
        """A table ``n`` of the rows given, for FROM or JOIN; its parameters are named as the columns."""
        return self._table(f"CAST(:{_bare(name)} AS {kind}[])" for name, kind in self.types.items())

    def statement(self, sql: str) -> TextClause:
        """A statement of one's own, in which ``{rows}`` stands for the rows given."""
        return text(sql.replace("{rows}", self.rows))

    @property
    def driver_rows(self) -> str:
        """The same with the driver's numbered parameters."""
        return self._table(f"${place}::{kind}[]" for place, kind in enumerate(self.types.values(), start=1))

    def arrays(self, rows: Sequence[T]) -> dict[str, Any]:
        """The parameters of a statement: one list for each column."""
        return {name: list(map(value, rows)) for name, value in self._values.items()}

    def lists(self, rows: Sequence[T]) -> list[list[object]]:
        """The same in the order of the columns, as the driver takes them."""
        return [list(map(value, rows)) for value in self._values.values()]

    def _table(self, arrays: Iterable[str]) -> str:
        return f"unnest({', '.join(arrays)}) WITH ORDINALITY AS n ({self.names}, position)"


def _bare(name: str) -> str:
    return name.strip('"')


def insert_rows(
    table: str, columns: ColumnMap[Any], *, given: Mapping[str, str] | None = None, order_by: str = "", then: str = ""
) -> TextClause:
    """Insert rows; ``given`` are columns of one value for all, by type, and ``then`` what stands after the rows.

    Say ``order_by`` wherever two transactions may insert the same keys: they then wait for each other and never
    deadlock.
    """
    same = {name: f"CAST(:{name} AS {kind})" for name, kind in (given or {}).items()}
    return text(_insert(table, columns, columns.rows, same, order_by, then))


def driver_insert(table: str, columns: ColumnMap[Any], *, order_by: str = "", then: str = "") -> str:
    """The insertion as asyncpg prepares it, for the paths on which SQLAlchemy itself would be felt."""
    return _insert(table, columns, columns.driver_rows, {}, order_by, then)


def update_rows(
    table: str,
    columns: ColumnMap[Any],
    *,
    key: str,
    sets: Mapping[str, str] | None = None,
    where: str = "true",
) -> TextClause:
    """Update the rows with these keys, every other column to the row's value or to the expression in ``sets``.

    It locks in no order: lock the rows before, ordered by their key, wherever somebody else may update them too.
    """
    values = {name: f"n.{name}" for name in columns.types if name != key} | dict(sets or {})
    changes = ", ".join(f"{name} = {value}" for name, value in values.items())
    rows = f"{columns.rows} WHERE {table}.{key} = n.{key} AND {where}"
    return text(f"UPDATE {table} SET {changes} FROM {rows}")  # noqa: S608 - a module's own SQL, never a value


def _insert(table: str, columns: ColumnMap[Any], rows: str, given: Mapping[str, str], order_by: str, then: str) -> str:
    names = ", ".join([*columns.types, *given])
    values = ", ".join([*(f"n.{name}" for name in columns.types), *given.values()])
    ordered = f"ORDER BY {order_by}" if order_by else ""
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {rows} {ordered} {then}"  # noqa: S608 - as above
