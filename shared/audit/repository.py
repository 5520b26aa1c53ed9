"""The rows of sealed blocks. A block is hashed by the database in one statement, so that no row travels.

Rows follow each other by the transaction that wrote them and by their id. Below the oldest transaction that still runs
nothing can appear any more: up to there rows are final, and a block begins where the one before ended.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit.table import AuditedTable

MOST_ROWS: Final = 5_000

# Before every row.
_FIRST_XID, _FIRST_ID = "'0'::xid8", "'00000000-0000-0000-0000-000000000000'::uuid"
# Fields that cannot hold the line's end, one a line: any program can compute the hash again.
_HASHED = r"""
    sha256(convert_to(concat_ws(E'\n', service, table_name, block, form, first_written_by, first_id, last_written_by,
        last_id, rows, encode(content, 'hex'), encode(previous, 'hex'),
        to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')), 'UTF8'))
"""
# Where the chain ends. Nothing of this may stand in the condition on the rows themselves: under row-level security only
# the plainest condition finds its way into an index.
_BEFORE = """
    SELECT coalesce(last.block, 0) AS block, coalesce(last.last_written_by, {first_xid}) AS last_written_by,
           coalesce(last.last_id, {first_id}) AS last_id, coalesce(last.hash, ''::bytea) AS hash
    FROM (SELECT) AS always LEFT JOIN (
        SELECT * FROM sealed_block WHERE table_name = CAST(:table AS text) ORDER BY block DESC LIMIT 1
    ) AS last ON true
"""
_SEAL = """
    WITH given AS (
        SELECT CAST(:service AS text) AS service, CAST(:table AS text) AS table_name, CAST(:form AS smallint) AS form,
               CAST(:now AS timestamptz) AS sealed_at
    ), before AS MATERIALIZED ({before}), part AS MATERIALIZED (
        SELECT written_by, {key} AS id, {digest} AS digest FROM {table}
        WHERE (written_by, {key}) > ((SELECT last_written_by FROM before), (SELECT last_id FROM before))
          AND written_by < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY written_by, {key} LIMIT :most
    ), summed AS (
        SELECT count(*) AS rows, sha256(string_agg(digest, ''::bytea ORDER BY written_by, id)) AS content
        FROM part HAVING count(*) > 0
    ), placed AS (
        SELECT before.block + 1 AS block, rows, content, before.hash AS previous,
               first.written_by AS first_written_by, first.id AS first_id,
               last.written_by AS last_written_by, last.id AS last_id
        FROM summed CROSS JOIN before
        CROSS JOIN (SELECT written_by, id FROM part ORDER BY written_by, id LIMIT 1) AS first
        CROSS JOIN (SELECT written_by, id FROM part ORDER BY written_by DESC, id DESC LIMIT 1) AS last
    )
    INSERT INTO sealed_block (table_name, block, form, first_written_by, first_id, last_written_by, last_id, rows,
                              content, previous, hash, sealed_at)
    SELECT table_name, block, form, first_written_by, first_id, last_written_by, last_id, rows, content, previous,
           {hashed}, sealed_at
    FROM placed CROSS JOIN given
    RETURNING rows
"""
_DIFFERING = """
    SELECT b.block FROM (
        SELECT block, form, rows, content, last_written_by, last_id,
               lag(last_written_by, 1, {first_xid}) OVER (ORDER BY block) AS after_written_by,
               lag(last_id, 1, {first_id}) OVER (ORDER BY block) AS after_id
        FROM sealed_block WHERE table_name = :table AND block BETWEEN :first - 1 AND :last
    ) AS b CROSS JOIN LATERAL (
        SELECT count(*) AS rows, sha256(string_agg({digest_of_form}, ''::bytea ORDER BY written_by, {key})) AS content
        FROM {table}
        WHERE (written_by, {key}) > (b.after_written_by, b.after_id)
          AND (written_by, {key}) <= (b.last_written_by, b.last_id)
    ) AS found
    WHERE b.block >= :first AND (found.rows, found.content) IS DISTINCT FROM (b.rows, b.content)
    ORDER BY b.block LIMIT 1
"""
_OLDEST_UNSEALED = """
    WITH before AS MATERIALIZED ({before})
    SELECT CAST(extract(epoch FROM clock_timestamp() - recorded_at) AS double precision) FROM {table}
    WHERE (written_by, {key}) > ((SELECT last_written_by FROM before), (SELECT last_id FROM before))
    ORDER BY written_by, {key} LIMIT 1
"""
_AHEAD = text(
    """
    SELECT last_written_by >= pg_snapshot_xmax(pg_current_snapshot())
    FROM sealed_block WHERE table_name = :table ORDER BY block DESC LIMIT 1
    """
)
# Ends with the transaction. The process that comes second finds nothing to do, and comes again.
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('canbao.sealing'))")


class TransactionNumbersBehind(RuntimeError):
    """Rows stand here that later transactions wrote than the server knows of: it was filled from a dump."""

    def __init__(self, table: str) -> None:
        """Name the table, and the remedy."""
        super().__init__(
            f"{table}: 数据库的事务号落后于已封存的行，新写入的行无法封存；请按运维指南提高事务号"
            f" · the server's transaction numbers stand behind sealed rows: raise them as the operator's guide says"
        )


async def begin_sealing(session: AsyncSession) -> bool:
    """Whether this transaction alone may seal; the order of blocks is decided by one at a time."""
    return bool((await session.execute(_LOCK)).scalar_one())


async def seal_block(
    session: AsyncSession, service: str, table: AuditedTable, now: datetime, most: int = MOST_ROWS
) -> int:
    """Seal the next block of final rows in the caller's transaction; answers how many rows it holds, 0 for no block.

    Raises TransactionNumbersBehind.
    """
    values = {"service": service, "table": table.name, "form": table.form, "now": now, "most": most}
    if (await session.execute(_AHEAD, {"table": table.name})).scalar_one_or_none():
        raise TransactionNumbersBehind(table.name)
    return int((await session.execute(_statement(_SEAL, table), values)).scalar_one_or_none() or 0)


async def first_differing_block(session: AsyncSession, table: AuditedTable, first: int, last: int) -> int | None:
    """The first of these blocks whose rows are no longer what it sealed."""
    values = {"table": table.name, "first": first, "last": last}
    return (await session.execute(_statement(_DIFFERING, table), values)).scalar_one_or_none()


async def oldest_unsealed_s(session: AsyncSession, tables: Sequence[AuditedTable]) -> dict[str, float]:
    """For each table, how many seconds ago the first row was recorded that no block holds; 0 where all are sealed."""
    found = {}
    for table in tables:
        age = (await session.execute(_statement(_OLDEST_UNSEALED, table), {"table": table.name})).scalar_one_or_none()
        found[table.name] = max(0.0, age or 0.0)
    return found


@cache
def _built(sql: str, name: str, key: str, digest: str, digest_of_form: str) -> TextClause:
    beginning = {"first_xid": _FIRST_XID, "first_id": _FIRST_ID}
    before = _BEFORE.format(**beginning)
    digests = {"digest": digest, "digest_of_form": digest_of_form}
    return text(sql.format(table=name, key=key, hashed=_HASHED, before=before, **digests, **beginning))


def _statement(sql: str, table: AuditedTable) -> TextClause:
    return _built(sql, table.name, table.key, table.digest, table.digest_of("b.form"))
