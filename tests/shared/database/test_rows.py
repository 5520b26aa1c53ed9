"""Many rows written in one statement and read back as values, on a real PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, driver_insert, insert_rows, update_rows
from shared.database.engine import Database
from shared.database.row import fetch_all, fetch_one, select_into
from shared.domain.ids import new_id
from tests.harness.installation import Installation

_TABLE = """
    CREATE TABLE line (
        id uuid PRIMARY KEY, village text, people integer, sum_fen bigint, sealed bytea, on_day date,
        facts jsonb, copied json, year integer, actor text, UNIQUE (village)
    );
    GRANT SELECT, INSERT, UPDATE ON line TO registration_app
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What is written."""

    id: UUID
    village: str | None
    people: int
    sum_fen: int
    sealed: bytes
    on_day: date | None
    facts: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class Stored:
    """What is read."""

    id: UUID
    village: str | None
    people: int
    facts: dict[str, Any]


LINES = ColumnMap[Line](
    {
        "id": "uuid",
        "village": "text",
        "people": "integer",
        "sum_fen": "bigint",
        "sealed": "bytea",
        "on_day": "date",
        "facts": ("jsonb", "facts"),
        "copied": ("json", lambda line: line.facts),
        "actor": ("text", "trace.actor"),
    }
)
COUNTS = ColumnMap[Line]({"id": "uuid", "people": "integer", "village": "text"})
_ADD = insert_rows("line", LINES, given={"year": "integer"}, order_by="n.village, n.position")
_ADD_NEW = insert_rows(
    "line",
    LINES,
    given={"year": "integer"},
    order_by="n.village, n.position",
    then="ON CONFLICT (village) DO NOTHING RETURNING id",
)
_COUNT = update_rows("line", COUNTS, key="id")
_COUNT_MORE = update_rows(
    "line", COUNTS, key="id", sets={"people": "line.people + n.people", "village": "line.village"}, where="year = 2024"
)
_ALL = text("SELECT id, village, people, facts FROM line ORDER BY village")
_ONE = text("SELECT id, village, people, facts FROM line WHERE id = :id")
_JOINED = text(f"SELECT n.position FROM {COUNTS.rows} JOIN line USING (id) ORDER BY n.position")


def line(village: str | None, people: int = 3, **fields: Any) -> Line:
    made = Line(
        new_id(), village, people, 2**40, b"\x00\xff", date(2023, 10, 5), '{"a": ["é", null]}', Trace.start("clerk")
    )
    return replace(made, **fields)


@pytest.fixture
async def session(installation: Installation) -> AsyncIterator[AsyncSession]:
    for statement in _TABLE.split(";"):
        await installation.sql("registration", statement)
    database = Database(installation.settings.service_url("registration"), pool_size=1)
    async with database.transaction(installation.settings.region) as session:
        yield session
    await database.dispose()


async def add(session: AsyncSession, lines: Sequence[Line]) -> None:
    await session.execute(_ADD, LINES.arrays(lines) | {"year": 2024})


async def test_rows_come_back_as_they_were_written(session: AsyncSession) -> None:
    written = [line("411521101202", on_day=None), line("411521101201", 7)]
    await add(session, written)
    assert await fetch_all(session, _ALL, Stored) == [
        Stored(one.id, one.village, one.people, {"a": ["é", None]}) for one in reversed(written)
    ]
    (row,) = await session.execute(text("SELECT * FROM line WHERE id = :id"), {"id": written[0].id})
    assert (row.sum_fen, row.sealed, row.on_day, row.year, row.actor) == (2**40, b"\x00\xff", None, 2024, "clerk")
    assert row.copied == {"a": ["é", None]}


async def test_no_rows_are_an_empty_statement(session: AsyncSession) -> None:
    await add(session, [])
    await session.execute(_COUNT, COUNTS.arrays([]))
    assert await fetch_all(session, _ALL, Stored) == []


async def test_the_first_of_two_rows_about_one_thing_is_the_one_that_stays(session: AsyncSession) -> None:
    first, second, other = line("411521101202"), line("411521101202"), line("411521101201")
    added = await session.execute(_ADD_NEW, LINES.arrays([first, second, other]) | {"year": 2024})
    assert list(added.scalars()) == [other.id, first.id], "in the order asked for"


async def test_an_update_changes_the_rows_it_names(session: AsyncSession) -> None:
    kept, changed = line("411521101201"), line("411521101202")
    await add(session, [kept, changed])
    await session.execute(_COUNT, COUNTS.arrays([replace(changed, people=9, village=None)]))
    assert [(one.village, one.people) for one in await fetch_all(session, _ALL, Stored)] == [
        ("411521101201", 3),
        (None, 9),
    ]


async def test_an_update_may_set_a_column_by_an_expression_and_pass_rows_over(session: AsyncSession) -> None:
    counted, earlier = line("411521101201"), line("411521101202")
    await add(session, [counted, earlier])
    await session.execute(text("UPDATE line SET year = 2023 WHERE id = :id"), {"id": earlier.id})
    await session.execute(_COUNT_MORE, COUNTS.arrays([replace(counted, people=4), replace(earlier, people=4)]))
    assert [(one.village, one.people) for one in await fetch_all(session, _ALL, Stored)] == [
        ("411521101201", 7),
        ("411521101202", 3),
    ]


async def test_rows_can_be_joined_by_their_place(session: AsyncSession) -> None:
    lines = [line("411521101201"), line("411521101202"), line("411521101203")]
    await add(session, [lines[0], lines[2]])
    assert list((await session.execute(_JOINED, COUNTS.arrays(lines))).scalars()) == [1, 3]


async def test_the_driver_inserts_the_same(installation: Installation, session: AsyncSession) -> None:
    await session.commit()
    connection = await asyncpg.connect(installation.settings.service_url("registration"))
    statement = await connection.prepare(
        driver_insert("line", LINES, order_by="n.village", then="ON CONFLICT DO NOTHING RETURNING village")
    )
    lines = [line("411521101202"), line("411521101201")]
    assert [row["village"] for row in await statement.fetch(*LINES.lists(lines))] == ["411521101201", "411521101202"]
    assert await statement.fetch(*LINES.lists(lines)) == []
    assert await statement.fetch(*LINES.lists([])) == []
    await connection.close()


async def test_one_row_is_read_or_none(session: AsyncSession) -> None:
    await add(session, [line("411521101201")])
    (stored,) = await fetch_all(session, _ALL, Stored)
    assert await fetch_one(session, _ONE, Stored, {"id": stored.id}) == stored
    assert await fetch_one(session, _ONE, Stored, {"id": new_id()}) is None


@dataclass(frozen=True, slots=True)
class Less:
    """Lacks a column that is selected."""

    id: UUID
    village: str | None
    people: int


async def test_a_column_without_a_field_is_an_error(session: AsyncSession) -> None:
    await add(session, [line("411521101201")])
    with pytest.raises(TypeError, match="facts"):
        await fetch_all(session, _ALL, Less)


async def test_a_field_may_be_selected_by_an_expression(session: AsyncSession) -> None:
    await add(session, [replace(line("411521101201"), facts="{}")])
    upper = select_into(Less, "SELECT {fields} FROM line", people="people + 1", village="facts::text")
    (found,) = await fetch_all(session, upper, Less)
    (stored,) = await fetch_all(session, _ALL, Stored)
    assert found == Less(stored.id, "{}", stored.people + 1)


def test_an_expression_without_a_field_is_an_error() -> None:
    with pytest.raises(TypeError, match="of Less: peple"):
        select_into(Less, "SELECT {fields} FROM line", peple="people + 1")
