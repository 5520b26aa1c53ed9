"""Whom the database knows: who is enrolled already, and, in a rehearsal, whom the file has named before.

A file may hold more people than memory does, so the database remembers them.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.imports.passing import Candidates

Person = tuple[str, int]
# Of this connection alone and gone with it; half of a person's token names them as surely, and in half the space.
_OPEN = (
    text("SET temp_buffers = '64MB'"),
    text(
        """
        CREATE TEMPORARY TABLE seen_in_file (
            person uuid NOT NULL, benefit_year integer NOT NULL, line bigint NOT NULL, content bigint NOT NULL,
            PRIMARY KEY (person, benefit_year))
        """
    ),
)
# Columns pass as text: the driver looks at each element of an array by itself, and took longer than the database.
_ALREADY_ENROLLED = text(
    """
    SELECT person_token, benefit_year
    FROM already_enrolled(string_to_array(:tokens, ' '), CAST(string_to_array(:years, ' ') AS integer[]))
    """
)
# In the order of the file: of two rows about one person in the same batch, the first is the first.
_NOTE = text(
    """
    INSERT INTO seen_in_file (person, benefit_year, line, content)
    SELECT CAST(left(token, 32) AS uuid), CAST(year AS integer), CAST(line AS bigint), CAST(content AS bigint)
    FROM ROWS FROM (string_to_table(:tokens, ' '), string_to_table(:years, ' '), string_to_table(:lines, ' '),
                    string_to_table(:contents, ' ')) AS n (token, year, line, content)
    ORDER BY 3
    ON CONFLICT DO NOTHING
    """
)
_BEFORE = text(
    """
    SELECT CAST(n.line AS bigint) AS line, s.content
    FROM ROWS FROM (string_to_table(:tokens, ' '), string_to_table(:years, ' '), string_to_table(:lines, ' '))
         AS n (token, year, line)
    JOIN seen_in_file AS s ON s.person = CAST(left(n.token, 32) AS uuid) AND s.benefit_year = CAST(n.year AS integer)
    WHERE s.line <> CAST(n.line AS bigint)
    """
)


async def open_memory(session: AsyncSession) -> None:
    """Begin to remember, on this connection."""
    for statement in _OPEN:
        await session.execute(statement)


def key(rows: Candidates, place: int) -> Person:
    """Whom, and for which year, a row is about."""
    return rows.person_tokens[place], rows.benefit_years[place]


async def already_enrolled(session: AsyncSession, rows: Candidates) -> set[Person]:
    """Those whom the rows are about and who have a live enrolment for that year, in whatever region."""
    people = {"tokens": " ".join(rows.person_tokens), "years": _joined(rows.benefit_years)}
    return {(row.person_token, row.benefit_year) for row in await session.execute(_ALREADY_ENROLLED, people)}


async def note(session: AsyncSession, rows: Candidates) -> Mapping[int, int]:
    """Remember people; gives the lines that name somebody again, with the content of the row that named them first."""
    people = {
        "tokens": " ".join(rows.person_tokens),
        "years": _joined(rows.benefit_years),
        "lines": _joined(rows.lines),
    }
    added = await session.execute(_NOTE, people | {"contents": _joined(rows.contents)})
    if isinstance(added, CursorResult) and added.rowcount == rows.size:
        return {}
    return {row.line: row.content for row in await session.execute(_BEFORE, people)}


def _joined(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))
