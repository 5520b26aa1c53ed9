"""The channel's own daily bills, record by record: what it took and gave back is what we have, and nothing else."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows, named_rows
from verify.findings import Findings
from verify.snapshot import Databases

# What is known to differ is named with its owner and age, by BANK_STATEMENT, until it is counted.
# A payment of ours has to stand in the bill of its day or of the next: the channel books the last second of a day after
# midnight. Until both are read nothing is said about it. What the channel has, we have to have, whatever its day.
_PAYMENTS_BILLED = """
    WITH theirs AS (
        SELECT bill.channel, bill.merchant_id, line.transaction_id, min(line.order_no) AS order_no,
               sum(line.amount_fen) AS fen, count(*) AS lines, min(bill.region) AS region
        FROM proof.bill_trade_line AS line JOIN proof.channel_bill AS bill ON bill.id = line.bill_id
        WHERE line.kind = 'PAYMENT' GROUP BY 1, 2, 3
    ), ours AS (
        SELECT payment.channel, payment.merchant_id, payment.transaction_id, payment.order_no,
               payment.amount_fen AS fen, payment.region, payment.paid_on >= merchant.first_day AND 2 = (
                   SELECT count(*) FROM proof.channel_bill AS bill
                   WHERE (bill.channel, bill.merchant_id, bill.kind) = (payment.channel, payment.merchant_id, 'TRADE')
                     AND bill.bill_day IN (payment.paid_on, payment.paid_on + 1) AND bill.state <> 'WANTED') AS billed
        FROM proof.payment AS payment JOIN proof.billed_merchant AS merchant USING (channel, merchant_id)
    )
    SELECT concat('billed transaction ', channel, ' ', transaction_id) AS subject,
           coalesce(ours.region, theirs.region) AS region,
           coalesce(concat(theirs.order_no, ' ', theirs.fen,
                           CASE WHEN theirs.lines > 1 THEN concat(' in ', theirs.lines, ' lines') END),
                    'no line in the bills') AS expected,
           CASE WHEN ours.fen IS NULL THEN 'no payment' ELSE concat(ours.order_no, ' ', ours.fen) END AS found,
           (coalesce(ours.fen, 0) - coalesce(theirs.fen, 0))::bigint AS fen
    FROM theirs FULL JOIN ours USING (channel, merchant_id, transaction_id)
    WHERE (theirs.fen IS NOT NULL OR ours.billed)
      AND (ours.fen, ours.order_no, 1) IS DISTINCT FROM (theirs.fen, theirs.order_no, theirs.lines)
      AND NOT EXISTS (
          SELECT FROM proof.settlement_difference AS known
          WHERE (known.channel, known.merchant_id, known.transaction_id)
                = (coalesce(theirs.channel, ours.channel), coalesce(theirs.merchant_id, ours.merchant_id),
                   coalesce(theirs.transaction_id, ours.transaction_id))
            AND known.kind = 'PAYMENT' AND known.closed_because IS DISTINCT FROM 'COUNTED')
    ORDER BY channel, transaction_id
"""
# A refund is known by our number, else by the channel's. It stands in the bill of the day on which it was accepted, and
# is done on that day or later. One that the channel has not concluded says nothing yet.
_REFUNDS_BILLED = """
    WITH theirs AS (
        SELECT bill.channel, bill.merchant_id, line.refund_no, line.channel_refund_id, line.transaction_id,
               line.amount_fen AS fen, line.outcome, bill.region
        FROM proof.bill_trade_line AS line JOIN proof.channel_bill AS bill ON bill.id = line.bill_id
        WHERE line.kind = 'REFUND'
    ), ours AS (
        SELECT refund.id, refund.channel, refund.merchant_id, refund.refund_no, refund.transaction_id,
               refund.amount_fen AS fen, refund.state, refund.region,
               refund.state = 'PAID' AND refund.approved_on >= merchant.first_day AND NOT EXISTS (
                   SELECT FROM generate_series(refund.approved_on, refund.refunded_on + 1, interval '1 day') AS day
                   LEFT JOIN proof.channel_bill AS bill
                     ON (bill.channel, bill.merchant_id, bill.kind, bill.bill_day)
                        = (refund.channel, refund.merchant_id, 'TRADE', day::date) AND bill.state <> 'WANTED'
                   WHERE bill.id IS NULL) AS billed
        FROM proof.refund AS refund JOIN proof.billed_merchant AS merchant USING (channel, merchant_id)
    )
    SELECT concat('billed refund ', channel, ' ', coalesce(ours.refund_no, theirs.channel_refund_id)) AS subject,
           coalesce(ours.region, theirs.region) AS region,
           CASE WHEN theirs.fen IS NULL THEN 'no line in the bills'
                ELSE concat(theirs.outcome, ' ', theirs.transaction_id, ' ', theirs.fen) END AS expected,
           CASE WHEN ours.id IS NULL THEN 'no refund'
                ELSE concat(ours.state, ' ', ours.transaction_id, ' ', ours.fen) END AS found,
           (coalesce(theirs.fen, 0) - coalesce(ours.fen, 0))::bigint AS fen
    FROM theirs FULL JOIN ours USING (channel, merchant_id, refund_no)
    WHERE CASE WHEN theirs.fen IS NULL THEN ours.billed
               WHEN theirs.outcome = 'SUCCESS'
               THEN (ours.state, ours.fen, ours.transaction_id)
                    IS DISTINCT FROM ('PAID', theirs.fen, theirs.transaction_id)
               ELSE ours.state = 'PAID' AND theirs.outcome NOT IN ('PROCESSING', 'CHANGE') END
      AND theirs.fen IS DISTINCT FROM (
          SELECT sum(unasked.amount_fen) FROM proof.unasked_refund AS unasked
          WHERE (unasked.channel, unasked.merchant_id, unasked.channel_refund_id)
                = (theirs.channel, theirs.merchant_id, theirs.channel_refund_id))
      AND NOT EXISTS (
          SELECT FROM proof.settlement_difference AS known
          WHERE (known.channel, known.merchant_id, known.channel_refund_id)
                = (theirs.channel, theirs.merchant_id, theirs.channel_refund_id)
            AND known.unasked_id IS NULL AND known.closed_because IS DISTINCT FROM 'COUNTED')
      AND NOT EXISTS (
          SELECT FROM proof.settlement_difference AS known
          WHERE known.refund_id = ours.id
            AND theirs.fen IS NULL AND known.class = 6 AND known.closed_because IS DISTINCT FROM 'COUNTED')
    ORDER BY subject
"""
# What was paid moved the channel's account, once, by what is due to us, and nothing else did. Asked of bills beside
# which the other kind's are read as well: the day's, and that of the day on which the last second may be booked.
_MOVEMENTS = """
    WITH bill AS (
        SELECT known.id, known.channel, known.merchant_id, known.kind, known.region, 2 = (
                   SELECT count(*) FROM proof.channel_bill AS other
                   WHERE (other.channel, other.merchant_id) = (known.channel, known.merchant_id)
                     AND other.kind <> known.kind AND other.state <> 'WANTED'
                     AND other.bill_day IN (known.bill_day,
                                            known.bill_day + CASE known.kind WHEN 'TRADE' THEN 1 ELSE -1 END)) AS beside
        FROM proof.channel_bill AS known
    ), trade AS (
        SELECT bill.channel, bill.merchant_id, line.transaction_id, sum(line.due_fen) AS fen,
               bool_and(bill.beside) AS beside, min(bill.region) AS region
        FROM proof.bill_trade_line AS line JOIN bill ON bill.id = line.bill_id
        WHERE line.kind = 'PAYMENT' GROUP BY 1, 2, 3
    ), movement AS (
        SELECT bill.channel, bill.merchant_id, line.business_no AS transaction_id, sum(line.amount_fen) AS fen,
               bool_and(bill.beside) AS beside, min(bill.region) AS region
        FROM proof.bill_flow_line AS line JOIN bill ON bill.id = line.bill_id
        WHERE line.kind = 'PAYMENT' GROUP BY 1, 2, 3
    )
    SELECT concat('movement of ', channel, ' ', transaction_id) AS subject,
           coalesce(trade.region, movement.region) AS region, coalesce(trade.fen, 0)::text AS expected,
           coalesce(movement.fen, 0)::text AS found,
           (coalesce(movement.fen, 0) - coalesce(trade.fen, 0))::bigint AS fen
    FROM trade FULL JOIN movement USING (channel, merchant_id, transaction_id)
    WHERE trade.fen IS DISTINCT FROM movement.fen AND coalesce(trade.beside, movement.beside)
      AND NOT EXISTS (
          SELECT FROM proof.settlement_difference AS known
          WHERE (known.channel, known.merchant_id, known.transaction_id)
                = (coalesce(trade.channel, movement.channel), coalesce(trade.merchant_id, movement.merchant_id),
                   coalesce(trade.transaction_id, movement.transaction_id))
            AND known.kind = 'PAYMENT' AND known.closed_because IS DISTINCT FROM 'COUNTED')
    ORDER BY channel, transaction_id
"""
# What is kept of a bill is all of it, and nothing stands there without one of its kind.
_LINES_KEPT = """
    WITH kept AS (
        SELECT bill_id, 'TRADE' AS kind, count(*) AS lines FROM proof.bill_trade_line GROUP BY 1
        UNION ALL SELECT bill_id, 'FUND_FLOW', count(*) FROM proof.bill_flow_line GROUP BY 1
    )
    SELECT concat('channel bill ', coalesce(concat(bill.channel, ' ', bill.kind, ' ', bill.bill_day), bill_id::text))
               AS subject, bill.region, coalesce(bill.line_count, 0)::text AS expected,
           coalesce(kept.lines, 0)::text AS found, 0::bigint AS fen
    FROM proof.channel_bill AS bill FULL JOIN kept ON kept.bill_id = bill.id AND kept.kind = bill.kind
    WHERE kept.lines IS DISTINCT FROM nullif(bill.line_count, 0)
    ORDER BY subject
"""
# From its first day on a merchant has one bill of each kind and day. Its file is kept once it is read; what is read, or
# was empty, has no fault but that the channel has another file now.
_BILL_OF_EACH_DAY = """
    SELECT concat('channel bill ', bill.channel, ' ', bill.kind, ' ', bill.bill_day) AS subject, bill.region,
           concat_ws(' ', 'the bill of', bill.before + 1, CASE WHEN bill.has_file THEN 'READ' END) AS expected,
           concat_ws(' ', bill.merchant_id, bill.bill_day, bill.state, bill.fault, bill.line_count) AS found,
           0::bigint AS fen
    FROM (
        SELECT *, lag(bill_day) OVER (PARTITION BY channel, merchant_id, kind ORDER BY bill_day) AS before
        FROM proof.channel_bill
    ) AS bill LEFT JOIN proof.billed_merchant AS merchant USING (channel, merchant_id)
    WHERE merchant.first_day IS NULL OR bill.kind NOT IN ('TRADE', 'FUND_FLOW')
       OR bill.bill_day < merchant.first_day OR bill.bill_day <> bill.before + 1
       OR bill.state NOT IN ('WANTED', 'READ', 'EMPTY') OR (bill.state = 'READ') <> bill.has_file
       OR bill.state <> 'READ' AND bill.line_count <> 0
       OR (bill.state = 'WANTED') = (bill.fault = 'OTHER_CONTENT')
    ORDER BY subject
"""
# A payment that no notice brought is the movement that its line names.
_BILLED_PAYMENTS = """
    SELECT concat('payment ', payment.id) AS subject, payment.region,
           CASE WHEN line.bill_id IS NULL THEN 'no line in the bills'
                ELSE concat_ws(' ', bill.channel, bill.merchant_id, line.business_no, line.amount_fen) END AS expected,
           concat_ws(' ', payment.channel, payment.merchant_id, payment.transaction_id, payment.amount_fen, 'line',
                     payment.bill_line) AS found, payment.amount_fen AS fen
    FROM proof.payment AS payment LEFT JOIN proof.channel_bill AS bill ON bill.id = payment.bill_id
    LEFT JOIN proof.bill_flow_line AS line
      ON (line.bill_id, line.line_no, line.kind) = (payment.bill_id, payment.bill_line, 'PAYMENT')
    WHERE num_nonnulls(payment.bill_id, payment.bill_line) > 0
      AND (payment.channel, payment.merchant_id, payment.transaction_id, payment.amount_fen)
          IS DISTINCT FROM (bill.channel, bill.merchant_id, line.business_no, line.amount_fen)
    ORDER BY subject
"""
# Alipay says of its own balance that it need not follow from one movement to the next.
_UNPROMISED = "'ALIPAY'"
# From one movement to the next, over the days too, as long as no day between them is unread.
_RUNNING_BALANCES = f"""
    WITH bill AS (
        SELECT id, channel, merchant_id, region, bill_day, count(*) FILTER (WHERE state = 'WANTED') OVER (
            PARTITION BY channel, merchant_id ORDER BY bill_day) AS unread_before
        FROM proof.channel_bill WHERE kind = 'FUND_FLOW'
    ), line AS (
        SELECT bill.channel, bill.merchant_id, bill.region, bill.bill_day, line.line_no, line.amount_fen,
               line.balance_fen, bill.unread_before
        FROM proof.bill_flow_line AS line JOIN bill ON bill.id = line.bill_id
    ), following AS (
        SELECT *, lag(balance_fen) OVER (
            PARTITION BY channel, merchant_id, unread_before ORDER BY bill_day, line_no) AS before_fen
        FROM line
    )
    SELECT concat('balance at ', channel, ' ', bill_day, ' line ', line_no) AS subject, region,
           (before_fen + amount_fen)::text AS expected, balance_fen::text AS found,
           (balance_fen - before_fen - amount_fen)::bigint AS fen
    FROM following WHERE balance_fen <> before_fen + amount_fen AND channel <> ALL (ARRAY[{_UNPROMISED}])
    ORDER BY channel, merchant_id, bill_day, line_no
"""  # noqa: S608 - constants above
# A bill that cannot be used, or that the channel has otherwise now, is named: what it would say, nobody knows.
_WAITING = """
    SELECT concat('channel bill ', channel, ' ', kind, ' ', bill_day) AS subject, region,
           'the bill that was read' AS expected,
           concat(state, ' ', fault) AS found, 0::bigint AS fen
    FROM proof.channel_bill WHERE fault IS NOT NULL AND fault NOT IN ('NOT_READY', 'UNAVAILABLE')
    ORDER BY subject
"""


async def channel_bills(databases: Databases, findings: Findings) -> None:
    """Each line of the channel's bills is ours, and each payment and refund of ours is in them."""
    for table in ("bill_trade_line", "bill_flow_line"):
        findings.count_examined(await count(databases.payment, table))
    for sql in (
        _PAYMENTS_BILLED,
        _REFUNDS_BILLED,
        _MOVEMENTS,
        _LINES_KEPT,
        _BILL_OF_EACH_DAY,
        _BILLED_PAYMENTS,
        _RUNNING_BALANCES,
    ):
        await differing_rows(databases.payment, findings, sql)
    await named_rows(databases.payment, findings, _WAITING)


CHECKS = (
    ConsistencyCheck(
        "CHANNEL_BILLS",
        "渠道账单 = 收款与退款",
        "The channel's own bills say what we have",
        "渠道交易账单、资金账单 ↔ 收款、退款，逐笔；每日账单齐备",
        channel_bills,
    ),
)
