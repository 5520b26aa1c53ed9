"""Money without an order: what institutions said, what was booked of it, and what they took back."""

from verify.check import ConsistencyCheck
from verify.checks.sql import HELD_BY, count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

# What was credited is of the person and year that the institution named, in its region. It pays out with its own
# business date, where that is another day than the one on which the person paid.
_AS_SAID = """
    SELECT concat('payment line ', line.id) AS subject, line.region,
           concat_ws(' ', said.benefit_year, said.person, 'with', said.business_date) AS expected,
           concat_ws(' ', line.benefit_year, bill.person, 'with', coalesce(line.attributed_to, payment.paid_on))
           AS found, line.amount_fen AS fen
    FROM proof.direct_payment AS said JOIN proof.payment AS payment ON payment.direct_id = said.id
    JOIN proof.payment_line AS line ON line.payment_id = payment.id
    LEFT JOIN proof.bill AS bill ON bill.id = line.bill_id
    WHERE line.benefit_year <> said.benefit_year OR NOT starts_with(line.region, said.region)
       OR line.state = 'CREDITED' AND bill.person IS DISTINCT FROM said.person
       OR coalesce(line.attributed_to, payment.paid_on) <> said.business_date AND line.attributed_by = said.id
       OR line.attributed_by IS NULL AND payment.paid_on <> said.business_date
    ORDER BY line.id
"""
# One reversal takes back one payment of its number, whole; a payment that stood when its reversal was written is taken
# back by it.
_TAKEN_BACK = """
    SELECT concat('reversal ', reversal.id) AS subject, coalesce(line.region, reversal.region) AS region,
           concat_ws(' ', reversal.institution, reversal.transaction_id, reversal.amount_fen) AS expected,
           coalesce(concat_ws(' ', payment.merchant_id, payment.transaction_id, line.amount_fen, line.reversed_by),
                    'no payment') AS found,
           coalesce(line.amount_fen, 0) AS fen
    FROM proof.direct_reversal AS reversal
    LEFT JOIN proof.direct_payment AS said
      ON (said.institution, said.transaction_id) = (reversal.institution, reversal.transaction_id)
    LEFT JOIN proof.payment AS payment ON payment.direct_id = said.id
    LEFT JOIN proof.payment_line AS line ON line.payment_id = payment.id
    WHERE line.reversed_by = reversal.id AND line.amount_fen <> reversal.amount_fen
       OR said.recorded_at < reversal.recorded_at AND line.reversed_by IS DISTINCT FROM reversal.id
    UNION ALL
    SELECT concat('payment line ', line.id), line.region, 'a reversal of its number',
           concat_ws(' ', reversal.transaction_id, reversal.amount_fen), line.amount_fen
    FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
    LEFT JOIN proof.direct_reversal AS reversal ON reversal.id = line.reversed_by
    LEFT JOIN proof.suspense AS held ON held.payment_line_id = line.id
    WHERE line.reversed_by IS NOT NULL
      AND ((reversal.institution, reversal.transaction_id, reversal.amount_fen)
           IS DISTINCT FROM (payment.merchant_id, payment.transaction_id, line.amount_fen)
           OR line.counted_by IS NOT NULL OR held.state <> 'REVERSED')
       OR line.reversed_by IS NULL AND held.state = 'REVERSED'
    ORDER BY subject
"""
# What was taken back is booked back once, to the account that had it.
_BOOKED_BACK = f"""
    WITH line AS (
        SELECT line.reversed_by AS cause, line.region, greatest(reversal.reversed_on, payment.paid_on) AS day,
               concat(CASE line.state WHEN 'CREDITED' THEN 'premium' ELSE 'suspense' END, ' → ', {HELD_BY}) AS route,
               line.amount_fen AS fen
        FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
        JOIN proof.direct_reversal AS reversal ON reversal.id = line.reversed_by
    ), booked AS (
        SELECT caused_by AS cause, region, effective_on AS day, concat(debit, ' → ', credit) AS route,
               sum(amount_fen)::bigint AS fen
        FROM proof.transfer
        WHERE debit IN ('premium', 'suspense') AND (starts_with(credit, 'channel:') OR credit = 'tax_direct')
        GROUP BY 1, 2, 3, 4
    )
    SELECT concat('reversal ', coalesce(line.cause, booked.cause)) AS subject,
           coalesce(line.region, booked.region) AS region,
           coalesce(concat_ws(' ', line.route, line.fen, line.day), 'nothing taken back') AS expected,
           coalesce(concat_ws(' ', booked.route, booked.fen, booked.day), 'no such transfer') AS found,
           (coalesce(booked.fen, 0) - coalesce(line.fen, 0))::bigint AS fen
    FROM line FULL JOIN booked USING (cause, region, day, route)
    WHERE line.fen IS DISTINCT FROM booked.fen
    ORDER BY subject, found
"""  # noqa: S608 - a constant


async def collected(databases: Databases, findings: Findings) -> None:
    """What institutions said without an order ↔ payments ↔ what they took back ↔ the books."""
    findings.count_examined(await count(databases.payment, "direct_payment"))
    for sql in (_AS_SAID, _TAKEN_BACK, _BOOKED_BACK):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "COLLECTED_AS_SAID",
        "无订单代收与冲正逐笔一致",
        "What institutions collected and took back is booked so",
        "代收机构的缴费与冲正 ↔ 缴费明细 ↔ 冲正分录",
        collected,
    ),
)
