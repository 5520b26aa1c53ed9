"""Checks within one database: the query itself names the rows that differ."""

from typing import Any

from verify.findings import Findings
from verify.report import RowFinding
from verify.snapshot import DatabaseSnapshot

# The account that holds what a payment brought: the tax bureau collects some channels into the treasury itself.
HELD_BY = """
    CASE WHEN payment.channel IN ('TAX_HALL', 'ETAX', 'HENAN_TAX_APP', 'SUZHOU_TAX_WECHAT', 'WANSHITONG')
         THEN 'tax_direct' ELSE concat('channel:', payment.channel) END
"""


async def differing_rows(snapshot: DatabaseSnapshot, findings: Findings, sql: str, **parameters: Any) -> None:
    """Count every row of a query as a break, or as in flight where it has an ``age_s``.

    Columns: ``subject, region, expected, found, fen`` and, where something may still be on its way, ``age_s``.
    """
    async for rows in snapshot.stream(sql, **parameters):
        for row in rows:
            finding = RowFinding(row["subject"], row["region"], row["expected"], row["found"], int(row["fen"] or 0))
            age_s = row.get("age_s")
            if age_s is None:
                findings.add_break(finding)
            else:
                findings.add_in_flight(finding, float(age_s))


async def named_rows(snapshot: DatabaseSnapshot, findings: Findings, sql: str, **parameters: Any) -> None:
    """Name every row of a query (the same columns) without calling it a break."""
    async for rows in snapshot.stream(sql, **parameters):
        for row in rows:
            findings.add_named(
                RowFinding(row["subject"], row["region"], row["expected"], row["found"], int(row["fen"] or 0))
            )


async def count(snapshot: DatabaseSnapshot, table: str) -> int:
    """How many rows a published view has."""
    row = await snapshot.one(f"SELECT count(*) AS rows FROM proof.{table}")  # noqa: S608 - a constant of the checks
    return int(row["rows"])
