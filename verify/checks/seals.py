"""Sealed blocks: what was written once is still there as it was sealed, block by block, and the chain is whole."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from sqlalchemy import RowMapping

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.report import RowFinding
from verify.snapshot import Databases, DatabaseSnapshot

SEALED: Final[Mapping[str, tuple[str, ...]]] = {
    "quota": ("outbox",),
    "payment": (
        "transfer",
        "raw_notice",
        "bank_line",
        "billed_merchant",
        "channel_bill",
        "read_bill",
        "payout",
        "settlement_difference",
        "unasked_refund",
        "cash_receipt",
        "deposit_slip",
        "remittance_batch",
        "remittance_move",
        "suspense_decision",
        "outbox",
    ),
    "subsidy": ("outbox",),
    "registration": ("outbox",),
}
# A block is sealed within a minute; ten are more than any restart of the services takes.
SOON_S, LATE_S = 60, 600
# Only the outbox loses rows, in whole blocks, 30 days after they were sealed.
_KEPT_DAYS = 30


class SealedHead(Protocol):
    """The last block of a chain, as it was written down."""

    @property
    def block(self) -> int:
        """Its number."""

    @property
    def hash(self) -> str:
        """Its hash."""


_ALL: Final[Mapping[str, Mapping[str, SealedHead]]] = {}
_CHAIN = """
    SELECT table_name, block, form, first_written_by::text, first_id::text, last_written_by::text, last_id::text, rows,
           content, previous, hash, sealed_at,
           (first_written_by, first_id) > (last_written_by, last_id) OR (first_written_by, first_id) <=
               (lag(last_written_by) OVER chain, lag(last_id) OVER chain) AS out_of_order
    FROM proof.sealed_block WINDOW chain AS (PARTITION BY table_name ORDER BY block) ORDER BY table_name, block
"""
_REWRITABLE = """
    SELECT concat('table ', block.relname) AS subject, NULL AS region, 'append-only' AS expected,
           concat_ws(', ', CASE WHEN NOT coalesce(trigger.tgenabled IN ('O', 'A'), false) THEN 'its trigger is off' END,
                           CASE WHEN member.writes THEN 'the service may change rows' END) AS found, 0 AS fen
    FROM pg_class AS block
    LEFT JOIN pg_trigger AS trigger
      ON trigger.tgrelid = block.oid AND trigger.tgname = concat(block.relname, '_append_only')
    CROSS JOIN LATERAL (
        SELECT bool_or(privilege.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')) AS writes
        FROM aclexplode(block.relacl) AS privilege WHERE privilege.grantee <> block.relowner
    ) AS member
    WHERE block.oid IN (to_regclass('public.sealed_block'), to_regclass('public.purged_block'))
      AND (member.writes OR NOT coalesce(trigger.tgenabled IN ('O', 'A'), false))
    ORDER BY subject
"""
# Every row up to a block's end that no earlier block holds belongs to it, so that a row slipped in is found as well as
# one that is gone. Nothing may be left where a block was purged.
_CONTENT = """
    SELECT concat('block {service}.{table} ', block.block) AS subject, NULL AS region,
           CASE WHEN block.purged THEN 'purged'
                ELSE concat(block.rows, ' rows ', left(block.content, 16)) END AS expected,
           concat(found.rows, ' rows ', left(found.content, 16)) AS found, 0 AS fen
    FROM (
        SELECT sealed.block, form, rows, content, last_written_by, last_id, purged.block IS NOT NULL AS purged,
               lag(last_written_by, 1, '0'::xid8) OVER (ORDER BY sealed.block) AS after_written_by,
               lag(last_id, 1, '00000000-0000-0000-0000-000000000000'::uuid) OVER (ORDER BY sealed.block) AS after_id
        FROM proof.sealed_block AS sealed LEFT JOIN proof.purged_block AS purged USING (table_name, block)
        WHERE table_name = '{table}'
    ) AS block CROSS JOIN LATERAL (
        SELECT count(*) AS rows,
               encode(sha256(string_agg(decode(digest, 'hex'), ''::bytea ORDER BY written_by, id)), 'hex') AS content
        FROM proof.sealed_{table} AS row
        WHERE row.form = block.form AND (row.written_by, row.id) > (block.after_written_by, block.after_id)
          AND (row.written_by, row.id) <= (block.last_written_by, block.last_id)
    ) AS found
    WHERE block.block > :after
      AND CASE WHEN block.purged THEN found.rows > 0
               ELSE (found.rows, found.content) IS DISTINCT FROM (block.rows, block.content) END
    ORDER BY block.block
"""
# How far a chain is as it was when its head was written down; nothing, where it is another chain now.
_AS_ANCHORED = """
    SELECT coalesce(max(block), 0) AS block FROM proof.sealed_block
    WHERE (table_name, block, hash) = (:table, :block, :hash)
"""
_ROWS_AFTER = """
    SELECT coalesce(sum(rows), 0) AS rows FROM proof.sealed_block WHERE table_name = :table AND block > :after
"""
_PURGED = f"""
    SELECT concat('block {{service}}.', purged.table_name, ' ', purged.block) AS subject, NULL AS region,
           'kept {_KEPT_DAYS} days, and purged after those before it' AS expected,
           concat('purged at ', purged.purged_at, ', sealed at ', sealed.sealed_at) AS found, 0 AS fen
    FROM (SELECT *, row_number() OVER (PARTITION BY table_name ORDER BY block) AS place FROM proof.purged_block)
        AS purged
    LEFT JOIN proof.sealed_block AS sealed USING (table_name, block)
    WHERE purged.table_name <> 'outbox' OR purged.place <> purged.block OR sealed.block IS NULL
       OR purged.purged_at < sealed.sealed_at + interval '{_KEPT_DAYS} days'
    ORDER BY 1
"""  # noqa: S608 - a constant
# Below the oldest transaction that still runs rows are final and should be sealed; above it they are held back.
_UNSEALED = f"""
    SELECT 'table {{service}}.{{table}}' AS subject, NULL AS region,
           CASE WHEN unknown THEN 'written by a known transaction' ELSE 'sealed' END AS expected,
           concat(count(DISTINCT id), ' rows ', CASE WHEN unknown THEN 'of a later transaction than the server knows of'
               WHEN final THEN 'in no block' ELSE 'held back by a transaction that still runs' END,
               ', the oldest of ', to_char(min(recorded_at), 'YYYY-MM-DD HH24:MI:SSOF')) AS found, 0 AS fen,
           CASE WHEN NOT unknown AND NOT (final AND max(age_s) > {LATE_S}) THEN max(age_s) END AS age_s
    FROM (
        SELECT id, recorded_at, greatest(extract(epoch FROM clock_timestamp() - recorded_at), 0)::float8 AS age_s,
               written_by < pg_snapshot_xmin(pg_current_snapshot()) AS final,
               written_by >= pg_snapshot_xmax(pg_current_snapshot()) AS unknown
        FROM proof.sealed_{{table}}
        WHERE (written_by, id) > (
            coalesce((SELECT last_written_by FROM proof.sealed_block WHERE table_name = '{{table}}'
                      ORDER BY block DESC LIMIT 1), '0'::xid8),
            coalesce((SELECT last_id FROM proof.sealed_block WHERE table_name = '{{table}}'
                      ORDER BY block DESC LIMIT 1), '00000000-0000-0000-0000-000000000000'::uuid))
    ) AS waiting
    GROUP BY final, unknown HAVING unknown OR max(age_s) > {SOON_S}
    ORDER BY final, unknown
"""  # noqa: S608 - a constant


def hash_of(service: str, block: Mapping[str, Any] | RowMapping) -> str:
    """A block's hash, from what the block says: one field a line."""
    sealed_at: datetime = block["sealed_at"]
    fields = (
        service,
        block["table_name"],
        block["block"],
        block["form"],
        block["first_written_by"],
        block["first_id"],
        block["last_written_by"],
        block["last_id"],
        block["rows"],
        block["content"],
        block["previous"],
        sealed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
    )
    return hashlib.sha256("\n".join(map(str, fields)).encode()).hexdigest()


async def chain(databases: Databases, findings: Findings) -> None:
    """Blocks are numbered from 1, each names the one before, none was changed, and none can be."""
    for snapshot in databases.each:
        before: tuple[str, int, str] = ("", 0, "")
        async for blocks in snapshot.stream(_CHAIN):
            findings.count_examined(len(blocks))
            for block in blocks:
                table, number, previous = before if before[0] == block["table_name"] else (block["table_name"], 0, "")
                if wrong := _wrong(snapshot.database, block, number, previous):
                    name = f"block {snapshot.database}.{table} {block['block']}"
                    findings.add_break(RowFinding(name, None, f"block {number + 1} of the chain", wrong))
                before = (table, block["block"], block["hash"])
        await differing_rows(snapshot, findings, _REWRITABLE)


def _wrong(service: str, block: RowMapping, number: int, previous: str) -> str:
    """In what a block does not follow the one before."""
    wrong = {
        "sealed in no table of ours": block["table_name"] not in SEALED[service],
        f"after block {number}": block["block"] != number + 1,
        "another block before it": block["previous"] != previous,
        "another hash than its own": block["hash"] != hash_of(service, block),
        "places out of order": bool(block["out_of_order"]),
    }
    return ", ".join(words for words, is_so in wrong.items() if is_so)


async def content(
    databases: Databases, findings: Findings, heads: Mapping[str, Mapping[str, SealedHead]] = _ALL
) -> None:
    """The rows of each block are those that were sealed, each as it was; with heads, of the blocks after them only."""
    for snapshot in databases.each:
        for table in SEALED[snapshot.database]:
            after = await _as_anchored(snapshot, table, heads.get(snapshot.database, {}).get(table))
            findings.count_examined((await snapshot.one(_ROWS_AFTER, table=table, after=after))["rows"])
            sql = _CONTENT.replace("{service}", snapshot.database).replace("{table}", table)
            await differing_rows(snapshot, findings, sql, after=after)
            if after:
                name = f"block {snapshot.database}.{table} 1–{after}"
                findings.add_named(RowFinding(name, None, "recomputed", "anchored, and not recomputed this time"))


async def _as_anchored(snapshot: DatabaseSnapshot, table: str, head: SealedHead | None) -> int:
    if head is None:
        return 0
    row = await snapshot.one(_AS_ANCHORED, table=table, block=head.block, hash=head.hash)
    return int(row["block"])


def content_after(heads: Mapping[str, Mapping[str, SealedHead]]) -> ConsistencyCheck:
    """The check of what was sealed since heads were written down, which names what it leaves out."""

    async def run(databases: Databases, findings: Findings) -> None:
        await content(databases, findings, heads)

    whole = next(check for check in CHECKS if check.code == "SEALS_CONTENT")
    return replace(whole, run=run)


async def purged(databases: Databases, findings: Findings) -> None:
    """Only old blocks of the outbox were purged, from the first one on."""
    for snapshot in databases.each:
        findings.count_examined(await count(snapshot, "sealed_block"))
        await differing_rows(snapshot, findings, _PURGED.replace("{service}", snapshot.database))


async def unsealed(databases: Databases, findings: Findings) -> None:
    """No row waits for long to be sealed."""
    await _each_table(databases, findings, _UNSEALED)


async def heads(databases: Databases) -> dict[str, dict[str, dict[str, Any]]]:
    """The last block of each chain and its hash: who keeps them elsewhere can prove what stood here."""
    return {snapshot.database: await _heads(snapshot) for snapshot in databases.each}


async def _heads(snapshot: DatabaseSnapshot) -> dict[str, dict[str, Any]]:
    rows = await snapshot.rows(
        """
        SELECT chain.table_name, last.block, last.hash
        FROM unnest(CAST(:tables AS text[])) AS chain (table_name)
        CROSS JOIN LATERAL (
            SELECT block, hash FROM proof.sealed_block WHERE table_name = chain.table_name ORDER BY block DESC LIMIT 1
        ) AS last
        ORDER BY 1
        """,
        tables=list(SEALED[snapshot.database]),
    )
    return {row["table_name"]: {"block": row["block"], "hash": row["hash"]} for row in rows}


async def _each_table(databases: Databases, findings: Findings, sql: str) -> None:
    for snapshot in databases.each:
        for table in SEALED[snapshot.database]:
            findings.count_examined(await count(snapshot, f"sealed_{table}"))
            await differing_rows(
                snapshot, findings, sql.replace("{service}", snapshot.database).replace("{table}", table)
            )


CHECKS = (
    ConsistencyCheck(
        "SEALS_CHAIN",
        "封存块首尾相连",
        "The chain of sealed blocks is whole",
        "每块的序号、前块摘要、自身摘要 ↔ 重新计算；只追加触发器与权限",
        chain,
    ),
    ConsistencyCheck(
        "SEALS_CONTENT",
        "封存内容未被改动",
        "What was sealed is still there, unchanged",
        "分录、通知、银行流水、账单、收据、批次、差异、发件箱逐行摘要 ↔ 封存块（行数、内容）",
        content,
    ),
    ConsistencyCheck(
        "SEALS_PURGED",
        "清除的块已满期限",
        "Only old blocks of the outbox were purged",
        "已清除的块 ↔ 封存时间 + 30 天，自第一块起连续",
        purged,
    ),
    ConsistencyCheck(
        "SEALS_CURRENT",
        "新写入的行及时封存",
        "What is written is sealed soon",
        "未封存的行 ↔ 写入时间（1 分钟起在途，10 分钟为不符）",
        unsealed,
    ),
)
