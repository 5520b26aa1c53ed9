"""Counts that are kept while rows change: a change and what it adds and takes away are one statement.

| To | write |
| --- | --- |
| declare them | ``COUNTS = RunningCounts("line_count", {"kind": "{row}.kind"}, where="{row}.ended_on IS NULL")`` |
| insert rows | ``_ADD = COUNTS.insert(insert_rows("line", LINES))`` |
| insert rows and give some columns back | ``_ADD = COUNTS.insert(…, "id, region")`` |
| update rows | ``_END = COUNTS.update(update_rows("line", LINES, key="id"))`` |
| fold what has gathered | ``FOLDING = COUNTS.folding()`` and ``await fold(session, FOLDING)`` in a job |
| read them | ``SELECT … FROM ({COUNTS.standing}) AS counted``: rows of the same keys are to be added up |

The table has the keys and ``people``, beside it stands another of the same columns, ``…_delta``. A statement writes a
row there for each key whose count it changes, so that no two changes wait for each other over a count. A job adds these
rows to the table and deletes them in one statement: at any moment a change stands in one of the two.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

FOLDED_AT_ONCE: Final = 20_000


class Folding(NamedTuple):
    """The statements of a fold: only one at a time, a portion, and keys that count none any more."""

    lock: TextClause
    portion: TextClause
    drop_empty: TextClause


@dataclass(frozen=True, slots=True)
class RunningCounts:
    """The rows that ``where`` holds for, counted by expressions of ``{row}``; the keys are columns of the table."""

    table: str
    keys: Mapping[str, str]
    where: str = "true"

    @property
    def standing(self) -> str:
        """The folded counts and what changed since, for FROM."""
        names = f"{', '.join(self.keys)}, people"
        return f"SELECT {names} FROM {self.table} UNION ALL SELECT {names} FROM {self.table}_delta"  # noqa: S608

    def insert(self, insert: TextClause, returning: str = "") -> TextClause:
        """The INSERT, which ends without RETURNING, with its counts; it gives back the columns ``returning``."""
        given = f"{returning}, " if returning else ""
        changed = f"{insert.text} RETURNING {given}{', '.join(self._read('new', 'now'))}"
        return self._with(changed, self._side("now", 1), returning)

    def update(self, update: TextClause, returning: str = "", given: str = "") -> TextClause:
        """The UPDATE with its counts; ``returning`` gives back columns, ``given`` the names they have then."""
        shown = f"{returning}, " if returning else ""
        read = ", ".join([*self._read("old", "before"), *self._read("new", "now")])
        sides = f"{self._side('before', -1)} UNION ALL {self._side('now', 1)}"
        return self._with(f"{update.text} RETURNING {shown}{read}", sides, given or returning)

    def folding(self) -> Folding:
        """What the job sends."""
        names, places = ", ".join(self.keys), ", ".join(map(str, range(1, len(self.keys) + 1)))
        return Folding(
            text(f"SELECT pg_try_advisory_xact_lock(hashtext('canbao.{self.table}'))"),
            text(
                f"""
                WITH taken AS (
                    DELETE FROM {self.table}_delta
                    WHERE ctid = ANY(ARRAY(SELECT ctid FROM {self.table}_delta LIMIT :most))
                    RETURNING {names}, people
                ), folded AS (
                    INSERT INTO {self.table} AS c ({names}, people)
                    SELECT {names}, sum(people) FROM taken
                    GROUP BY {places} HAVING sum(people) <> 0 ORDER BY {places}
                    ON CONFLICT ({names}) DO UPDATE SET people = c.people + EXCLUDED.people
                )
                SELECT count(*) FROM taken
                """  # noqa: S608 - a module's own SQL, never a value
            ),
            text(f"DELETE FROM {self.table} WHERE people = 0"),  # noqa: S608 - as above
        )

    def _with(self, changed: str, sides: str, returning: str) -> TextClause:
        names, places = ", ".join(self.keys), ", ".join(map(str, range(1, len(self.keys) + 1)))
        counted = f"""
            INSERT INTO {self.table}_delta ({names}, people)
            SELECT {names}, sum(people) FROM ({sides}) AS side GROUP BY {places} HAVING sum(people) <> 0
        """  # noqa: S608 - as above
        if not returning:
            return text(f"WITH changed AS ({changed}) {counted}")
        return text(f"WITH changed AS ({changed}), counted AS ({counted}) SELECT {returning} FROM changed")  # noqa: S608

    def _read(self, row: str, when: str) -> Iterator[str]:
        for name, expression in self.keys.items():
            yield f"{expression.replace('{row}', row)} AS {name}_{when}"
        yield f"{self.where.replace('{row}', row)} AS counted_{when}"

    def _side(self, when: str, sign: int) -> str:
        names = ", ".join(f"{name}_{when} AS {name}" for name in self.keys)
        return f"SELECT {names}, {sign} AS people FROM changed WHERE counted_{when}"  # noqa: S608 - as above


async def fold(session: AsyncSession, folding: Folding, most: int = FOLDED_AT_ONCE) -> int:
    """Add a portion of what has gathered to the counts; how much, and 0 where another process does so now."""
    if not (await session.execute(folding.lock)).scalar_one():
        return 0
    folded = int((await session.execute(folding.portion, {"most": most})).scalar_one())
    if folded:
        await session.execute(folding.drop_empty)
    return folded
