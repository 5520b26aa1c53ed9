"""Suspended money and what two people decided about it: each decision is approved, and happened as it says."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

# A decision has the id of its approval: of its act, about this sum, by another than its proposer, on its day. What was
# approved was done.
_DECIDED_BY_TWO = """
    WITH approved AS (
        SELECT * FROM proof.approval
        WHERE act IN ('match_suspense', 'refund_suspense', 'carry_over_suspense') AND state = 'APPROVED'
    )
    SELECT concat('decision ', coalesce(decision.id, approved.id)) AS subject,
           coalesce(decision.region, approved.region) AS region,
           coalesce(concat_ws(' ', approved.act, approved.subject, approved.decided_on), 'two people') AS expected,
           coalesce(concat_ws(' ', decision.kind, decision.suspense_id, decision.decided_on), 'no decision') AS found,
           0::bigint AS fen
    FROM proof.suspense_decision AS decision FULL JOIN approved ON approved.id = decision.id
    WHERE (approved.act, approved.subject, approved.decided_on)
          IS DISTINCT FROM (concat(lower(decision.kind), '_suspense'), decision.suspense_id::text, decision.decided_on)
       OR upper(normalize(approved.decided_by, NFKC)) = upper(normalize(approved.proposed_by, NFKC))
    ORDER BY subject
"""
# Matched money pays the bill of its decision, by the part of the payment that it is, on its payment's day; what was
# carried over before pays its own person's bill of that year, not before that day. Nothing else is called matched.
_MATCH_HELD = """
    WITH decided AS (
        SELECT decision.*, carried.benefit_year AS carried_to FROM proof.suspense_decision AS decision
        LEFT JOIN LATERAL (
            SELECT earlier.benefit_year FROM proof.suspense_decision AS earlier
            WHERE earlier.suspense_id = decision.suspense_id AND earlier.kind = 'CARRY_OVER'
            ORDER BY earlier.id DESC LIMIT 1
        ) AS carried ON true
        WHERE decision.kind = 'MATCH'
    )
    SELECT concat('suspense ', coalesce(held.id, decided.suspense_id)) AS subject,
           coalesce(held.region, decided.region) AS region,
           coalesce(concat_ws(' ', decided.region, 'bill', decided.bill_id, decided.applied_on, decided.carried_to),
                    'two people''s decision') AS expected,
           concat_ws(' ', held.state, held.region, 'line', line.state, line.bill_id, held.suspended_on, 'bill',
                     bill.paid_by, bill.paid_on, bill.benefit_year) AS found,
           coalesce(held.amount_fen, 0) AS fen
    FROM decided FULL JOIN (SELECT * FROM proof.suspense WHERE state = 'MATCHED') AS held
      ON held.id = decided.suspense_id
    LEFT JOIN proof.payment_line AS line ON line.id = held.payment_line_id
    LEFT JOIN proof.bill AS bill ON bill.id = decided.bill_id
    WHERE (decided.region, decided.bill_id, decided.applied_on, 'CREDITED', held.payment_line_id)
          IS DISTINCT FROM (held.region, line.bill_id, bill.paid_on, line.state, bill.paid_by)
       OR CASE WHEN decided.carried_to IS NULL THEN decided.applied_on <> held.suspended_on
               ELSE decided.applied_on < held.suspended_on OR decided.carried_to <> bill.benefit_year END
    ORDER BY subject
"""
# It left suspense for the premium of its bill, once and to the fen; under another person or place it moved there first.
_MATCH_BOOKED = """
    WITH booked AS (
        SELECT caused_by, concat_ws(' ', kind, split_part(debit, ':', 1), split_part(credit, ':', 1), amount_fen,
                                    region, enrolment_id, benefit_year) AS said, region
        FROM proof.transfer WHERE kind IN ('suspense_matched', 'suspense_left', 'suspense_arrived')
    ), decided AS (
        SELECT decision.id, held.amount_fen, held.region AS left_region, held.enrolment_id AS left_enrolment,
               held.benefit_year AS left_year, bill.region, bill.enrolment_id, bill.benefit_year,
               CASE WHEN decision.batch_id IS NULL THEN 'channel' ELSE 'pending' END AS lies_in
        FROM proof.suspense_decision AS decision JOIN proof.suspense AS held ON held.id = decision.suspense_id
        JOIN proof.bill AS bill ON bill.id = decision.bill_id
    ), due AS (
        SELECT id, region, concat_ws(' ', 'suspense_matched suspense premium', amount_fen, region, enrolment_id,
                                     benefit_year) AS said
        FROM decided
        UNION ALL
        SELECT id, left_region, concat_ws(' ', 'suspense_left suspense', lies_in, amount_fen, left_region,
                                          left_enrolment, left_year)
        FROM decided WHERE (left_region, left_enrolment) IS DISTINCT FROM (region, enrolment_id)
        UNION ALL
        SELECT id, region, concat_ws(' ', 'suspense_arrived', lies_in, 'suspense', amount_fen, region, enrolment_id,
                                     benefit_year)
        FROM decided WHERE (left_region, left_enrolment) IS DISTINCT FROM (region, enrolment_id)
    )
    SELECT concat('decision ', coalesce(due.id, booked.caused_by)) AS subject,
           coalesce(due.region, booked.region) AS region, coalesce(due.said, 'no transfer') AS expected,
           coalesce(booked.said, 'no transfer') AS found, 0::bigint AS fen
    FROM due FULL JOIN booked ON booked.caused_by = due.id AND booked.said = due.said
    WHERE due.id IS NULL OR booked.caused_by IS NULL
    ORDER BY subject, expected
"""
# What its channel had paid out goes on in a part of its settlement, of this contribution alone.
_MATCH_ON_ITS_WAY = """
    SELECT concat('decision ', decision.id) AS subject, decision.region,
           concat_ws(' ', 'one line of', held.payment_line_id, held.channel, held.merchant_id) AS expected,
           concat_ws(' ', batch.line_count, 'lines,', line.source_id, batch.channel, batch.merchant_id) AS found,
           held.amount_fen AS fen
    FROM proof.suspense_decision AS decision JOIN proof.suspense AS held ON held.id = decision.suspense_id
    LEFT JOIN proof.remittance_batch AS batch ON batch.id = decision.batch_id
    LEFT JOIN proof.remittance_line AS line ON line.batch_id = batch.id
    WHERE decision.batch_id IS NOT NULL
      AND (batch.line_count, line.source_id, batch.channel, batch.merchant_id, line.amount_fen)
          IS DISTINCT FROM (1, held.payment_line_id, held.channel, held.merchant_id, held.amount_fen)
    ORDER BY subject
"""
# Money that two people sent back is on its way or back.
_SENT_BACK = """
    SELECT concat('decision ', decision.id) AS subject, decision.region, 'its refund' AS expected,
           coalesce(concat_ws(' ', refund.state, refund.approved_on), 'no refund') AS found,
           coalesce(refund.amount_fen, 0) AS fen
    FROM proof.suspense_decision AS decision LEFT JOIN proof.refund AS refund
      ON refund.suspense_id = decision.suspense_id
    WHERE decision.kind = 'REFUND'
      AND (refund.approved_on IS NULL OR refund.approved_on < decision.decided_on)
    ORDER BY subject
"""


async def decisions(databases: Databases, findings: Findings) -> None:
    """Decision ↔ approval ↔ suspense, part of the payment, bill, books, and way to the treasury or back."""
    findings.count_examined(await count(databases.payment, "suspense"))
    for sql in (_DECIDED_BY_TWO, _MATCH_HELD, _MATCH_BOOKED, _MATCH_ON_ITS_WAY, _SENT_BACK):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "SUSPENSE_DECIDED",
        "待查款项的处理经两人决定",
        "What became of suspended money was decided by two",
        "待查处理 ↔ 审批 ↔ 缴费明细、缴费单、分录、上解批次、退费",
        decisions,
    ),
)
