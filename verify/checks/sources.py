"""Where money came from and went: bills, suspended money, refunds and deposits fit the rows that they name."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

# A paid bill names the payment's line or the receipt that paid it, its day and its channel.
_BILL_SOURCES = """
    WITH source AS (
        SELECT line.id, line.enrolment_id, line.benefit_year, line.region, line.amount_fen,
               coalesce(decision.applied_on, payment.paid_on) AS day, payment.channel
        FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
        LEFT JOIN proof.suspense AS held ON held.payment_line_id = line.id AND held.state = 'MATCHED'
        LEFT JOIN proof.suspense_decision AS decision ON decision.suspense_id = held.id AND decision.kind = 'MATCH'
        WHERE line.state = 'CREDITED'
        UNION ALL
        SELECT id, enrolment_id, benefit_year, region, amount_fen, received_on, 'VILLAGE_CASH'
        FROM proof.cash_receipt WHERE state = 'WRITTEN_OFF'
    ), paid AS (SELECT * FROM proof.bill WHERE state = 'PAID')
    SELECT concat(CASE WHEN paid.id IS NULL THEN 'source ' ELSE 'bill ' END, coalesce(paid.id, source.id)) AS subject,
           coalesce(paid.region, source.region) AS region,
           coalesce(concat_ws(' ', source.enrolment_id, source.benefit_year, source.region, source.amount_fen,
                              source.day, source.channel), 'its money') AS expected,
           coalesce(concat_ws(' ', paid.enrolment_id, paid.benefit_year, paid.region, paid.due_fen, paid.paid_on,
                              paid.paid_through), 'no bill') AS found,
           (coalesce(paid.due_fen, 0) - coalesce(source.amount_fen, 0))::bigint AS fen
    FROM paid FULL JOIN source ON source.id = paid.paid_by
    WHERE (source.enrolment_id, source.benefit_year, source.region, source.amount_fen, source.day, source.channel)
          IS DISTINCT FROM (paid.enrolment_id, paid.benefit_year, paid.region, paid.due_fen, paid.paid_on,
                            paid.paid_through)
    ORDER BY subject
"""
# The line that pays a bill names it; money that pays none names none.
_BILL_OF_LINE = """
    SELECT concat('payment line ', line.id) AS subject, line.region, coalesce(bill.id::text, 'no bill') AS expected,
           coalesce(line.bill_id::text, 'no bill') AS found, line.amount_fen AS fen
    FROM proof.payment_line AS line LEFT JOIN proof.bill AS bill ON bill.paid_by = line.id AND bill.state = 'PAID'
    WHERE bill.id IS DISTINCT FROM line.bill_id ORDER BY line.id
"""
# Aid is booked for a paid bill as the bill says, on the day on which it was paid, for the year of the bill.
_BILL_AID = """
    SELECT concat('bill ', bill.id) AS subject, bill.region, coalesce(bill.aided_fen, 0)::text AS expected,
           coalesce(aid.fen, 0)::text AS found, (coalesce(aid.fen, 0) - coalesce(bill.aided_fen, 0))::bigint AS fen
    FROM proof.bill AS bill
    LEFT JOIN (
        SELECT enrolment_id, benefit_year, effective_on, sum(amount_fen) AS fen FROM proof.transfer
        WHERE credit = 'aided' GROUP BY 1, 2, 3
    ) AS aid ON (aid.enrolment_id, aid.benefit_year, aid.effective_on)
                = (bill.enrolment_id, bill.benefit_year, bill.paid_on)
    WHERE bill.state = 'PAID' AND (coalesce(aid.fen, 0) <> bill.aided_fen OR bill.superseded_because IS NOT NULL)
    ORDER BY bill.id
"""
# What was booked for a person is booked under the year of a bill of theirs.
_YEARS = """
    SELECT concat('bill ', bill.id) AS subject, bill.region, booked.benefit_year::text AS expected,
           bill.benefit_year::text AS found, 0 AS fen
    FROM proof.bill AS bill JOIN (
        SELECT enrolment_id, min(benefit_year) AS benefit_year FROM proof.transfer
        WHERE credit IN ('premium', 'aided') GROUP BY 1
    ) AS booked ON booked.enrolment_id = bill.enrolment_id
    WHERE bill.state IN ('PAID', 'NOTHING_DUE') AND booked.benefit_year IS DISTINCT FROM bill.benefit_year
    ORDER BY bill.id
"""
# Of what was matched later, the books say whose it was thought to be.
_SUSPENDED = """
    WITH source AS (
        SELECT line.id, payment.notice_id, payment.channel, payment.merchant_id, payment.order_no,
               payment.transaction_id, line.enrolment_id, line.benefit_year, line.region, line.amount_fen,
               payment.amount_fen AS paid_fen, payment.paid_on
        FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
        WHERE line.state = 'SUSPENDED'
        UNION ALL
        SELECT line.id, payment.notice_id, payment.channel, payment.merchant_id, payment.order_no,
               payment.transaction_id, booked.enrolment_id, booked.benefit_year, booked.region, line.amount_fen,
               payment.amount_fen, payment.paid_on
        FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
        JOIN proof.suspense AS matched ON matched.payment_line_id = line.id AND matched.state = 'MATCHED'
        LEFT JOIN proof.transfer AS booked ON booked.idempotency_key = concat_ws(':', 'suspended', payment.channel,
            payment.merchant_id, payment.transaction_id, coalesce(matched.enrolment_id::text, 'None'))
        WHERE line.state = 'CREDITED'
    ), held AS (SELECT * FROM proof.suspense WHERE payment_line_id IS NOT NULL)
    SELECT concat('suspense ', coalesce(held.id, source.id)) AS subject, coalesce(held.region, source.region) AS region,
           concat_ws(' ', source.channel, source.transaction_id, source.order_no, source.enrolment_id,
                     source.benefit_year, source.amount_fen, 'of', source.paid_fen, source.paid_on) AS expected,
           concat_ws(' ', held.channel, held.transaction_id, held.order_no, held.enrolment_id, held.benefit_year,
                     held.amount_fen, 'of', held.paid_fen, held.suspended_on) AS found,
           (coalesce(held.amount_fen, 0) - coalesce(source.amount_fen, 0))::bigint AS fen
    FROM held FULL JOIN source ON source.id = held.payment_line_id
    WHERE (source.notice_id, source.channel, source.merchant_id, source.order_no, source.transaction_id,
           source.enrolment_id, source.benefit_year, source.region, source.amount_fen, source.paid_fen, source.paid_on)
          IS DISTINCT FROM (held.notice_id, held.channel, held.merchant_id, held.order_no, held.transaction_id,
           held.enrolment_id, held.benefit_year, held.region, held.amount_fen, held.paid_fen, held.suspended_on)
    ORDER BY subject
"""
# A refund is of suspended money, all of it; the suspense stands where its refund stands, and the books moved with both.
_REFUNDS = """
    WITH booked AS (
        SELECT caused_by, enrolment_id, amount_fen, effective_on FROM proof.transfer
        WHERE kind = 'suspense_refund_decided'
    )
    SELECT concat(CASE WHEN refund.id IS NULL THEN 'suspense ' ELSE 'refund ' END, coalesce(refund.id, held.id))
           AS subject, coalesce(refund.region, held.region) AS region,
           concat_ws(' ', held.channel, held.transaction_id, held.enrolment_id, held.benefit_year, held.amount_fen,
                     'of', held.paid_fen, held.reason, held.state, held.suspended_on, booked.effective_on) AS expected,
           concat_ws(' ', refund.channel, refund.transaction_id, refund.enrolment_id, refund.benefit_year,
                     refund.refund_no, refund.amount_fen, 'of', refund.paid_fen, refund.reason,
                     refund.state, refund.requested_on, refund.approved_on) AS found,
           coalesce(refund.amount_fen, held.amount_fen) AS fen
    FROM proof.refund AS refund FULL JOIN proof.suspense AS held ON held.id = refund.suspense_id
    LEFT JOIN booked ON booked.caused_by = refund.id
    WHERE refund.id IS NULL AND held.state NOT IN ('HELD', 'CONTESTED', 'RECOVERED', 'MATCHED')
       OR refund.id IS NOT NULL AND (
        held.id IS NULL
        OR (held.channel, held.merchant_id, held.transaction_id, held.enrolment_id, held.benefit_year, held.region,
            held.amount_fen, held.paid_fen, held.reason)
           IS DISTINCT FROM (refund.channel, refund.merchant_id, refund.transaction_id, refund.enrolment_id,
            refund.benefit_year, refund.region, refund.amount_fen, refund.paid_fen, refund.reason)
        OR (held.state = 'REFUNDED') <> (refund.state = 'PAID')
        OR held.state <> CASE refund.state WHEN 'REQUESTED' THEN 'HELD' WHEN 'PAID' THEN 'REFUNDED'
              WHEN 'WITHDRAWN' THEN CASE held.state WHEN 'MATCHED' THEN 'MATCHED' ELSE 'HELD' END
              ELSE 'REFUNDING' END
        OR refund.state = 'WITHDRAWN' AND NOT EXISTS (
            SELECT FROM proof.suspense_decision AS decision
            WHERE decision.suspense_id = held.id AND decision.kind IN ('MATCH', 'CARRY_OVER'))
        OR (refund.approved_on IS NULL) <> (booked.caused_by IS NULL) OR refund.requested_on < held.suspended_on
        OR NOT starts_with(refund.refund_no, concat('R', replace(refund.id::text, '-', ''), 'T')) AND NOT EXISTS (
            SELECT FROM proof.notice AS said
            WHERE said.kind = 'REFUND' AND said.outcome = 'SUCCESS'
              AND (said.channel, said.merchant_id, said.refund_no, said.transaction_id)
                  = (refund.channel, refund.merchant_id, refund.refund_no, refund.transaction_id)
        ) AND NOT EXISTS (
            SELECT FROM proof.bill_trade_line AS line JOIN proof.channel_bill AS bill ON bill.id = line.bill_id
            WHERE line.kind = 'REFUND'
              AND (bill.channel, bill.merchant_id, line.refund_no, line.transaction_id)
                  = (refund.channel, refund.merchant_id, refund.refund_no, refund.transaction_id)
        )
        OR (refund.refund_no LIKE '%T1' AND booked.effective_on <> refund.approved_on)
        OR booked.effective_on > refund.approved_on OR refund.requested_on > refund.approved_on
        OR refund.refunded_on < held.suspended_on)
    ORDER BY subject
"""
# Money makes good what a channel gave back unasked of the same person, to the fen, and that closes its difference.
_RECOVERED = """
    WITH missing AS (
        SELECT refund.recovered_by, sum(refund.amount_fen)::bigint AS fen, min(refund.region) AS region,
               array_agg(DISTINCT refund.enrolment_id) AS people,
               bool_and(difference.closed_because IS NOT DISTINCT FROM 'RECOVERED') AS closed,
               min(refund.refunded_on) AS since
        FROM proof.unasked_refund AS refund
        LEFT JOIN proof.settlement_difference AS difference ON difference.unasked_id = refund.id
        WHERE refund.recovered_by IS NOT NULL GROUP BY 1
    ), held AS (SELECT * FROM proof.suspense WHERE state = 'RECOVERED')
    SELECT concat('suspense ', coalesce(held.id, missing.recovered_by)) AS subject,
           coalesce(held.region, missing.region) AS region,
           concat_ws(' ', missing.people, missing.fen, missing.since,
                     CASE WHEN NOT missing.closed THEN 'and an open difference' END) AS expected,
           concat_ws(' ', held.enrolment_id, held.amount_fen, held.suspended_on, held.reason) AS found,
           (coalesce(held.amount_fen, 0) - coalesce(missing.fen, 0))::bigint AS fen
    FROM held FULL JOIN missing ON missing.recovered_by = held.id
    WHERE (ARRAY[held.enrolment_id], held.amount_fen, true)
          IS DISTINCT FROM (missing.people, missing.fen, missing.closed)
       OR held.suspended_on < missing.since OR held.reason <> 'BILL_ALREADY_PAID'
    UNION ALL
    SELECT concat('difference ', difference.id), difference.region, 'a refund that was paid again',
           difference.closed_because, coalesce(difference.theirs_fen, 0)
    FROM proof.settlement_difference AS difference
    LEFT JOIN proof.unasked_refund AS refund ON refund.id = difference.unasked_id
    WHERE difference.closed_because = 'RECOVERED' AND refund.recovered_by IS NULL
    ORDER BY subject
"""
# A premium goes to the treasury once: where a payment was given back before it was on its way, the one that made it
# good goes in its place, and nothing else leaves its place or takes one.
_IN_PLACE = """
    WITH placed AS (
        SELECT line.id AS leaving, paid.id AS taking, line.region, line.premium = false AS left_it,
               paid.premium AS took, refund.amount_fen AS fen, refund.amount_fen = line.amount_fen AS whole,
               coalesce(line.premium, line.state = 'CREDITED') AND line.settled_on IS NULL
                   AND line.counted_by IS NOT NULL AS nowhere
        FROM proof.unasked_refund AS refund JOIN proof.payment_line AS line ON line.id = refund.payment_line_id
        JOIN proof.suspense AS held ON held.id = refund.recovered_by
        JOIN proof.payment_line AS paid ON paid.id = held.payment_line_id
    )
    SELECT concat('payment line ', leaving) AS subject, region, 'one premium on its way' AS expected,
           concat_ws(' ', CASE WHEN left_it THEN 'left its place' END, 'to', taking, took) AS found, fen
    FROM placed WHERE left_it AND (NOT whole OR took IS NULL) OR whole AND nowhere
    UNION ALL
    SELECT concat('payment line ', line.id), line.region, 'as its state says', concat('premium ', line.premium),
           line.amount_fen
    FROM proof.payment_line AS line
    WHERE line.premium IS NOT NULL
      AND NOT EXISTS (SELECT FROM placed WHERE placed.leaving = line.id AND placed.left_it)
      AND NOT EXISTS (SELECT FROM placed WHERE placed.taking = line.id AND placed.left_it AND placed.took)
    ORDER BY subject
"""
# A channel settled a line on the day on which the bank booked it, for the first time or after that was taken back; a
# receipt was deposited on the day of its line.
_DAYS = """
    SELECT concat('payment line ', line.id) AS subject, line.region, booked.effective_on::text AS expected,
           line.settled_on::text AS found, line.amount_fen AS fen
    FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
    LEFT JOIN LATERAL (
        SELECT max(settled.effective_on) AS effective_on FROM proof.transfer AS settled
        WHERE settled.kind = 'settled' AND settled.idempotency_key = concat('settled:', line.id)
    ) AS booked ON true
    WHERE line.settled_on IS NOT NULL AND booked.effective_on IS DISTINCT FROM line.settled_on AND NOT EXISTS (
        SELECT FROM generate_series(1, 99) AS again JOIN proof.transfer AS settled
          ON settled.idempotency_key = concat('settled:', line.id, ':', again)
        WHERE settled.kind = 'settled' AND settled.effective_on = line.settled_on)
    UNION ALL
    SELECT concat('receipt ', receipt.receipt_no), receipt.region, string_agg(DISTINCT line.booked_on::text, ', '),
           receipt.deposited_on::text, receipt.amount_fen
    FROM proof.cash_receipt AS receipt LEFT JOIN proof.bank_line AS line
      ON line.batch_id = receipt.batch_id AND line.kind = 'DEPOSIT' AND line.reversed_on IS NULL
    WHERE receipt.deposited_on IS NOT NULL
    GROUP BY receipt.id, receipt.receipt_no, receipt.region, receipt.deposited_on, receipt.amount_fen
    HAVING NOT coalesce(bool_or(line.booked_on = receipt.deposited_on), false)
    ORDER BY subject
"""


async def sources(databases: Databases, findings: Findings) -> None:
    """Bill ↔ what paid it; suspended money ↔ the payment it is of; refund ↔ suspense; days ↔ the books."""
    findings.count_examined(await count(databases.payment, "bill"))
    for sql in (_BILL_SOURCES, _BILL_OF_LINE, _BILL_AID, _YEARS, _SUSPENDED, _REFUNDS, _RECOVERED, _IN_PLACE, _DAYS):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "MONEY_HAS_A_SOURCE",
        "每笔款项来源一致",
        "Bills, suspense and refunds fit the money behind them",
        "缴费单 ↔ 缴费明细或收据（日期、渠道、金额）；待查 ↔ 缴费；退费 ↔ 待查；到账日 ↔ 分录",
        sources,
    ),
)
