"""Money in: each success of a channel is one payment, and each payment is its transfers."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

# Whose money it is stands in the notice itself; what the service made of it is what is being proved. No payment of ours
# answers to another merchant's or app's money, to what a service provider collects, to another currency, or to a second
# claim on a transaction that another notice booked. A success that nobody could work on is ours until two people say
# otherwise.
_SUCCESS = """
    kind = 'PAYMENT' AND outcome = 'SUCCESS' AND payee_merchant_id IS NOT DISTINCT FROM merchant_id AND currency = 'CNY'
    AND payee_provider_id IS NULL
    AND NOT (state = 'QUARANTINED' AND reason = 'OTHER_APP')
    AND NOT (state = 'CLOSED' AND EXISTS (
        SELECT FROM proof.approval
        WHERE approval.id = notice.closed_by AND approval.act = 'close_notice' AND approval.state = 'APPROVED'))
    AND NOT (coalesce(reason, '') IN ('SAME_TRANSACTION_OTHER_ORDER', 'SAME_TRANSACTION_OTHER_AMOUNT') AND EXISTS (
        SELECT FROM proof.payment AS booked
        WHERE (booked.channel, booked.merchant_id, booked.transaction_id)
              = (notice.channel, notice.merchant_id, notice.transaction_id) AND booked.notice_id <> notice.id))
"""
_AGE = "greatest(extract(epoch FROM clock_timestamp() - notice.recorded_at), 0)::float8"

# A payment that only the channel's bill names has the bill's line for its success.
# What was acknowledged and not yet credited is money at risk: it waits, and its age says for how long.
_SUCCESSES = f"""
    WITH success AS (
        SELECT channel, merchant_id, transaction_id, min(amount_fen) AS amount_fen, min(region) AS region,
               count(DISTINCT amount_fen) AS amounts, bool_and(state = 'RECEIVED') AS waiting,
               max({_AGE}) AS age_s
        FROM proof.notice AS notice WHERE {_SUCCESS} GROUP BY 1, 2, 3
        UNION ALL
        SELECT bill.channel, bill.merchant_id, line.business_no, line.amount_fen, bill.region, 1, false, 0
        FROM proof.payment AS billed JOIN proof.channel_bill AS bill ON bill.id = billed.bill_id
        JOIN proof.bill_flow_line AS line ON (line.bill_id, line.line_no) = (billed.bill_id, billed.bill_line)
        WHERE line.kind = 'PAYMENT' AND NOT EXISTS (
            SELECT FROM proof.notice AS notice WHERE {_SUCCESS}
               AND (notice.channel, notice.merchant_id, notice.transaction_id)
                   = (bill.channel, bill.merchant_id, line.business_no))
    ), payment AS (
        SELECT channel, merchant_id, transaction_id, sum(amount_fen) AS amount_fen, min(region) AS region,
               count(*) AS payments
        FROM proof.payment GROUP BY 1, 2, 3
    )
    SELECT concat('transaction ', channel, ' ', transaction_id) AS subject,
           coalesce(payment.region, success.region) AS region,
           coalesce(success.amount_fen::text, 'no success notice') AS expected,
           CASE WHEN payments > 1 THEN concat(payments, ' payments, ', payment.amount_fen)
                ELSE coalesce(payment.amount_fen::text, 'no payment') END AS found,
           (coalesce(payment.amount_fen, 0) - coalesce(success.amount_fen, 0))::bigint AS fen,
           CASE WHEN payments IS NULL AND waiting THEN age_s END AS age_s
    FROM success FULL JOIN payment USING (channel, merchant_id, transaction_id)
    WHERE payments IS DISTINCT FROM 1 OR amounts IS DISTINCT FROM 1
       OR payment.amount_fen IS DISTINCT FROM success.amount_fen
    ORDER BY channel, transaction_id
"""  # noqa: S608 - constants above
# A refund's notice that came before its payment, or is not yet applied, is on its way too.
_OTHER_NOTICES = f"""
    SELECT concat('notice ', id) AS subject, region, 'applied' AS expected, concat(kind, ' ', state) AS found,
           coalesce(amount_fen, 0) AS fen, {_AGE} AS age_s
    FROM proof.notice AS notice
    WHERE state IN ('RECEIVED', 'PARKED') AND NOT (kind = 'PAYMENT' AND outcome = 'SUCCESS')
    ORDER BY id
"""  # noqa: S608 - constants above
# A notice is closed by two people: the approval is of this notice, approved, by another than its proposer. What they
# closed and did not take up again is closed.
_CLOSED = """
    SELECT concat('notice ', notice.id) AS subject, notice.region, 'closed by two people' AS expected,
           concat_ws(' ', notice.state, approval.state, 'by', approval.decided_by) AS found,
           coalesce(notice.amount_fen, 0) AS fen
    FROM proof.notice AS notice LEFT JOIN proof.approval AS approval
      ON approval.id = notice.closed_by AND approval.act = 'close_notice' AND approval.subject = notice.id::text
    WHERE (notice.state = 'CLOSED' OR notice.closed_by IS NOT NULL)
      AND (notice.state <> 'CLOSED' OR approval.state IS DISTINCT FROM 'APPROVED'
           OR approval.decided_by = approval.proposed_by)
    UNION ALL
    SELECT concat('approval ', last.id), last.region,
           CASE last.act WHEN 'close_notice' THEN 'a closed notice' ELSE 'a notice taken up again' END,
           coalesce(notice.state, 'no such notice'), 0
    FROM (
        SELECT DISTINCT ON (subject) id, region, act, subject FROM proof.approval
        WHERE act IN ('close_notice', 'reopen_notice') AND state = 'APPROVED' ORDER BY subject, decided_at DESC
    ) AS last LEFT JOIN proof.notice AS notice ON notice.id::text = last.subject
    WHERE (last.act = 'close_notice') <> coalesce(notice.closed_by = last.id AND notice.state = 'CLOSED', false)
    ORDER BY subject
"""
_PAYMENTS = """
    SELECT concat('payment ', payment.id) AS subject, payment.region, payment.amount_fen::text AS expected,
           concat(coalesce(lines.fen, 0), ' in ', coalesce(lines.lines, 0), ' lines') AS found,
           (coalesce(lines.fen, 0) - payment.amount_fen)::bigint AS fen
    FROM proof.payment AS payment
    LEFT JOIN (SELECT payment_id, sum(amount_fen) AS fen, count(*) AS lines FROM proof.payment_line GROUP BY 1) AS lines
      ON lines.payment_id = payment.id
    WHERE lines.fen IS DISTINCT FROM payment.amount_fen
    ORDER BY payment.id
"""
# One line is one transfer, caused by the payment's notice: into premium where it pays a bill, else into suspense, as
# what was matched later was at first.
_LINES = """
    WITH line AS (
        SELECT coalesce(payment.notice_id, payment.bill_id) AS cause,
               CASE WHEN held.id IS NULL THEN coalesce(line.enrolment_id::text, line.region)
                    ELSE coalesce(held.enrolment_id::text, held.region) END AS owner,
               coalesce(held.region, line.region) AS region,
               concat('channel:', payment.channel, ' → ',
                      CASE WHEN line.state = 'CREDITED' AND held.id IS NULL THEN 'premium' ELSE 'suspense' END)
               AS route, sum(line.amount_fen) AS fen, count(*) AS lines
        FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
        LEFT JOIN proof.suspense AS held ON held.payment_line_id = line.id AND held.state = 'MATCHED'
        GROUP BY 1, 2, 3, 4
    ), booked AS (
        SELECT caused_by AS cause, coalesce(enrolment_id::text, region) AS owner, region,
               concat(debit, ' → ', credit) AS route, sum(amount_fen) AS fen, count(*) AS lines
        FROM proof.transfer
        WHERE starts_with(debit, 'channel:') AND credit IN ('premium', 'suspense') AND kind <> 'suspense_arrived'
        GROUP BY 1, 2, 3, 4
    )
    SELECT concat('payment by notice ', cause, ' of ', owner) AS subject, region,
           coalesce(concat(route, ' ', line.fen, ' once'), 'no payment line') AS expected,
           CASE WHEN booked.lines IS NULL THEN 'no such transfer'
                ELSE concat(route, ' ', booked.fen, ' in ', booked.lines, ' transfers') END AS found,
           (coalesce(booked.fen, 0) - coalesce(line.fen, 0))::bigint AS fen
    FROM line FULL JOIN booked USING (cause, owner, region, route)
    WHERE booked.lines IS DISTINCT FROM line.lines OR booked.fen IS DISTINCT FROM line.fen
    ORDER BY subject, found
"""
_SETTLED = """
    WITH line AS (
        SELECT payment.channel, coalesce(line.enrolment_id::text, line.region) AS owner, line.region,
               sum(line.amount_fen) AS fen
        FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
        WHERE line.settled_on IS NOT NULL GROUP BY 1, 2, 3
    ), booked AS (
        SELECT channel, owner, region, sum(fen) AS fen
        FROM (
            SELECT split_part(credit, ':', 2) AS channel, coalesce(enrolment_id::text, region) AS owner, region,
                   amount_fen AS fen
            FROM proof.transfer
            WHERE debit = 'pending' AND starts_with(credit, 'channel:') AND kind <> 'refund_deducted_reversed'
            UNION ALL
            SELECT split_part(debit, ':', 2), coalesce(enrolment_id::text, region), region, -amount_fen
            FROM proof.transfer WHERE kind = 'settled_reversed'
            UNION ALL
            SELECT held.channel, coalesce(moved.enrolment_id::text, moved.region), moved.region,
                   CASE moved.debit WHEN 'pending' THEN moved.amount_fen ELSE -moved.amount_fen END
            FROM proof.transfer AS moved JOIN proof.suspense_decision AS decision ON decision.id = moved.caused_by
            JOIN proof.suspense AS held ON held.id = decision.suspense_id
            WHERE moved.kind IN ('suspense_left', 'suspense_arrived') AND 'pending' IN (moved.debit, moved.credit)
        ) AS moved
        GROUP BY 1, 2, 3 HAVING sum(fen) <> 0
    )
    SELECT concat('settlement ', channel, ' of ', owner) AS subject, region, coalesce(line.fen, 0)::text AS expected,
           coalesce(booked.fen, 0)::text AS found, (coalesce(booked.fen, 0) - coalesce(line.fen, 0))::bigint AS fen
    FROM line FULL JOIN booked USING (channel, owner, region)
    WHERE booked.fen IS DISTINCT FROM line.fen
    ORDER BY subject
"""


async def successes(databases: Databases, findings: Findings) -> None:
    """Each authentic success of a channel is one payment of the same amount, and the other way round."""
    findings.count_examined(await count(databases.payment, "notice"))
    for sql in (_SUCCESSES, _OTHER_NOTICES, _CLOSED):
        await differing_rows(databases.payment, findings, sql)


async def payments(databases: Databases, findings: Findings) -> None:
    """Each payment is the sum of its lines, each line one transfer; what a channel settled is booked as settled."""
    findings.count_examined(await count(databases.payment, "payment_line"))
    for sql in (_PAYMENTS, _LINES, _SETTLED):
        await differing_rows(databases.payment, findings, sql)


CHECKS = (
    ConsistencyCheck(
        "CHANNEL_SUCCESSES",
        "渠道成功 = 缴费",
        "Channel successes are payments, one each",
        "已验签的成功通知 ↔ 缴费记录（同一交易号、同一金额）",
        successes,
    ),
    ConsistencyCheck(
        "PAYMENTS_BOOKED",
        "缴费 = 分录",
        "Payments are their transfers",
        "缴费记录 ↔ 明细 ↔ 渠道入账、待查及结算分录",
        payments,
    ),
)
