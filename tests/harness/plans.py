"""How PostgreSQL would answer a statement: the parts of its plan that read a whole table, or rows without a bound."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import asyncpg as driver

# With these off a table is read as a whole, or joined to all of another, only where no index serves.
_WITHOUT = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material", "jit")
_SCANS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"}
# A condition on these alone holds for nearly every row.
_COMMON = {"region", "benefit_year", "channel", "merchant_id", "publisher", "topic"}
# What is above them needs all that is below.
_READ_ALL = {"Sort", "Aggregate", "ModifyTable", "Hash", "SetOp", "WindowAgg", "Bitmap Heap Scan"}
# The statement's parameters stay without values, which a driver cannot send.
_PLANNED = """
    CREATE FUNCTION pg_temp.planned(statement text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE answer json;
    BEGIN
        EXECUTE 'EXPLAIN (GENERIC_PLAN, FORMAT JSON) ' || statement INTO answer;
        RETURN answer -> 0 -> 'Plan';
    END $$
"""
_INDEXES = """
    SELECT t.relname AS of_table, c.relname AS name, i.indisunique AS single,
           (SELECT array_agg(coalesce(a.attname::text, 'an expression'))
            FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, position)
            LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE k.position <= i.indnkeyatts) AS columns
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
"""
# On an empty table every index looks as good as the one that serves. What the rows say does not matter: each column has
# as many values as there are rows, or as its constraint names, or one; half of what may be absent is.
FILLED = """
    DO $do$ DECLARE part record; BEGIN
        CREATE TEMPORARY TABLE one_of ON COMMIT DROP AS
        SELECT c.conrelid AS of_table, c.conkey[1] AS place, array_agg(DISTINCT word.word[1])::text AS words
        FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), $$'([A-Z_]+)'::text$$, 'g') AS word (word)
        WHERE c.connamespace = 'public'::regnamespace AND c.contype = 'c' AND cardinality(c.conkey) = 1
        GROUP BY c.conrelid, c.conkey[1];
        FOR part IN
            SELECT c.conrelid::regclass AS of_table, c.conname FROM pg_constraint c
            WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('c', 'f')
        LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', part.of_table, part.conname); END LOOP;
        FOR part IN
            SELECT t.oid::regclass AS of_table, string_agg(quote_ident(a.attname), ', ') AS columns,
                   string_agg(CASE WHEN a.attnotnull THEN v.made
                              ELSE format('CASE WHEN i %% 2 = 0 THEN %s END', v.made) END, ', ') AS made
            FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN one_of w ON w.of_table = t.oid AND w.place = a.attnum
            CROSS JOIN LATERAL (SELECT CASE
                WHEN w.words IS NOT NULL
                THEN format('(%L::text[])[1 + i %% cardinality(%L::text[])]', w.words, w.words)
                WHEN a.attname = 'benefit_year' THEN '2024'
                WHEN a.attname IN ('channel', 'merchant_id', 'publisher', 'topic') THEN '$$one$$'
                WHEN a.attname = 'region' THEN '(411521000000 + i)::text'
                WHEN a.atttypid = 'uuid'::regtype THEN 'lpad(to_hex(i), 32, $$0$$)::uuid'
                WHEN a.atttypid = 'bytea'::regtype THEN 'i::text::bytea'
                WHEN a.atttypid = 'boolean'::regtype THEN 'i % 2 = 0'
                WHEN a.atttypid = 'date'::regtype THEN 'date $$2023-01-01$$ + i'
                WHEN a.atttypid = 'timestamptz'::regtype THEN 'now() - make_interval(secs => i)'
                WHEN a.atttypid IN ('json'::regtype, 'jsonb'::regtype) THEN 'i::text::' || format_type(a.atttypid, NULL)
                WHEN a.attndims > 0 OR format_type(a.atttypid, NULL) LIKE '%[]' THEN '$${}$$'
                WHEN a.atttypid = 'xid8'::regtype THEN 'i::text::xid8'
                ELSE 'i::' || format_type(a.atttypid, NULL) END AS made) AS v
            WHERE t.relnamespace = 'public'::regnamespace AND t.relkind = 'r' AND a.attgenerated = ''
              AND t.relname NOT LIKE 'alembic%'
            GROUP BY t.oid
        LOOP
            EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', part.of_table);
            EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM generate_series(1, 5000) AS i'
                           ' ON CONFLICT DO NOTHING', part.of_table, part.columns, part.made);
        END LOOP;
    END $do$
"""
_DIALECT: Any = driver.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Index:
    """An index by its columns; ``single`` where it holds no two rows with the same."""

    table: str
    single: bool
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reads:
    """Tables that a statement reads as a whole, and tables of which it reads any number of rows."""

    whole: frozenset[str]
    unbounded: frozenset[str]

    def __and__(self, other: "Reads") -> "Reads":
        """What is left in both plans."""
        return Reads(self.whole & other.whole, self.unbounded & other.unbounded)


@dataclass(frozen=True, slots=True)
class Planner:
    """A service's connection that plans statements under row-level security and runs none."""

    connection: asyncpg.Connection
    indexes: Mapping[str, Index]

    @classmethod
    async def on(
        cls, connection: asyncpg.Connection, region: str, *first: str, without: Sequence[str] = _WITHOUT
    ) -> "Planner":
        """Plan as the service does once it has sent what it sends ``first``; by default use any index that serves."""
        await connection.execute("SELECT set_config('canbao.region', $1, false)", region)
        for setting in without:
            await connection.execute("SELECT set_config($1, 'off', false)", setting)
        for sql in (_PLANNED, *first):
            await connection.execute(sql)
        found = await connection.fetch(_INDEXES)
        return cls(
            connection,
            {one["name"]: Index(one["of_table"], one["single"], frozenset(one["columns"])) for one in found},
        )

    async def plan(self, sql: str) -> Mapping[str, Any]:
        """The plan that serves every value of the parameters."""
        sent = sql if "$1" in sql else str(text(sql).compile(dialect=_DIALECT))
        planned: Mapping[str, Any] = json.loads(await self.connection.fetchval("SELECT pg_temp.planned($1)", sent))
        return planned

    async def reads(self, sql: str) -> Reads:
        """What a statement reads without a condition, and without a bound."""
        scans = [(node, limited) for node, limited in _nodes(await self.plan(sql)) if node["Node Type"] in _SCANS]
        return Reads(
            whole=frozenset(self._table(node) for node, _ in scans if not self._asked(node) - _COMMON),
            unbounded=frozenset(
                self._table(node) for node, limited in scans if not limited and not self._one_by_one(node)
            ),
        )

    def _table(self, node: Mapping[str, Any]) -> str:
        return self.indexes[node["Index Name"]].table if "Index Name" in node else node["Relation Name"]

    def _asked(self, node: Mapping[str, Any]) -> set[str]:
        """The columns of the index by which it is entered."""
        condition = node.get("Index Cond", "")
        columns = self.indexes[node["Index Name"]].columns if condition else ()
        return {name for name in columns if re.search(rf"\W{name}\b", condition)}

    def _one_by_one(self, node: Mapping[str, Any]) -> bool:
        """Whether a key is given, of which there is one row."""
        condition = f"{node.get('Index Cond', '')} {node.get('Filter', '')}"
        return any(
            index.single and all(re.search(rf"\({name} (?:= |IS NULL)", condition) for name in index.columns)
            for index in self.indexes.values()
            if index.table == self._table(node)
        )


def _nodes(node: Mapping[str, Any], *, limited: bool = False) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """The parts of a plan, and whether a limit above each ends its reading early."""
    yield node, limited
    parts: Sequence[Mapping[str, Any]] = node.get("Plans", ())
    kind = node["Node Type"]
    for part in parts:
        yield from _nodes(part, limited=kind == "Limit" or (limited and kind not in _READ_ALL))
