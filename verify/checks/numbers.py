"""The numbers of documents: no two of a kind look alike, but those that stood before and wait for two people."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows, named_rows
from verify.findings import Findings
from verify.snapshot import Databases

_ALIKE = """
    WITH document AS (
        SELECT 'RECEIPT' AS kind, id::text AS id, receipt_no AS number, region, amount_fen FROM proof.cash_receipt
        UNION ALL SELECT 'SLIP', slip_no, slip_no, region, amount_fen FROM proof.deposit_slip
        UNION ALL SELECT 'STATEMENT', id::text, statement_no, region, declared_fen FROM proof.remittance_batch
        WHERE statement_no IS NOT NULL AND previous_batch_id IS NULL
        UNION ALL SELECT 'SERIAL', id::text, collection_notice_serial, region, amount_fen FROM proof.remittance_batch
        WHERE collection_notice_serial IS NOT NULL
        UNION ALL SELECT 'CERTIFICATE', id::text, certificate_no, region, amount_fen FROM proof.remittance_batch
        WHERE certificate_no IS NOT NULL
    )
    SELECT concat(lower(kind), ' ', min(number)) AS subject, min(region) AS region, 'one document' AS expected,
           string_agg(number, ', ' ORDER BY number) AS found, (sum(amount_fen) - min(amount_fen))::bigint AS fen
    FROM document
    WHERE NOT EXISTS (SELECT FROM proof.document_look_alike AS known
                      WHERE known.kind = document.kind AND known.document_id = document.id AND known.new_number IS NULL)
    GROUP BY kind, upper(normalize(number, NFKC)) HAVING count(*) > 1
    ORDER BY subject
"""
_WAITING = """
    SELECT concat(lower(kind), ' ', number) AS subject, region, 'resolved by two people' AS expected,
           concat('looks like ', beside_number) AS found, 0 AS fen
    FROM proof.document_look_alike WHERE resolved_by IS NULL ORDER BY subject
"""
_RESOLVED = """
    SELECT concat(lower(known.kind), ' ', known.number) AS subject, known.region,
           'an approval of two people' AS expected, concat_ws(' ', approval.state, 'by', approval.decided_by) AS found,
           0 AS fen
    FROM proof.document_look_alike AS known LEFT JOIN proof.approval AS approval
      ON approval.id = known.resolved_by AND approval.act = 'resolve_look_alike' AND approval.subject = known.id::text
    WHERE known.resolved_by IS NOT NULL
      AND (approval.state IS DISTINCT FROM 'APPROVED' OR approval.decided_by = approval.proposed_by)
    ORDER BY subject
"""


async def alike(databases: Databases, findings: Findings) -> None:
    """No two documents of a kind under numbers that look alike; those of before are named until resolved."""
    for table in ("cash_receipt", "deposit_slip", "remittance_batch"):
        findings.count_examined(await count(databases.payment, table))
    for sql in (_ALIKE, _RESOLVED):
        await differing_rows(databases.payment, findings, sql)
    await named_rows(databases.payment, findings, _WAITING)


CHECKS = (
    ConsistencyCheck(
        "DOCUMENT_NUMBERS",
        "单据号码各指一件",
        "Each document's number is its own",
        "收据、缴款单、缴费情况表、流水号、完税证明的号码（全半角、大小写视为相同）",
        alike,
    ),
)
