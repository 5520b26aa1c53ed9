"""How far an import is, who is enrolled already, and, in a rehearsal, whom the file has named before.

How far it is stands in the transaction that entered the rows, so that it stops anywhere and goes on. A file may hold
more people than memory does, so the database remembers them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson
from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.imports.passing import Candidates
from services.registration.imports.records import Position
from services.registration.imports.runs import Run, RunsElsewhere, Tally
from shared.database.row import fetch_all, select_into
from shared.domain.ids import new_id

Person = tuple[str, int]


def _run_of(
    id: UUID,  # noqa: A002 - the name of the column
    byte_position: int,
    line: int,
    imported: int,
    unchanged: int,
    refused: int,
    reasons: Mapping[str, int],
    error_bytes: int,
) -> Run:
    return Run(id, Position(byte_position, line), Tally(imported, unchanged, refused, Counter(reasons)), error_bytes)


# One statement begins a run or finds the one that did not come to its end: two statements could find neither, where
# another process ends the run between them. The update changes nothing; it is what makes the row come back.
_BEGIN_OR_FIND = select_into(
    _run_of,
    """
    INSERT INTO import_run (id, region, benefit_year, file_digest, actor, byte_position, line, imported, unchanged,
                            refused, reasons, error_bytes)
    VALUES (:id, :region, :benefit_year, :file_digest, :actor, :byte_position, :line, 0, 0, 0, '{}', 0)
    ON CONFLICT (region, benefit_year, file_digest) WHERE finished_at IS NULL
        DO UPDATE SET region = EXCLUDED.region
    RETURNING {fields}
    """,
)
_CLAIM = text(
    """
    SELECT id FROM import_run WHERE id = :id AND byte_position = :byte_position AND finished_at IS NULL FOR UPDATE
    """
)
_RECORD = text(
    """
    UPDATE import_run SET byte_position = :byte_position, line = :line, imported = :imported, unchanged = :unchanged,
                          refused = :refused, reasons = CAST(:reasons AS jsonb), error_bytes = :error_bytes
    WHERE id = :id
    """
)
_FINISH = text("UPDATE import_run SET finished_at = now() WHERE id = :id")
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


async def begin_or_find(
    session: AsyncSession,
    *,
    region: str,
    benefit_year: int,
    digest: bytes,
    actor: str,
    begin: Position,
) -> Run:
    """A new run for this file, or the one that did not come to its end."""
    values = {
        "id": new_id(),
        "region": region,
        "benefit_year": benefit_year,
        "file_digest": digest,
        "actor": actor,
        "byte_position": begin.offset,
        "line": begin.line,
    }
    (run,) = await fetch_all(session, _BEGIN_OR_FIND, _run_of, values)
    return run


async def claim(session: AsyncSession, run: Run) -> None:
    """Hold the run for this transaction; raises ``RunsElsewhere`` where another process took it further."""
    row = await session.execute(_CLAIM, {"id": run.id, "byte_position": run.position.offset})
    if row.scalar_one_or_none() is None:
        raise RunsElsewhere


async def record(session: AsyncSession, run: Run) -> None:
    """Write down how far the run is."""
    tally = run.tally
    await session.execute(
        _RECORD,
        {
            "id": run.id,
            "byte_position": run.position.offset,
            "line": run.position.line,
            "imported": tally.imported,
            "unchanged": tally.unchanged,
            "refused": tally.refused,
            "reasons": orjson.dumps(dict(tally.reasons)).decode(),
            "error_bytes": run.error_bytes,
        },
    )


async def finish(session: AsyncSession, run: Run) -> None:
    """The run came to its end: the same file again is a new one."""
    await claim(session, run)
    await session.execute(_FINISH, {"id": run.id})


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
