"""The bank's statement of the pending account: what a channel or village paid in is what it had collected."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows, named_rows
from verify.findings import Findings
from verify.snapshot import Databases

_MATCHED = "batch.state NOT IN ('OPEN', 'SUBMITTED', 'REVERSED') AND batch.held_at IS DISTINCT FROM 'MATCH'"
# A channel pays out what it took less what it gave back, and each part of a day is what that part counted: a fee kept
# back is a difference.
_SETTLEMENTS = f"""
    WITH taken AS (
        SELECT counted_by AS batch_id, sum(amount_fen) AS fen FROM proof.payment_line
        WHERE counted_by IS NOT NULL GROUP BY 1
    ), given_back AS (
        SELECT deducted_by AS batch_id, sum(amount_fen) AS fen FROM proof.refund
        WHERE deducted_by IS NOT NULL GROUP BY 1
    ), paid_out AS (
        SELECT batch_id, sum(amount_fen) AS fen FROM proof.bank_line
        WHERE kind = 'SETTLEMENT' AND reversed_on IS NULL GROUP BY 1
    )
    SELECT concat('settlement ', batch.channel, ' ', batch.merchant_id, ' ', batch.settlement_day,
                  CASE WHEN batch.part > 1 THEN concat(' part ', batch.part) END) AS subject,
           batch.region, (coalesce(taken.fen, 0) - coalesce(given_back.fen, 0))::text AS expected,
           coalesce(paid_out.fen, 0)::text AS found,
           (coalesce(paid_out.fen, 0) - coalesce(taken.fen, 0) + coalesce(given_back.fen, 0))::bigint AS fen
    FROM proof.remittance_batch AS batch
    LEFT JOIN paid_out ON paid_out.batch_id = batch.id
    LEFT JOIN taken ON taken.batch_id = batch.id
    LEFT JOIN given_back ON given_back.batch_id = batch.id
    WHERE batch.kind = 'ONLINE' AND batch.previous_batch_id IS NULL AND NOT batch.by_bill AND {_MATCHED}
      AND coalesce(paid_out.fen, 0) <> coalesce(taken.fen, 0) - coalesce(given_back.fen, 0)
    ORDER BY subject
"""  # noqa: S608 - constants above
# A payout is what its bill says, what the bank booked for it, and what its parts counted with what still differs.
_PAYOUTS = """
    WITH part AS (
        SELECT id, payout_id FROM proof.remittance_batch
        WHERE payout_id IS NOT NULL AND previous_batch_id IS NULL AND state <> 'REVERSED'
    ), counted AS (
        SELECT payout_id, sum(fen) AS fen FROM (
            SELECT part.payout_id, line.amount_fen AS fen
            FROM part JOIN proof.payment_line AS line ON line.counted_by = part.id
            UNION ALL
            SELECT part.payout_id, -refund.amount_fen
            FROM part JOIN proof.refund AS refund ON refund.deducted_by = part.id
            UNION ALL
            SELECT part.payout_id, -refund.amount_fen
            FROM part JOIN proof.unasked_refund AS refund ON refund.deducted_by = part.id
            UNION ALL
            SELECT payout_id, CASE kind WHEN 'PAYMENT' THEN theirs_fen ELSE -theirs_fen END
            FROM proof.settlement_difference
            WHERE payout_id IS NOT NULL AND closed_because IS DISTINCT FROM 'COUNTED'
        ) AS each GROUP BY 1
    ), booked AS (
        SELECT part.payout_id, sum(line.amount_fen) AS fen
        FROM part JOIN proof.bank_line AS line ON line.batch_id = part.id
        WHERE line.kind = 'SETTLEMENT' AND line.reversed_on IS NULL GROUP BY 1
    )
    SELECT concat('payout ', payout.channel, ' ', payout.merchant_id, ' ', payout.paid_out_on) AS subject,
           payout.region,
           concat('bill ', -line.amount_fen, ', bank ', -line.amount_fen - payout.unusual_fen) AS expected,
           concat(payout.state, ' ', payout.amount_fen, ', bank ', coalesce(booked.fen, 0), ', counted ',
                  coalesce(counted.fen, 0)) AS found,
           (CASE WHEN payout.state NOT IN ('SETTLING', 'MET')
                      OR coalesce(booked.fen, 0) <> payout.amount_fen - payout.unusual_fen
                 THEN coalesce(booked.fen, 0) - payout.amount_fen + payout.unusual_fen
                 ELSE coalesce(counted.fen, 0) + coalesce(line.amount_fen, 0) + payout.unusual_fen END)::bigint AS fen
    FROM proof.payout AS payout LEFT JOIN proof.remittance_batch AS first ON first.id = payout.batch_id
    LEFT JOIN proof.bill_flow_line AS line
      ON (line.bill_id, line.line_no, line.kind) = (payout.bill_id, payout.line_no, 'PAYOUT')
    LEFT JOIN counted ON counted.payout_id = payout.id LEFT JOIN booked ON booked.payout_id = payout.id
    WHERE payout.amount_fen IS DISTINCT FROM -line.amount_fen
       OR (payout.state IN ('SETTLING', 'MET') AND coalesce(booked.fen, 0) <> payout.amount_fen - payout.unusual_fen)
       OR (payout.state = 'MET' AND coalesce(counted.fen, 0) <> payout.amount_fen - payout.unusual_fen)
       OR (payout.state NOT IN ('SETTLING', 'MET') AND booked.fen IS NOT NULL)
       OR (payout.state = 'DECIDED' AND payout.unusual_fen <> payout.amount_fen)
       OR (payout.state IN ('SETTLING', 'MET')) <> (first.payout_id IS NOT DISTINCT FROM payout.id)
    ORDER BY subject
"""
# A payout covers what moved since the end of the one before, and until before its own line.
_PAYOUTS_FOLLOW = """
    SELECT concat('payout ', channel, ' ', merchant_id, ' ', paid_out_on) AS subject, region,
           concat('from ', coalesce(before_day, first_day), ' line ', coalesce(before_line, 0)) AS expected,
           concat('from ', after_day, ' line ', after_line, ' until ', until_day, ' line ', until_line) AS found,
           amount_fen AS fen
    FROM (
        SELECT payout.*, merchant.first_day, bill.bill_day, bill.channel AS of_channel, bill.merchant_id AS of_merchant,
               lag(until_day) OVER following AS before_day, lag(until_line) OVER following AS before_line
        FROM proof.payout AS payout JOIN proof.channel_bill AS bill ON bill.id = payout.bill_id
        LEFT JOIN proof.billed_merchant AS merchant
          ON (merchant.channel, merchant.merchant_id) = (payout.channel, payout.merchant_id)
        WHERE until_day IS NOT NULL
        WINDOW following AS (PARTITION BY payout.channel, payout.merchant_id ORDER BY until_day, until_line)
    ) AS payout
    WHERE (after_day, after_line) IS DISTINCT FROM (coalesce(before_day, first_day), coalesce(before_line, 0))
       OR (until_day, until_line) < (after_day, after_line) OR (until_day, until_line) >= (bill_day, line_no)
       OR paid_out_on NOT BETWEEN bill_day AND bill_day + 1
       OR (of_channel, of_merchant) <> (channel, merchant_id)
    ORDER BY subject
"""
# Only two people expect more of the bank than the bill's payout.
_RELEASED = """
    SELECT concat('payout ', payout.channel, ' ', payout.merchant_id, ' ', payout.paid_out_on) AS subject,
           payout.region, 'released by two people' AS expected,
           concat_ws(' ', payout.unusual_fen, approval.state, approval.decided_by) AS found, payout.unusual_fen AS fen
    FROM proof.payout AS payout LEFT JOIN proof.approval AS approval
      ON approval.id = payout.released_by AND approval.act = 'release_payout'
     AND approval.subject = payout.id::text AND approval.state = 'APPROVED'
     AND approval.decided_by <> approval.proposed_by
    WHERE (payout.unusual_fen <> 0 OR payout.released_by IS NOT NULL) AND approval.id IS NULL
    UNION ALL
    SELECT concat('approval ', approval.id), approval.region, 'a released payout', 'none', 0
    FROM proof.approval AS approval LEFT JOIN proof.payout AS payout ON payout.released_by = approval.id
    WHERE approval.act = 'release_payout' AND approval.state = 'APPROVED' AND payout.id IS NULL
      AND NOT EXISTS (SELECT FROM proof.approval AS taken_back
                      WHERE taken_back.act = 'hold_payout' AND taken_back.state = 'APPROVED'
                        AND taken_back.subject = approval.subject AND taken_back.decided_at >= approval.decided_at
                        AND taken_back.decided_by <> taken_back.proposed_by)
    ORDER BY subject
"""
# A payout whose movements are followed in portions is on its way while its batch is not matched; else it is stuck.
_SETTLING = """
    SELECT concat('payout ', payout.channel, ' ', payout.merchant_id, ' ', payout.paid_out_on) AS subject,
           payout.region, 'settled to its end' AS expected, concat(payout.state, ' by a batch ', batch.state) AS found,
           payout.amount_fen AS fen,
           CASE WHEN batch.payout_id = payout.id AND (batch.state = 'OPEN' OR batch.held_at = 'MATCH')
                THEN greatest(extract(epoch FROM clock_timestamp() - batch.recorded_at), 0)::float8 END AS age_s
    FROM proof.payout AS payout LEFT JOIN proof.remittance_batch AS batch ON batch.id = payout.batch_id
    WHERE payout.state = 'SETTLING' ORDER BY payout.id
"""
# What differs is closed by the count of it, or by two people.
_DIFFERENCES_CLOSED = """
    SELECT concat('difference ', difference.id) AS subject, difference.region, 'closed by two people' AS expected,
           concat_ws(' ', difference.closed_because, approval.state, approval.decided_by) AS found,
           coalesce(difference.theirs_fen, difference.ours_fen, 0) AS fen
    FROM proof.settlement_difference AS difference LEFT JOIN proof.approval AS approval
      ON approval.id = difference.closed_by AND approval.act = 'close_difference'
     AND approval.subject = difference.id::text AND approval.state = 'APPROVED'
    WHERE (difference.closed_because = 'DECIDED' OR difference.closed_by IS NOT NULL)
      AND (approval.decided_by IS NULL OR approval.decided_by = approval.proposed_by
           OR approval.decided_on <> difference.closed_on)
    UNION ALL
    SELECT concat('refund nobody asked for ', refund.id), refund.region, 'a difference with its owner', 'none',
           refund.amount_fen
    FROM proof.unasked_refund AS refund LEFT JOIN proof.settlement_difference AS difference
      ON difference.unasked_id = refund.id WHERE difference.id IS NULL
    ORDER BY subject
"""
_DIFFERENCES = """
    SELECT concat('difference ', channel, ' ', coalesce(transaction_id, channel_refund_id)) AS subject, region,
           concat('class ', class, ', ', owner) AS expected, concat(kind, ' since ', since) AS found,
           coalesce(theirs_fen, ours_fen, 0) AS fen
    FROM proof.settlement_difference WHERE state = 'OPEN'
    UNION ALL
    SELECT concat('payout ', channel, ' ', merchant_id, ' ', paid_out_on), region, 'movements that add up to it', fault,
           amount_fen
    FROM proof.payout WHERE state = 'HELD'
    ORDER BY subject
"""
# Who counted a line is a matched batch of its merchant and of its day, or of the day that two people gave it.
_COUNTED = f"""
    WITH counted AS (
        SELECT concat('payment line ', line.id) AS subject, line.region, line.counted_by AS batch_id, payment.channel,
               payment.merchant_id, coalesce(line.attributed_to, payment.paid_on) AS day,
               nullif(line.attributed_by, payment.direct_id) AS attributed_by,
               CASE WHEN line.attributed_by IS DISTINCT FROM payment.direct_id THEN line.attributed_to END
               AS attributed_to, payment.transaction_id AS number, line.amount_fen AS fen, line.settled_on
        FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
        WHERE num_nonnulls(line.counted_by, line.settled_on, line.attributed_by, line.attributed_to) > 0
        UNION ALL
        SELECT concat('refund ', id), region, deducted_by, channel, merchant_id, coalesce(attributed_to, refunded_on),
               attributed_by, attributed_to, refund_no, amount_fen, NULL
        FROM proof.refund WHERE num_nonnulls(deducted_by, attributed_by, attributed_to) > 0
    )
    SELECT counted.subject, counted.region, 'counted by a matched batch of its day' AS expected,
           concat_ws(' ', counted.channel, counted.merchant_id, counted.day, 'by', batch.settlement_day, batch.state)
           AS found, counted.fen
    FROM counted LEFT JOIN proof.remittance_batch AS batch ON batch.id = counted.batch_id AND batch.kind = 'ONLINE'
         AND batch.previous_batch_id IS NULL
         AND ({_MATCHED} OR batch.id IN (SELECT batch_id FROM proof.payout WHERE state = 'SETTLING'))
    WHERE (counted.batch_id IS NOT NULL OR counted.settled_on IS NOT NULL)
      AND (batch.channel, batch.merchant_id, CASE WHEN batch.by_bill THEN counted.day ELSE batch.settlement_day END)
          IS DISTINCT FROM (counted.channel, counted.merchant_id, counted.day)
    UNION ALL
    SELECT counted.subject, counted.region, 'attributed by two people',
           concat_ws(' ', counted.attributed_to, approval.state, approval.decided_by), counted.fen
    FROM counted LEFT JOIN proof.approval AS approval ON approval.id = counted.attributed_by
         AND approval.act = 'attribute_settlement' AND approval.state = 'APPROVED'
         AND approval.subject = concat_ws(':', counted.channel, counted.merchant_id, counted.number)
    WHERE num_nonnulls(counted.attributed_by, counted.attributed_to) > 0
      AND (counted.attributed_to IS NULL OR approval.decided_by IS NULL)
    ORDER BY subject, expected
"""  # noqa: S608 - constants above
# A village paid in what its receipts say, in however many parts, less what two people accepted as short and it owes.
_DEPOSITS = f"""
    WITH paid_in AS (
        SELECT batch_id, sum(amount_fen) AS fen FROM proof.bank_line
        WHERE kind = 'DEPOSIT' AND reversed_on IS NULL GROUP BY 1
    ), receipts AS (
        SELECT batch_id, sum(amount_fen) AS fen FROM proof.cash_receipt
        WHERE state IN ('WRITTEN_OFF', 'RECALLED') GROUP BY 1
    )
    SELECT concat('collection statement ', batch.statement_no) AS subject, batch.region,
           concat(coalesce(sum(receipts.fen), 0), ' less ', coalesce(sum(short.fen), 0)) AS expected,
           coalesce(sum(paid_in.fen), 0)::text AS found,
           (coalesce(sum(paid_in.fen), 0) - coalesce(sum(receipts.fen), 0) + coalesce(sum(short.fen), 0))::bigint AS fen
    FROM proof.remittance_batch AS batch
    LEFT JOIN paid_in ON paid_in.batch_id = batch.id LEFT JOIN receipts ON receipts.batch_id = batch.id
    CROSS JOIN LATERAL (
        SELECT CASE batch.state WHEN 'SHORT' THEN batch.declared_fen - coalesce(batch.counted_fen, 0) END AS fen
    ) AS short
    WHERE batch.kind = 'ENTRUSTED_CASH' AND batch.previous_batch_id IS NULL AND {_MATCHED}
    GROUP BY batch.statement_no, batch.region
    HAVING coalesce(sum(paid_in.fen), 0) <> coalesce(sum(receipts.fen), 0) - coalesce(sum(short.fen), 0)
    ORDER BY subject
"""  # noqa: S608 - constants above
_UNEXPLAINED = """
    SELECT concat('bank line ', statement_no, ' ', line_no) AS subject, region, 'a deposit slip or settlement'
           AS expected, concat(kind, ' ', reference, ' of ', booked_on) AS found, amount_fen AS fen
    FROM proof.bank_line WHERE batch_id IS NULL AND reversed_on IS NULL
    UNION ALL
    SELECT concat('batch ', id), region, 'statement, receipts, slip and bank agree',
           concat(kind, ' HELD at ', held_at, ' ', coalesce(statement_no, concat(channel, ' ', settlement_day))),
           declared_fen
    FROM proof.remittance_batch WHERE state = 'HELD'
    UNION ALL
    SELECT concat('short ', statement_no, ' part ', part), region, 'its collector pays in what is missing',
           concat(coalesce(counted_fen, 0), ' of ', declared_fen), declared_fen - coalesce(counted_fen, 0)
    FROM proof.remittance_batch WHERE state = 'SHORT'
    ORDER BY subject
"""

# A reversal is two people's: the approval is of this line, approved, by neither its proposer nor who entered the line.
_REVERSED = """
    SELECT concat('bank line ', line.statement_no, ' ', line.line_no) AS subject, line.region,
           'an approval of two people' AS expected, concat_ws(' ', 'reversed on', line.reversed_on, approval.state,
           'by', approval.decided_by) AS found, line.amount_fen AS fen
    FROM proof.bank_line AS line LEFT JOIN proof.approval AS approval
      ON approval.id = line.reversed_by AND approval.act = 'reverse_bank_line' AND approval.subject = line.id::text
    WHERE line.reversed_on IS NOT NULL
      AND (approval.state IS DISTINCT FROM 'APPROVED' OR approval.decided_on <> line.reversed_on
           OR approval.decided_on NOT BETWEEN approval.proposed_on AND approval.expires_on
           OR approval.region <> line.region OR approval.decided_by IN (approval.proposed_by, line.actor))
    UNION ALL
    SELECT concat('approval ', approval.id), approval.region, 'a reversed bank line', 'the line stands', 0
    FROM proof.approval AS approval LEFT JOIN proof.bank_line AS line
      ON line.reversed_by = approval.id AND line.reversed_on IS NOT NULL
    WHERE approval.act = 'reverse_bank_line' AND approval.state = 'APPROVED' AND line.id IS NULL
    ORDER BY subject
"""

# A short deposit is accepted by two people: the approval is of the statement's part that was held.
_ACCEPTED = """
    SELECT concat('batch ', step.batch_id) AS subject, step.region, 'an approval of two people' AS expected,
           concat_ws(' ', step.step, approval.state, 'by', approval.decided_by) AS found, 0 AS fen
    FROM proof.remittance_step AS step LEFT JOIN proof.approval AS approval
      ON approval.act = 'accept_short_deposit' AND approval.subject = step.batch_id::text
     AND approval.state = 'APPROVED' AND approval.region = step.region AND approval.decided_by <> approval.proposed_by
    WHERE step.step = 'ACCEPT_SHORT' AND step.from_state = 'HELD' AND approval.id IS NULL
    UNION ALL
    SELECT concat('approval ', approval.id), approval.region, 'a statement that was accepted as short', 'none', 0
    FROM proof.approval AS approval LEFT JOIN proof.remittance_step AS step
      ON step.batch_id::text = approval.subject AND step.step = 'ACCEPT_SHORT' AND step.from_state = 'HELD'
    WHERE approval.act = 'accept_short_deposit' AND approval.state = 'APPROVED' AND step.id IS NULL
    UNION ALL
    SELECT concat('short ', part.statement_no, ' part ', part.part), part.region, 'a part that was accepted as short',
           'none', part.declared_fen
    FROM proof.remittance_batch AS part
    WHERE part.state = 'SHORT' AND NOT EXISTS (
        SELECT FROM proof.remittance_batch AS other JOIN proof.remittance_step AS step ON step.batch_id = other.id
        WHERE other.statement_no = part.statement_no AND other.region = part.region
          AND step.step = 'ACCEPT_SHORT' AND step.from_state = 'HELD')
    ORDER BY subject
"""

# Names that are read as one are one client, as where it is decided who may approve.
_TWO_CLIENTS = """
    SELECT concat('approval ', id) AS subject, region, 'an approval of two people' AS expected,
           concat(act, ' by ', proposed_by, ' and ', decided_by) AS found, 0 AS fen
    FROM proof.approval
    WHERE state = 'APPROVED'
      AND upper(normalize(btrim(proposed_by), NFKC)) = upper(normalize(btrim(decided_by), NFKC))
    ORDER BY subject
"""


async def bank(databases: Databases, findings: Findings) -> None:
    """Each matched line of the bank's statement is what was collected; what is unmatched or held is named."""
    findings.count_examined(await count(databases.payment, "bank_line"))
    for sql in (
        _SETTLEMENTS,
        _PAYOUTS,
        _PAYOUTS_FOLLOW,
        _RELEASED,
        _SETTLING,
        _COUNTED,
        _DIFFERENCES_CLOSED,
        _DEPOSITS,
        _REVERSED,
        _ACCEPTED,
        _TWO_CLIENTS,
    ):
        await differing_rows(databases.payment, findings, sql)
    for named in (_UNEXPLAINED, _DIFFERENCES):
        await named_rows(databases.payment, findings, named)


CHECKS = (
    ConsistencyCheck(
        "BANK_STATEMENT",
        "银行对账单 = 收款",
        "What the bank booked is what was collected",
        "待报解账户流水 ↔ 渠道结算（收款 − 退款）、缴款单与收据",
        bank,
    ),
)
