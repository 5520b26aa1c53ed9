"""Why money moved: every transfer has a cause that exists and fits, every batch stands where its last step left it."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

# What causes which transfer. Aid of who owes nothing is caused by the assessment's event, so aid may have none here.
# The channel's bill alone may bring money into suspense or say that some went back, never credit anybody. A settlement
# that was reversed is the cause only of what was taken back with it.
_CAUSE = """
    CASE
        WHEN kind IN ('premium_received', 'suspended', 'refunded')
            THEN EXISTS (SELECT FROM proof.notice AS cause WHERE cause.id = moved.caused_by)
                 OR kind <> 'premium_received'
                 AND EXISTS (SELECT FROM proof.channel_bill AS cause WHERE cause.id = moved.caused_by)
        WHEN kind IN ('settled', 'refund_deducted', 'deposit_matched', 'deposit_short', 'shortage_paid',
                      'cash_imported', 'import_failed')
            THEN EXISTS (SELECT FROM proof.bank_line AS cause WHERE cause.id = moved.caused_by
                         AND cause.booked_on = moved.effective_on
                         AND cause.kind = CASE WHEN moved.kind IN ('settled', 'refund_deducted')
                                               THEN 'SETTLEMENT' ELSE 'DEPOSIT' END
                         AND (cause.reversed_on IS NULL OR cause.kind = 'DEPOSIT'
                              OR EXISTS (SELECT FROM proof.remittance_batch AS batch
                                         WHERE batch.id = moved.batch_id AND batch.state = 'REVERSED')))
        WHEN kind IN ('deposit_unmatched', 'deposit_short_reversed', 'shortage_paid_reversed')
            THEN EXISTS (SELECT FROM proof.remittance_batch AS cause WHERE cause.id = moved.caused_by)
        WHEN kind IN ('remitted', 'received_in_treasury', 'returned')
            THEN EXISTS (SELECT FROM proof.remittance_step AS cause WHERE cause.id = moved.caused_by
                         AND cause.batch_id = moved.batch_id AND cause.effective_on = moved.effective_on
                         AND cause.to_state = CASE moved.kind WHEN 'remitted' THEN 'REMITTED'
                             WHEN 'returned' THEN 'RETURNED' ELSE 'TREASURY_CONFIRMED' END)
        WHEN kind IN ('receipt_taken', 'refund_cash_fetched', 'refund_cash_signed_for')
            THEN EXISTS (SELECT FROM proof.cash_receipt AS cause WHERE cause.id = moved.caused_by
                         AND (moved.kind <> 'receipt_taken' OR cause.received_on = moved.effective_on))
        WHEN kind = 'refund_recovered'
            THEN EXISTS (SELECT FROM proof.notice AS cause WHERE cause.id = moved.caused_by)
        WHEN kind IN ('suspense_matched', 'suspense_left', 'suspense_arrived')
            THEN EXISTS (SELECT FROM proof.suspense_decision AS cause
                         WHERE cause.id = moved.caused_by AND cause.kind = 'MATCH'
                           AND cause.decided_on = moved.effective_on)
        WHEN kind = 'suspense_refund_decided'
            THEN EXISTS (SELECT FROM proof.refund AS cause WHERE cause.id = moved.caused_by)
        ELSE true
    END
"""
_CAUSES = f"""
    SELECT concat('transfer ', id) AS subject, region, 'a cause of its kind and day' AS expected,
           concat_ws(' ', kind, 'by', caused_by, 'on', effective_on) AS found, amount_fen AS fen
    FROM proof.transfer AS moved WHERE NOT {_CAUSE} ORDER BY id
"""  # noqa: S608 - a constant
# What a channel settled is in its batch of that channel; what a village deposited is in the batch of its statement.
_BATCH_OF = """
    SELECT concat('transfer ', moved.id) AS subject, moved.region, 'a batch of its kind and place' AS expected,
           concat_ws(' ', moved.kind, 'in', moved.batch_id, batch.kind, batch.channel) AS found, moved.amount_fen AS fen
    FROM proof.transfer AS moved LEFT JOIN proof.remittance_batch AS batch ON batch.id = moved.batch_id
    WHERE moved.kind IN ('settled', 'refund_deducted', 'deposit_matched', 'deposit_unmatched', 'deposit_short',
                         'deposit_short_reversed', 'shortage_paid', 'shortage_paid_reversed', 'cash_imported',
                         'import_failed', 'remitted', 'received_in_treasury', 'returned')
      AND (batch.id IS NULL
           OR moved.kind IN ('settled', 'refund_deducted') AND (batch.kind <> 'ONLINE'
                OR concat('channel:', batch.channel) NOT IN (moved.debit, moved.credit))
           OR moved.kind NOT IN ('settled', 'refund_deducted', 'remitted', 'received_in_treasury', 'returned')
                AND (batch.kind <> 'ENTRUSTED_CASH' OR batch.region <> moved.region))
    ORDER BY moved.id
"""
# Cash by cash: what the books hold as deposited under a batch is what the batch's receipts say.
_DEPOSITED = """
    WITH booked AS (
        SELECT batch_id, enrolment_id,
               sum(CASE WHEN kind IN ('deposit_matched', 'shortage_paid') THEN amount_fen ELSE -amount_fen END) AS fen
        FROM proof.transfer
        WHERE kind IN ('deposit_matched', 'deposit_unmatched', 'shortage_paid', 'shortage_paid_reversed')
          AND batch_id NOT IN (SELECT id FROM proof.remittance_batch WHERE state = 'SHORT')
        GROUP BY 1, 2
    ), receipt AS (
        SELECT batch_id, enrolment_id, sum(amount_fen) AS fen, min(region) AS region FROM proof.cash_receipt
        WHERE deposited_on IS NOT NULL GROUP BY 1, 2
    )
    SELECT concat('batch ', batch_id, ' ', enrolment_id) AS subject, receipt.region,
           coalesce(receipt.fen, 0)::text AS expected, coalesce(booked.fen, 0)::text AS found,
           (coalesce(booked.fen, 0) - coalesce(receipt.fen, 0))::bigint AS fen
    FROM booked FULL JOIN receipt USING (batch_id, enrolment_id)
    WHERE coalesce(booked.fen, 0) <> coalesce(receipt.fen, 0) ORDER BY subject
"""
# Receipt by receipt, what the account has and what its collector owes of a short part is what the receipt says; what
# the account has of them all is what the part counts.
_COLLECTORS_DEBT = """
    WITH booked AS (
        SELECT batch_id, enrolment_id,
               sum((debit = 'pending')::int * amount_fen - (credit = 'pending')::int * amount_fen) AS there_fen,
               sum((debit = 'collector_short')::int * amount_fen - (credit = 'collector_short')::int * amount_fen)
               AS owed_fen
        FROM proof.transfer
        WHERE kind IN ('deposit_matched', 'deposit_unmatched', 'deposit_short', 'deposit_short_reversed',
                       'shortage_paid', 'shortage_paid_reversed')
        GROUP BY 1, 2
    ), receipt AS (
        SELECT batch_id, enrolment_id, sum(amount_fen) AS fen FROM proof.cash_receipt GROUP BY 1, 2
    ), short AS (SELECT id, region, statement_no, coalesce(counted_fen, 0) AS fen FROM proof.remittance_batch
                 WHERE state = 'SHORT')
    SELECT concat('short ', short.statement_no, ' ', receipt.enrolment_id) AS subject, short.region,
           receipt.fen::text AS expected, concat(booked.there_fen, ' + ', booked.owed_fen) AS found,
           (coalesce(booked.there_fen + booked.owed_fen, 0) - receipt.fen)::bigint AS fen
    FROM short JOIN receipt ON receipt.batch_id = short.id
    LEFT JOIN booked ON (booked.batch_id, booked.enrolment_id) = (receipt.batch_id, receipt.enrolment_id)
    WHERE receipt.fen IS DISTINCT FROM booked.there_fen + booked.owed_fen OR least(there_fen, owed_fen) < 0
    UNION ALL
    SELECT concat('short ', short.statement_no), short.region, coalesce(sum(booked.there_fen), 0)::text,
           short.fen::text, (short.fen - coalesce(sum(booked.there_fen), 0))::bigint
    FROM short LEFT JOIN booked ON booked.batch_id = short.id
    GROUP BY short.id, short.region, short.statement_no, short.fen
    HAVING coalesce(sum(booked.there_fen), 0) <> short.fen
    UNION ALL
    SELECT concat('owed ', booked.batch_id, ' ', booked.enrolment_id), NULL, '0', booked.owed_fen::text,
           booked.owed_fen::bigint
    FROM booked WHERE owed_fen <> 0 AND batch_id NOT IN (SELECT id FROM short)
    ORDER BY subject
"""
# Each step begins where the one before ended, and the last one is where the batch stands, on the day that it says. What
# a payout lacked at first goes on in a further part, by the bank's line of that payout. What a channel settled is
# matched on the day of the last line that stands, and not before the bank has all of it. What two people matched of
# suspended money that had been paid out goes on alone, from the day of their decision.
_STEPS = """
    WITH step AS (
        SELECT *, lag(to_state) OVER chain AS before, lead(id) OVER chain IS NULL AS last FROM proof.remittance_step
        WINDOW chain AS (PARTITION BY batch_id ORDER BY id)
    )
    SELECT concat('batch ', coalesce(batch.id, step.batch_id)) AS subject,
           coalesce(batch.region, step.region) AS region,
           concat_ws(' ', batch.state, batch.remitted_on, batch.received_on, batch.certificate_issued_on,
                     batch.returned_on, 'after', step.before) AS expected,
           coalesce(concat_ws(' ', step.step, step.from_state, '→', step.to_state, step.effective_on), 'no step')
           AS found, coalesce(batch.amount_fen, 0) AS fen
    FROM step FULL JOIN proof.remittance_batch AS batch ON batch.id = step.batch_id
    LEFT JOIN proof.suspense_decision AS decided ON decided.batch_id = batch.id
    WHERE batch.id IS NULL OR batch.region <> step.region
       OR step.id IS NULL AND batch.state <> 'OPEN' AND batch.previous_batch_id IS NULL
       OR step.id IS NOT NULL AND step.from_state IS DISTINCT FROM coalesce(
              step.before, CASE WHEN batch.previous_batch_id IS NULL THEN 'OPEN' ELSE step.from_state END)
       OR step.to_state = 'READY_TO_REMIT' AND step.step = 'MATCH' AND NOT EXISTS (
              SELECT FROM proof.bank_line AS booked
              WHERE booked.batch_id = batch.id AND booked.booked_on = step.effective_on)
          AND NOT EXISTS (
              SELECT FROM proof.remittance_batch AS met JOIN proof.bank_line AS booked ON booked.batch_id = met.id
              WHERE met.payout_id = batch.payout_id AND booked.booked_on = step.effective_on)
          AND decided.decided_on IS DISTINCT FROM step.effective_on
       OR step.to_state = 'READY_TO_REMIT' AND step.step = 'MATCH' AND batch.kind = 'ONLINE'
          AND batch.state <> 'REVERSED' AND step.effective_on IS DISTINCT FROM coalesce(
              decided.decided_on,
              (SELECT max(booked.booked_on) FROM proof.bank_line AS booked
               WHERE booked.batch_id = batch.id AND booked.reversed_on IS NULL),
              (SELECT max(booked.booked_on)
               FROM proof.remittance_batch AS met JOIN proof.bank_line AS booked ON booked.batch_id = met.id
               WHERE met.payout_id = batch.payout_id AND met.state <> 'REVERSED' AND booked.reversed_on IS NULL))
       OR step.last AND step.to_state <> batch.state
       OR (batch.state = 'HELD') <> (batch.held_at IS NOT NULL)
       OR (batch.state = 'RETURNED') <> (batch.returned_on IS NOT NULL)
       OR batch.kind = 'ENTRUSTED_CASH' AND (batch.collection_notice_serial IS NULL) <> (batch.state IN (
              'OPEN', 'SUBMITTED', 'SHORT', 'READY_TO_REMIT', 'CLOSED_EMPTY'))
          AND batch.state NOT IN ('HELD', 'REVERSED')
       OR step.effective_on IS DISTINCT FROM CASE step.to_state
              WHEN 'REMITTED' THEN batch.remitted_on WHEN 'TREASURY_CONFIRMED' THEN batch.received_on
              WHEN 'CERTIFICATE_ISSUED' THEN batch.certificate_issued_on WHEN 'RETURNED' THEN batch.returned_on
              ELSE step.effective_on END
       OR step.step IS DISTINCT FROM coalesce(CASE step.to_state
              WHEN 'AT_TAX_HALL' THEN CASE step.from_state WHEN 'HELD' THEN 'CORRECT' ELSE 'ENTER_SERIAL' END
              WHEN 'DETAIL_CONFIRMED' THEN 'CONFIRM_DETAIL'
              WHEN 'REMITTED' THEN 'REMIT' WHEN 'TREASURY_CONFIRMED' THEN 'CONFIRM_TREASURY'
              WHEN 'CERTIFICATE_ISSUED' THEN 'ISSUE_CERTIFICATE' WHEN 'RETURNED' THEN 'RETURN'
              WHEN 'READY_TO_REMIT' THEN CASE WHEN step.from_state IN ('OPEN', 'SUBMITTED') THEN 'MATCH' END END,
              step.step)
    ORDER BY subject, found
"""
# A village's batch declares what its receipts sum to, an online one what the bank's lines say: nothing where its line
# was reversed, or where it is a further part. One that was taken back declares what it had. A new batch replaces one
# that came back.
_DECLARED = """
    SELECT concat('batch ', batch.id) AS subject, batch.region,
           concat_ws(' ', coalesce(counted.fen, 0), counted.region, counted.benefit_year) AS expected,
           concat_ws(' ', batch.declared_fen, batch.counted_fen, batch.region, batch.benefit_year, batch.statement_no)
           AS found,
           (batch.declared_fen - coalesce(counted.fen, 0))::bigint AS fen
    FROM proof.remittance_batch AS batch
    LEFT JOIN LATERAL (
        SELECT sum(amount_fen)::bigint AS fen, min(region) AS region, min(benefit_year) AS benefit_year FROM (
            SELECT amount_fen, NULL AS region, NULL::integer AS benefit_year FROM proof.bank_line
            WHERE batch_id = batch.id AND kind = 'SETTLEMENT' AND reversed_on IS NULL AND batch.kind = 'ONLINE'
            UNION ALL
            SELECT amount_fen, region, benefit_year FROM proof.cash_receipt
            WHERE batch_id = batch.id AND batch.kind = 'ENTRUSTED_CASH'
        ) AS row
    ) AS counted ON true
    WHERE batch.previous_batch_id IS NULL AND batch.state NOT IN ('OPEN', 'SUBMITTED', 'HELD', 'REVERSED')
      AND (coalesce(counted.fen, 0) <> batch.declared_fen
           OR batch.counted_fen IS DISTINCT FROM batch.declared_fen AND batch.state <> 'SHORT'
           OR counted.region <> batch.region
           OR counted.fen IS NOT NULL AND batch.benefit_year IS DISTINCT FROM counted.benefit_year
           OR (batch.kind = 'ENTRUSTED_CASH') <> (batch.statement_no IS NOT NULL)
           OR EXISTS (SELECT FROM proof.remittance_batch AS other
                      WHERE other.statement_no = batch.statement_no AND other.part = batch.part AND other.id <> batch.id
                        AND other.previous_batch_id IS NULL))
    UNION ALL
    SELECT concat('batch ', batch.id), batch.region, 'replaces one that came back',
           concat('replaces ', batch.previous_batch_id, ' ', earlier.state), batch.amount_fen
    FROM proof.remittance_batch AS batch
    LEFT JOIN proof.remittance_batch AS earlier ON earlier.id = batch.previous_batch_id
    WHERE batch.previous_batch_id IS NOT NULL AND (
        earlier.state IS DISTINCT FROM 'RETURNED' OR (earlier.kind, earlier.region) <> (batch.kind, batch.region)
        OR NOT EXISTS (SELECT FROM proof.remittance_line AS line WHERE line.batch_id = earlier.id))
    ORDER BY subject
"""
# A line on its way says what its source says: the receipt's number, the year.
_LINE_FACTS = """
    SELECT concat('remittance line ', line.batch_id, ' ', line.enrolment_id) AS subject, line.region,
           concat_ws(' ', source.receipt_no, source.benefit_year, source.region) AS expected,
           concat_ws(' ', line.receipt_no, line.benefit_year, line.region) AS found, line.amount_fen AS fen
    FROM proof.remittance_line AS line JOIN (
        SELECT id, receipt_no, benefit_year, region FROM proof.cash_receipt
        UNION ALL SELECT id, NULL, benefit_year, region FROM proof.payment_line
    ) AS source ON source.id = line.source_id
    WHERE (source.receipt_no, source.benefit_year, source.region)
          IS DISTINCT FROM (line.receipt_no, line.benefit_year, line.region)
    ORDER BY subject
"""
# A bank's line is what its reference names: a settlement of that channel, merchant and day, or a slip of that village.
_REFERENCES = """
    SELECT concat('bank line ', line.statement_no, ' ', line.line_no) AS subject, line.region,
           CASE line.kind WHEN 'SETTLEMENT' THEN concat_ws(':', batch.channel, batch.merchant_id, batch.settlement_day)
                ELSE coalesce(concat_ws(' ', slip.slip_no, slip.batch_id), 'a slip') END AS expected,
           concat_ws(' ', line.reference, line.batch_id) AS found, line.amount_fen AS fen
    FROM proof.bank_line AS line LEFT JOIN proof.remittance_batch AS batch ON batch.id = line.batch_id
    LEFT JOIN proof.deposit_slip AS slip ON slip.slip_no = line.reference AND line.kind = 'DEPOSIT'
    WHERE line.batch_id IS NOT NULL AND line.reversed_on IS NULL AND CASE line.kind
        WHEN 'SETTLEMENT' THEN line.reference
            IS DISTINCT FROM concat_ws(':', batch.channel, batch.merchant_id, batch.settlement_day)
        ELSE slip.withdrawn OR slip.batch_id IS DISTINCT FROM line.batch_id AND NOT EXISTS (
            SELECT FROM proof.remittance_batch AS other
            WHERE other.id = slip.batch_id AND other.statement_no = batch.statement_no AND other.region = batch.region)
        END
    UNION ALL
    SELECT concat('slip ', slip.slip_no), slip.region, concat_ws(' ', sum(line.amount_fen), batch.region, 'by',
                                                                 max(line.booked_on)),
           concat_ws(' ', slip.amount_fen, slip.region, 'on', slip.deposited_on),
           (slip.amount_fen - coalesce(sum(line.amount_fen), 0))::bigint
    FROM proof.deposit_slip AS slip LEFT JOIN proof.remittance_batch AS batch ON batch.id = slip.batch_id
    LEFT JOIN proof.bank_line AS line
      ON line.kind = 'DEPOSIT' AND line.reference = slip.slip_no AND line.reversed_on IS NULL
         AND line.batch_id = batch.id
    WHERE NOT slip.withdrawn AND (batch.id IS NULL OR batch.state NOT IN ('OPEN', 'SUBMITTED', 'HELD'))
      -- What a slip says more than the bank booked was accepted as short: it is owed, or paid under another slip.
      AND NOT EXISTS (SELECT FROM proof.remittance_step AS accepted
                      WHERE accepted.batch_id = slip.batch_id AND accepted.step = 'ACCEPT_SHORT')
    GROUP BY slip.slip_no, slip.region, slip.amount_fen, slip.deposited_on, batch.region
    HAVING sum(line.amount_fen) IS DISTINCT FROM slip.amount_fen OR batch.region IS DISTINCT FROM slip.region
       OR slip.deposited_on > max(line.booked_on)
    ORDER BY subject
"""


async def passages(databases: Databases, findings: Findings) -> None:
    """Transfer ↔ cause and batch; batch ↔ steps, lines, slips and the bank's lines."""
    findings.count_examined(await count(databases.payment, "transfer"))
    for sql in (_CAUSES, _BATCH_OF, _DEPOSITED, _COLLECTORS_DEBT, _STEPS, _DECLARED, _LINE_FACTS, _REFERENCES):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "MOVED_FOR_A_REASON",
        "每笔分录有因可查",
        "Every transfer has a cause and a batch that fit",
        "分录 ↔ 起因（通知、银行流水、步骤、收据、退费）与批次；批次 ↔ 步骤、单据、流水",
        passages,
    ),
)
