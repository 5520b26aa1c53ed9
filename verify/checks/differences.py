"""What differs from the channel's bills, compared with what each difference names, and how it ended."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

# A difference is one of these kinds: a payment that no file of its institution has, or that one has otherwise; a refund
# nobody asked for, a payment or a refund that no bill has (class 6), one
# that its bill calls failed (5), a payment or a refund that moved in a payout and that nothing of ours was counted for
# (2, 3, 4). What it names says the rest of it, to the day. What was counted for another movement leaves us with 0.
_DIFFERENCES_COMPARED = """
    WITH difference AS (
        SELECT * FROM proof.settlement_difference
    ), moved AS (
        SELECT difference.id, payout.id AS payout_id, payout.channel, payout.merchant_id, line.bill_id, line.line_no,
               line.kind, line.business_no, line.amount_fen, greatest(bill.bill_day, payout.paid_out_on) AS day,
               payout.region
        FROM difference JOIN proof.payout AS payout ON payout.id = difference.payout_id
        JOIN proof.channel_bill AS bill ON bill.id = difference.bill_id
         AND (bill.channel, bill.merchant_id, bill.kind) = (payout.channel, payout.merchant_id, 'FUND_FLOW')
        JOIN proof.bill_flow_line AS line
          ON (line.bill_id, line.line_no) = (difference.bill_id, difference.line_no)
         AND (bill.bill_day, line.line_no) > (payout.after_day, payout.after_line)
         AND (bill.bill_day, line.line_no) <= (payout.until_day, payout.until_line)
        WHERE difference.unasked_id IS NULL
    ), named AS (
        SELECT difference.id, 4 AS class, 'REFUND' AS kind, unasked.channel, unasked.merchant_id,
               payment.transaction_id, unasked.channel_refund_id, NULL::uuid AS payment_id, NULL::uuid AS refund_id,
               NULL::uuid AS payout_id, NULL::uuid AS bill_id, NULL::integer AS line_no, NULL::bigint AS ours_fen,
               unasked.amount_fen AS theirs_fen, 'OFFICE' AS owner, unasked.region,
               unasked.refunded_on AS from_day, unasked.refunded_on AS until_day
        FROM difference JOIN proof.unasked_refund AS unasked ON unasked.id = difference.unasked_id
        JOIN proof.payment_line AS line ON line.id = unasked.payment_line_id
        JOIN proof.payment AS payment ON payment.id = line.payment_id
        UNION ALL
        SELECT difference.id, 6, 'PAYMENT', payment.channel, payment.merchant_id, payment.transaction_id, NULL,
               payment.id, NULL, NULL, NULL, NULL, payment.amount_fen, NULL, 'CHANNEL', merchant.region,
               payment.paid_on + 1, payment.paid_on + 1
        FROM difference JOIN proof.payment AS payment ON payment.id = difference.payment_id
        JOIN proof.billed_merchant AS merchant
          ON (merchant.channel, merchant.merchant_id) = (payment.channel, payment.merchant_id)
        WHERE difference.unasked_id IS NULL AND difference.bill_id IS NULL AND difference.refund_id IS NULL
        UNION ALL
        SELECT difference.id, 6, 'PAYMENT', payment.channel, payment.merchant_id, payment.transaction_id, NULL,
               payment.id, NULL, NULL, NULL, NULL, payment.amount_fen, NULL, 'CHANNEL', said.region,
               said.business_date + 1, said.business_date + 1
        FROM difference JOIN proof.payment AS payment ON payment.id = difference.payment_id
        JOIN proof.direct_payment AS said ON said.id = payment.direct_id
        WHERE difference.theirs_fen IS NULL
        UNION ALL
        SELECT DISTINCT difference.id, 2, 'PAYMENT', payment.channel, payment.merchant_id, payment.transaction_id,
               NULL::text, payment.id, NULL::uuid, NULL::uuid, NULL::uuid, NULL::integer, payment.amount_fen,
               line.amount_fen, 'CHANNEL', file.region, file.file_day, file.file_day
        FROM difference JOIN proof.payment AS payment ON payment.id = difference.payment_id
        JOIN proof.channel_file_line AS line
          ON (line.institution, line.transaction_id, line.amount_fen, line.state)
             = (payment.merchant_id, payment.transaction_id, difference.theirs_fen, 'CONTESTED')
        JOIN proof.channel_file AS file ON (file.id, file.file_day) = (line.file_id, difference.since)
        WHERE payment.direct_id IS NOT NULL
        UNION ALL
        SELECT difference.id, 6, 'REFUND', refund.channel, refund.merchant_id, refund.transaction_id, NULL,
               payment.id, refund.id, NULL, NULL, NULL, refund.amount_fen, NULL, 'CHANNEL', merchant.region,
               refund.refunded_on + 1, refund.refunded_on + 1
        FROM difference JOIN proof.refund AS refund ON refund.id = difference.refund_id
        JOIN proof.payment AS payment ON (payment.channel, payment.merchant_id, payment.transaction_id)
                                         = (refund.channel, refund.merchant_id, refund.transaction_id)
        JOIN proof.billed_merchant AS merchant
          ON (merchant.channel, merchant.merchant_id) = (refund.channel, refund.merchant_id)
        WHERE difference.unasked_id IS NULL AND difference.bill_id IS NULL
        UNION ALL
        SELECT difference.id, 5, 'REFUND', bill.channel, bill.merchant_id, line.transaction_id, line.channel_refund_id,
               NULL, refund.id, NULL, line.bill_id, line.line_no, refund.amount_fen, 0, 'CHANNEL', bill.region,
               bill.bill_day, bill.bill_day + 1
        FROM difference JOIN proof.channel_bill AS bill ON bill.id = difference.bill_id
        JOIN proof.bill_trade_line AS line
          ON (line.bill_id, line.line_no, line.kind) = (difference.bill_id, difference.line_no, 'REFUND')
         AND line.outcome NOT IN ('SUCCESS', 'PROCESSING', 'CHANGE')
        JOIN proof.refund AS refund ON (refund.channel, refund.merchant_id, refund.refund_no)
                                       = (bill.channel, bill.merchant_id, line.refund_no)
        WHERE difference.unasked_id IS NULL AND difference.payout_id IS NULL
        UNION ALL
        SELECT moved.id, CASE WHEN difference.payment_id IS NULL THEN 4 ELSE 2 END, 'PAYMENT', moved.channel,
               moved.merchant_id, moved.business_no, NULL, payment.id, NULL, moved.payout_id, moved.bill_id,
               moved.line_no, CASE WHEN difference.ours_fen <> 0 THEN payment.amount_fen
                                   WHEN payment.id IS NOT NULL THEN 0 END,
               moved.amount_fen, CASE WHEN difference.payment_id IS NULL THEN 'OFFICE' ELSE 'CHANNEL' END,
               moved.region, moved.day, 'infinity'
        FROM moved JOIN difference USING (id)
        LEFT JOIN proof.payment AS payment
          ON (payment.id, payment.channel, payment.merchant_id, payment.transaction_id)
             = (difference.payment_id, moved.channel, moved.merchant_id, moved.business_no)
        WHERE moved.kind = 'PAYMENT'
        UNION ALL
        SELECT moved.id, CASE WHEN difference.ours_fen <> -moved.amount_fen THEN 2
                              WHEN difference.refund_id IS NULL THEN 4 ELSE 3 END,
               'REFUND', moved.channel, moved.merchant_id,
               (SELECT min(line.transaction_id) FROM proof.bill_trade_line AS line
                WHERE line.kind = 'REFUND' AND line.channel_refund_id = moved.business_no
                  AND line.transaction_id = difference.transaction_id),
               moved.business_no, NULL, refund.id, moved.payout_id, moved.bill_id, moved.line_no,
               CASE WHEN difference.ours_fen = 0 THEN 0 ELSE refund.amount_fen END, -moved.amount_fen, 'OFFICE',
               moved.region, moved.day, 'infinity'
        FROM moved JOIN difference USING (id)
        LEFT JOIN proof.refund AS refund ON (refund.id, refund.channel, refund.merchant_id)
                                            = (difference.refund_id, moved.channel, moved.merchant_id)
        WHERE moved.kind = 'REFUND'
    )
    SELECT concat('difference ', difference.id) AS subject, difference.region,
           CASE WHEN named.id IS NULL THEN 'a payment, refund or movement'
                ELSE concat_ws(' ', 'class', named.class, named.kind, named.owner, named.channel, named.merchant_id,
                               named.transaction_id, named.channel_refund_id, 'ours', named.ours_fen, 'theirs',
                               named.theirs_fen, 'since', named.from_day) END AS expected,
           concat_ws(' ', 'class', difference.class, difference.kind, difference.owner, difference.channel,
                     difference.merchant_id, difference.transaction_id, difference.channel_refund_id, 'ours',
                     difference.ours_fen, 'theirs', difference.theirs_fen, 'since', difference.since) AS found,
           coalesce(difference.theirs_fen, difference.ours_fen, 0) AS fen
    FROM difference LEFT JOIN named USING (id)
    WHERE (named.class, named.kind, named.channel, named.merchant_id, named.transaction_id, named.channel_refund_id,
           named.payment_id, named.refund_id, named.payout_id, named.bill_id, named.line_no, named.ours_fen,
           named.theirs_fen, named.owner, named.region)
          IS DISTINCT FROM
          (difference.class, difference.kind, difference.channel, difference.merchant_id, difference.transaction_id,
           difference.channel_refund_id, difference.payment_id, difference.refund_id, difference.payout_id,
           difference.bill_id, difference.line_no, difference.ours_fen, difference.theirs_fen, difference.owner,
           difference.region)
       OR difference.since NOT BETWEEN named.from_day AND named.until_day
    ORDER BY subject
"""
# It ends by the count of what it lacked, or by two people (whose approval BANK_STATEMENT looks at), on its day or
# later. What was counted once and taken back with its payout waits for the payout.
_DIFFERENCES_ENDED = """
    WITH difference AS (
        SELECT known.*, coalesce(payout.state, 'MET') = 'MET' AS settled
        FROM proof.settlement_difference AS known LEFT JOIN proof.payout AS payout ON payout.id = known.payout_id
    ), counted AS (
        SELECT difference.id, line.counted_by AS batch_id
        FROM difference JOIN proof.payment AS payment USING (channel, merchant_id, transaction_id)
        JOIN proof.payment_line AS line ON line.payment_id = payment.id
        WHERE difference.kind = 'PAYMENT' AND coalesce(difference.theirs_fen, payment.amount_fen) = payment.amount_fen
          AND (line.counted_by IS NOT NULL OR EXISTS (
              SELECT FROM proof.transfer AS booked WHERE booked.idempotency_key = concat('settled:', line.id)))
        UNION ALL
        SELECT difference.id, refund.deducted_by
        FROM difference JOIN proof.refund AS refund USING (channel, merchant_id)
        WHERE difference.kind = 'REFUND' AND refund.deducted_by IS NOT NULL
          AND (refund.id = difference.refund_id OR (refund.transaction_id, refund.amount_fen)
                                                  = (difference.transaction_id, difference.theirs_fen))
        UNION ALL
        SELECT difference.id, unasked.deducted_by
        FROM difference JOIN proof.unasked_refund AS unasked USING (channel, merchant_id, channel_refund_id)
        WHERE difference.kind = 'REFUND' AND difference.unasked_id IS NULL AND unasked.deducted_by IS NOT NULL
    ), ended AS (
        SELECT counted.id, coalesce(bool_or(payout.state = 'MET'), false) AS met
        FROM counted LEFT JOIN proof.remittance_batch AS batch ON batch.id = counted.batch_id
        LEFT JOIN proof.payout AS payout ON payout.id = batch.payout_id
        GROUP BY counted.id
    )
    SELECT concat('difference ', difference.id) AS subject, difference.region,
           CASE WHEN ended.id IS NULL THEN 'open, or closed by two people' ELSE 'closed by the count of it' END
           AS expected,
           concat_ws(' ', difference.state, difference.closed_because, difference.closed_on, difference.closed_by)
           AS found,
           coalesce(difference.theirs_fen, difference.ours_fen, 0) AS fen
    FROM difference LEFT JOIN ended USING (id)
    WHERE difference.state NOT IN ('OPEN', 'CLOSED')
       OR (difference.state = 'CLOSED') <> (difference.closed_because IS NOT NULL)
       OR (difference.state = 'CLOSED') <> (difference.closed_on IS NOT NULL)
       OR difference.closed_because NOT IN ('COUNTED', 'DECIDED', 'RECOVERED', 'FILED')
       OR difference.closed_because = 'FILED' AND NOT EXISTS (
           SELECT FROM proof.channel_file_line AS line
           WHERE (line.institution, line.transaction_id, line.kind)
                 = (difference.merchant_id, difference.transaction_id, 'PAYMENT') AND line.fault IS NULL)
       OR difference.closed_because = 'RECOVERED' AND difference.unasked_id IS NULL
       OR difference.closed_by IS NULL AND difference.closed_because = 'DECIDED'
       OR difference.closed_by IS NOT NULL AND difference.state = 'OPEN'
       OR difference.closed_on < difference.since
       OR difference.closed_because = 'COUNTED' AND difference.settled
          AND (ended.id IS NULL OR difference.unasked_id IS NOT NULL OR difference.ours_fen = 0)
       OR difference.closed_because IS DISTINCT FROM 'COUNTED' AND ended.met
          AND difference.unasked_id IS NULL AND difference.ours_fen IS DISTINCT FROM 0
    ORDER BY subject
"""
# What a channel gave back unasked is of a payment's line, by the word of its notice or its bill, and booked as such.
_UNASKED_REFUNDS = """
    SELECT concat('refund nobody asked for ', unasked.id) AS subject, unasked.region,
           concat_ws(' ', line.enrolment_id, line.benefit_year, payment.channel, payment.merchant_id, 'by',
                     booked.caused_by) AS expected,
           concat_ws(' ', unasked.enrolment_id, unasked.benefit_year, unasked.channel, unasked.merchant_id, 'by',
                     unasked.caused_by) AS found, unasked.amount_fen AS fen
    FROM proof.unasked_refund AS unasked LEFT JOIN proof.payment_line AS line ON line.id = unasked.payment_line_id
    LEFT JOIN proof.payment AS payment ON payment.id = line.payment_id
    LEFT JOIN proof.transfer AS booked ON booked.idempotency_key = concat('refunded_unasked:', unasked.id)
    WHERE (line.enrolment_id, line.benefit_year, line.region, payment.channel, payment.merchant_id)
          IS DISTINCT FROM (unasked.enrolment_id, unasked.benefit_year, unasked.region, unasked.channel,
                            unasked.merchant_id)
       OR (booked.enrolment_id, booked.benefit_year, booked.region, booked.amount_fen, booked.effective_on,
           booked.caused_by)
          IS DISTINCT FROM (unasked.enrolment_id, unasked.benefit_year, unasked.region, unasked.amount_fen,
                            unasked.refunded_on, unasked.caused_by)
       OR NOT EXISTS (SELECT FROM proof.notice AS cause WHERE cause.id = unasked.caused_by AND cause.kind = 'REFUND')
          AND NOT EXISTS (SELECT FROM proof.channel_bill AS cause WHERE cause.id = unasked.caused_by)
    ORDER BY subject
"""
# A payout is held where no movements add up to it, or where one of them is neither a payment nor a refund; those that
# two people released expect what people paid less what they got back.
_PAYOUT_FAULTS = """
    WITH moved AS (
        SELECT payout.id, sum(line.amount_fen) FILTER (WHERE line.kind IN ('FEE', 'OTHER')) AS fen,
               sum(line.amount_fen) FILTER (WHERE line.kind IN ('PAYMENT', 'REFUND')) AS peoples_fen
        FROM proof.bill_flow_line AS line JOIN proof.channel_bill AS bill ON bill.id = line.bill_id
        JOIN proof.payout AS payout ON (payout.channel, payout.merchant_id) = (bill.channel, bill.merchant_id)
         AND (bill.bill_day, line.line_no) > (payout.after_day, payout.after_line)
         AND (bill.bill_day, line.line_no) <= (payout.until_day, payout.until_line)
        WHERE line.kind <> 'PAYOUT' AND line.amount_fen <> 0 GROUP BY 1
    )
    SELECT concat('payout ', payout.channel, ' ', payout.merchant_id, ' ', payout.paid_out_on) AS subject,
           payout.region,
           CASE WHEN moved.fen IS NOT NULL THEN concat('held or released for ', moved.fen)
                WHEN payout.until_day IS NULL THEN 'held, or of days before the first bill'
                ELSE 'nothing wrong with it' END AS expected,
           concat_ws(' ', payout.state, payout.fault, payout.unusual_fen) AS found, payout.amount_fen AS fen
    FROM proof.payout AS payout LEFT JOIN moved USING (id)
    WHERE payout.fault IS DISTINCT FROM CASE WHEN payout.state <> 'HELD' THEN NULL
                                             WHEN payout.until_day IS NULL THEN 'NOT_COVERED'
                                             ELSE 'UNUSUAL_MOVEMENT' END
       OR moved.fen IS NULL AND payout.fault = 'UNUSUAL_MOVEMENT'
       OR moved.fen IS NOT NULL AND payout.state <> 'HELD' AND payout.released_by IS NULL
       OR payout.until_day IS NULL AND payout.state NOT IN ('HELD', 'BEFORE', 'DECIDED')
       OR payout.unusual_fen <> CASE WHEN payout.released_by IS NULL THEN 0
                                    ELSE payout.amount_fen - coalesce(moved.peoples_fen, 0) END
    ORDER BY subject
"""


async def differences(databases: Databases, findings: Findings) -> None:
    """Each difference is what its payment, refund or movement makes of it, and ended by something that happened."""
    for table in ("settlement_difference", "unasked_refund", "payout"):
        findings.count_examined(await count(databases.payment, table))
    for sql in (_DIFFERENCES_COMPARED, _DIFFERENCES_ENDED, _UNASKED_REFUNDS, _PAYOUT_FAULTS):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "DIFFERENCES_PROVED",
        "对账差异逐笔有据",
        "Each difference is one by what it names, and ended by what happened",
        "对账差异 ↔ 账单行、收款、退款与出款（类别、责任方、金额、日期、结案原因）；"
        "渠道主动退款 ↔ 缴费明细与分录；出款的原因 ↔ 账单各笔",
        differences,
    ),
)
