"""What was read of the channel's bills stays as it was read, and what was taken out of a bill is as the bill has it."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

# A bill is read or not as the sealed row of its reading says, which stands there from the moment of reading on.
_AS_READ = """
    SELECT concat('channel bill ', coalesce(concat(bill.channel, ' ', bill.kind, ' ', bill.bill_day),
                                            reading.bill_id::text)) AS subject,
           coalesce(bill.region, reading.region) AS region,
           concat_ws(' ', coalesce(reading.state, 'WANTED'), coalesce(reading.line_count, 0), 'lines') AS expected,
           CASE WHEN bill.id IS NULL THEN 'no bill' ELSE concat(bill.state, ' ', bill.line_count, ' lines') END
               AS found, 0 AS fen
    FROM proof.channel_bill AS bill FULL JOIN proof.read_bill AS reading ON reading.bill_id = bill.id
    WHERE (bill.state, bill.line_count)
          IS DISTINCT FROM (coalesce(reading.state, 'WANTED'), coalesce(reading.line_count, 0))
    ORDER BY subject
"""
# The lines are too many to be sealed one by one: their digest is in the sealed row.
_LINES_AS_STORED = """
    SELECT concat('lines of bill ', coalesce(reading.bill_id, stands.bill_id)) AS subject, reading.region,
           concat(reading.line_count, ' lines ', left(reading.lines_digest, 16)) AS expected,
           coalesce(left(stands.digest, 16), 'no line') AS found, 0 AS fen
    FROM proof.read_bill AS reading FULL JOIN proof.bill_digest AS stands USING (bill_id)
    WHERE reading.lines_digest IS DISTINCT FROM stands.digest
    ORDER BY subject
"""
# Everything of a merchant belongs to the region in which its bills are read.
_ONE_REGION = """
    SELECT concat(part.what, ' ', part.id) AS subject, part.region, merchant.region AS expected,
           part.region AS found, 0 AS fen
    FROM (
        SELECT 'channel bill' AS what, id, channel, merchant_id, region FROM proof.channel_bill
        UNION ALL
        SELECT 'payout', id, channel, merchant_id, region FROM proof.payout
        UNION ALL
        SELECT 'reading of bill', bill.id, bill.channel, bill.merchant_id, reading.region
        FROM proof.read_bill AS reading JOIN proof.channel_bill AS bill ON bill.id = reading.bill_id
    ) AS part JOIN proof.billed_merchant AS merchant USING (channel, merchant_id)
    WHERE part.region <> merchant.region
    ORDER BY subject
"""
# Held is a payout whose movements nobody found, or found with a fee among them; and no other has a fault.
_PAYOUTS_HELD = """
    SELECT concat('payout ', channel, ' ', merchant_id, ' ', paid_out_on) AS subject, region,
           CASE WHEN state <> 'HELD' THEN 'no fault' WHEN until_day IS NULL THEN 'NOT_COVERED'
                ELSE 'UNUSUAL_MOVEMENT' END AS expected,
           concat_ws(' ', state, fault) AS found, amount_fen AS fen
    FROM proof.payout
    WHERE fault IS DISTINCT FROM CASE WHEN state = 'HELD' THEN
              CASE WHEN until_day IS NULL THEN 'NOT_COVERED' ELSE 'UNUSUAL_MOVEMENT' END END
    ORDER BY paid_out_on, id
"""


async def bills_read(databases: Databases, findings: Findings) -> None:
    """Each bill's lines are those that were stored when it was read; its payouts are as they follow from it."""
    for table in ("channel_bill", "payout"):
        findings.count_examined(await count(databases.payment, table))
    for sql in (_AS_READ, _LINES_AS_STORED, _ONE_REGION, _PAYOUTS_HELD):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "BILLS_AS_READ",
        "渠道账单与读入时一致",
        "The channel's bills are as they were read",
        "账单各行 ↔ 读入时的摘要；账单、出款 ↔ 商户地区",
        bills_read,
    ),
)
