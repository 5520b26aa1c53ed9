"""Institutions' files: what they said as it was taken, what became of each line, and what is in the treasury of it."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

# A file's sums and the digest of its lines are those of its lines now.
_AS_TAKEN = """
    WITH said AS (
        SELECT file_id, count(*) AS lines, count(fault) AS unread,
               coalesce(sum(amount_fen) FILTER (WHERE fault IS NULL AND kind = 'PAYMENT'), 0) AS paid,
               coalesce(sum(amount_fen) FILTER (WHERE fault IS NULL AND kind = 'REVERSAL'), 0) AS back
        FROM proof.channel_file_line GROUP BY file_id
    )
    SELECT concat('file ', coalesce(file.id, said.file_id)) AS subject, file.region,
           concat_ws(' ', file.line_count, file.unread_count, file.paid_fen, file.reversed_fen,
                     left(encode(file.lines_digest, 'hex'), 16)) AS expected,
           concat_ws(' ', coalesce(said.lines, 0), coalesce(said.unread, 0), coalesce(said.paid, 0),
                     coalesce(said.back, 0), left(encode(found.digest, 'hex'), 16)) AS found,
           (coalesce(said.paid, 0) - coalesce(file.paid_fen, 0))::bigint AS fen
    FROM proof.channel_file AS file FULL JOIN said ON said.file_id = file.id
    LEFT JOIN proof.channel_file_digest AS found ON found.file_id = said.file_id
    WHERE file.id IS NULL OR (file.line_count, file.unread_count, file.paid_fen, file.reversed_fen)
          <> (coalesce(said.lines, 0), coalesce(said.unread, 0), coalesce(said.paid, 0), coalesce(said.back, 0))
       OR file.lines_digest IS DISTINCT FROM found.digest
       OR NOT file.accepted AND said.lines > 0
    ORDER BY subject
"""
# A worked file has no line that waits, and what became of a line stands under its number: credited or suspended money
# is a payment of it, what was taken back a reversal, and what is contested a payment of another word.
_WORKED = """
    SELECT concat('file line ', line.file_id, ' ', line.line_no) AS subject, line.region,
           concat_ws(' ', line.kind, line.state, line.amount_fen) AS expected,
           concat_ws(' ', 'payment', coalesce(said.amount_fen::text, '—'), 'reversal',
                     coalesce(back.amount_fen::text, '—'), file.state) AS found,
           coalesce(line.amount_fen, 0) AS fen
    FROM proof.channel_file_line AS line JOIN proof.channel_file AS file ON file.id = line.file_id
    LEFT JOIN proof.direct_payment AS said
      ON (said.institution, said.transaction_id)
         = (line.institution, CASE line.kind WHEN 'PAYMENT' THEN line.transaction_id ELSE line.original_id END)
    LEFT JOIN proof.direct_reversal AS back
      ON (back.institution, back.transaction_id)
         = (line.institution, CASE line.kind WHEN 'PAYMENT' THEN line.transaction_id ELSE line.original_id END)
    WHERE line.state = 'WAITING' AND file.state <> 'RECEIVED'
       OR line.kind = 'PAYMENT' AND line.state IN ('CREDITED', 'SUSPENDED')
          AND said.amount_fen IS DISTINCT FROM line.amount_fen
       OR line.kind = 'PAYMENT' AND line.state = 'CONTESTED' AND said.id IS NULL
       OR line.state IN ('REVERSED', 'AWAITED') AND back.amount_fen IS DISTINCT FROM line.amount_fen
    ORDER BY line.file_id, line.line_no
"""
# What the tax bureau's detail says of the treasury is booked once, of a payment that stands, whole.
_IN_TREASURY = """
    WITH booked AS (
        SELECT caused_by AS id, count(*) AS times, sum(amount_fen)::bigint AS fen FROM proof.transfer
        WHERE debit = 'treasury' AND credit = 'tax_direct' GROUP BY caused_by
    )
    SELECT concat('treasury receipt ', coalesce(receipt.id, booked.id)) AS subject, receipt.region,
           concat_ws(' ', receipt.amount_fen, 'of a payment that stands') AS expected,
           concat_ws(' ', coalesce(booked.fen, 0), 'of', line.amount_fen, said.kind, said.treasury_on) AS found,
           (coalesce(booked.fen, 0) - coalesce(receipt.amount_fen, 0))::bigint AS fen
    FROM proof.tax_direct_receipt AS receipt FULL JOIN booked ON booked.id = receipt.id
    LEFT JOIN proof.payment_line AS line ON line.id = receipt.payment_line_id
    LEFT JOIN proof.channel_file_line AS said
      ON said.file_id = receipt.file_id AND said.line_no = receipt.file_line
    WHERE receipt.id IS NULL OR booked.times IS DISTINCT FROM 1 OR booked.fen <> receipt.amount_fen
       OR line.id IS NULL OR line.amount_fen <> receipt.amount_fen OR line.reversed_by IS NOT NULL
       OR said.treasury_on IS DISTINCT FROM receipt.received_on
    ORDER BY subject
"""


async def filed(databases: Databases, findings: Findings) -> None:
    """Files as they were taken ↔ payments and reversals under their numbers ↔ the treasury's receipts ↔ the books."""
    findings.count_examined(await count(databases.payment, "channel_file_line"))
    for sql in (_AS_TAKEN, _WORKED, _IN_TREASURY):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "FILES_AS_WORKED",
        "代收文件与入账逐行一致",
        "Institutions' files are booked line by line",
        "代收文件及其行 ↔ 缴费与冲正 ↔ 税务直收入库 ↔ 分录",
        filed,
    ),
)
