"""The books by themselves, and against what the domain's own rows say about the same money."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.snapshot import Databases

# What moved into and out of our hands per region and business day. Ours to bring to the treasury is what stands in
# village cash, with collectors who owe it, with channels and in the pending account; it changes by exactly what was
# paid in, less what was refunded, remitted and not returned. Equal on every day, the equation holds at the end of every
# day.
_EQUATION = """
    WITH booked AS (
        SELECT region, effective_on AS day, sum(CASE WHEN into_hand THEN amount_fen ELSE -amount_fen END) AS fen
        FROM (
            SELECT region, effective_on, amount_fen, debit IN ('village_cash', 'pending', 'collector_short')
                   OR starts_with(debit, 'channel:') AS into_hand,
                   credit IN ('village_cash', 'pending', 'collector_short') OR starts_with(credit, 'channel:')
                   AS out_of_hand
            FROM proof.transfer
        ) AS moved
        WHERE into_hand <> out_of_hand GROUP BY 1, 2
    ), recorded AS (
        SELECT region, day, sum(fen) AS fen FROM (
            SELECT coalesce(held.region, line.region) AS region, payment.paid_on AS day, line.amount_fen AS fen
            FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
            LEFT JOIN proof.suspense AS held ON held.payment_line_id = line.id
            -- What two people matched moved on the day of their decision to where its bill lies.
            UNION ALL
            SELECT held.region, decision.decided_on, -held.amount_fen
            FROM proof.suspense_decision AS decision JOIN proof.suspense AS held ON held.id = decision.suspense_id
            WHERE decision.kind = 'MATCH'
            UNION ALL
            SELECT bill.region, decision.decided_on, held.amount_fen
            FROM proof.suspense_decision AS decision JOIN proof.suspense AS held ON held.id = decision.suspense_id
            JOIN proof.bill AS bill ON bill.id = decision.bill_id
            UNION ALL SELECT region, received_on, amount_fen FROM proof.cash_receipt
            UNION ALL SELECT region, refunded_on, -amount_fen FROM proof.refund WHERE state = 'PAID'
            UNION ALL SELECT region, refunded_on, -amount_fen FROM proof.unasked_refund
            UNION ALL
            SELECT back.region, back.returned_on, -receipt.amount_fen
            FROM proof.cash_refund AS back JOIN proof.cash_receipt AS receipt ON receipt.id = back.receipt_id
            WHERE back.returned_on IS NOT NULL
            UNION ALL
            SELECT line.region, batch.remitted_on, -line.amount_fen
            FROM proof.remittance_line AS line JOIN proof.remittance_batch AS batch ON batch.id = line.batch_id
            WHERE line.place NOT IN ('PENDING', 'WITHDRAWN')
            UNION ALL
            SELECT line.region, batch.returned_on, line.amount_fen
            FROM proof.remittance_line AS line JOIN proof.remittance_batch AS batch ON batch.id = line.batch_id
            WHERE line.place = 'RETURNED'
        ) AS moved GROUP BY 1, 2
    )
    SELECT concat('books ', region, ' ', day) AS subject, region,
           coalesce(recorded.fen, 0)::text AS expected, coalesce(booked.fen, 0)::text AS found,
           (coalesce(booked.fen, 0) - coalesce(recorded.fen, 0))::bigint AS fen
    FROM booked FULL JOIN recorded USING (region, day)
    WHERE coalesce(booked.fen, 0) <> coalesce(recorded.fen, 0)
    ORDER BY region, day
"""

# Which accounts may stand against each other: the table of the books, nothing else is a posting.
_POSTINGS = """
    VALUES ('village_cash', 'unapplied'), ('pending', 'village_cash'), ('village_cash', 'pending'),
           ('unapplied', 'premium'), ('unapplied', 'refund_payable'), ('refund_payable', 'village_cash'),
           ('channel', 'premium'), ('pending', 'channel'), ('channel', 'pending'),
           ('in_transit', 'pending'), ('treasury', 'in_transit'), ('pending', 'in_transit'),
           ('channel', 'suspense'), ('suspense', 'refund_payable'), ('refund_payable', 'channel'),
           ('refunded_unasked', 'channel'), ('suspense', 'refunded_unasked'),
           ('suspense', 'premium'), ('suspense', 'channel'), ('suspense', 'pending'), ('pending', 'suspense'),
           ('collector_short', 'village_cash'), ('pending', 'collector_short'), ('village_cash', 'collector_short'),
           ('collector_short', 'pending'),
           ('funder', 'aided')
"""
_TRANSFERS = f"""
    SELECT concat('transfer ', id) AS subject, region, 'a posting of the books' AS expected,
           concat(kind, ': ', debit, ' ← ', credit, ' ', amount_fen) AS found, amount_fen AS fen
    FROM proof.transfer
    WHERE amount_fen <= 0 OR (split_part(debit, ':', 1), split_part(credit, ':', 1)) NOT IN ({_POSTINGS})
    UNION ALL
    SELECT concat('transfer ', idempotency_key), min(region), '1', count(*)::text, (sum(amount_fen) - min(amount_fen))
    FROM proof.transfer GROUP BY idempotency_key HAVING count(*) > 1
    ORDER BY subject
"""  # noqa: S608 - a constant
# The sums that the summary reads, against the transfers that they stand for.
_SUMS = """
    WITH stored AS (
        SELECT region, coalesce(benefit_year, 0) AS year, kind, debit, credit, sum(fen)::bigint AS fen,
               sum(times)::bigint AS times
        FROM proof.transfer_sum GROUP BY 1, 2, 3, 4, 5
    ), recomputed AS (
        SELECT region, coalesce(benefit_year, 0) AS year, kind, debit, credit, sum(amount_fen) AS fen, count(*) AS times
        FROM proof.summed_transfer GROUP BY 1, 2, 3, 4, 5
    )
    SELECT concat('sum ', kind, ' ', debit, ' ← ', credit, ' ', year) AS subject,
           region, concat(coalesce(recomputed.fen, 0), ' in ', coalesce(recomputed.times, 0)) AS expected,
           concat(coalesce(stored.fen, 0), ' in ', coalesce(stored.times, 0)) AS found,
           (coalesce(stored.fen, 0) - coalesce(recomputed.fen, 0))::bigint AS fen
    FROM stored FULL JOIN recomputed USING (region, year, kind, debit, credit)
    WHERE (stored.fen, stored.times) IS DISTINCT FROM (recomputed.fen, recomputed.times)
    ORDER BY region, subject
"""
# Money that a place does not have cannot leave it, and a debt paid twice turns into a claim: each such balance shows a
# posting that is missing or doubled. Debits raise assets, credits raise the rest. A channel alone may owe less than
# nothing: what it gave back of money settled before, until it deducts that from a later settlement.
_BALANCES = """
    SELECT concat('account ', account) AS subject, region, '≥ 0' AS expected, sum(fen)::text AS found,
           sum(fen)::bigint AS fen
    FROM (
        SELECT region, split_part(debit, ':', 1) AS kind, debit AS account, amount_fen AS fen FROM proof.transfer
        UNION ALL SELECT region, split_part(credit, ':', 1), credit, -amount_fen FROM proof.transfer
    ) AS side
    WHERE kind <> 'channel'
    GROUP BY region, kind, account
    HAVING sum(fen) * CASE WHEN kind IN ('unapplied', 'suspense', 'refund_payable', 'premium', 'aided')
                           THEN -1 ELSE 1 END < 0
    ORDER BY region, subject
"""
# The same at the end of every day: money cannot leave a place before it came. A refund alone may be paid, by the
# channel's clock, on a day before the business date on which it was approved. What a channel gave back may be more than
# what it holds, so with that added again it, too, holds nothing less than nothing.
_DAILY = """
    SELECT concat('account ', account, ' on ', min(day)) AS subject, region, '≥ 0' AS expected, min(fen)::text AS found,
           min(fen)::bigint AS fen
    FROM (
        SELECT region, account, day, sum(sum(fen)) OVER (PARTITION BY region, account ORDER BY day) AS fen,
               sum(sum(fen)) OVER (PARTITION BY region, account) AS last
        FROM (
            SELECT region, debit AS account, effective_on AS day,
                   amount_fen * CASE WHEN debit IN ('unapplied', 'suspense') THEN -1 ELSE 1 END AS fen
            FROM proof.transfer
            UNION ALL
            SELECT region, credit, effective_on,
                   amount_fen * CASE WHEN credit IN ('unapplied', 'suspense') THEN 1 ELSE -1 END
            FROM proof.transfer
            UNION ALL
            SELECT region, credit, effective_on, amount_fen FROM proof.transfer
            WHERE debit IN ('refund_payable', 'refunded_unasked') AND starts_with(credit, 'channel:')
               OR kind = 'refund_deducted_reversed'
            UNION ALL
            SELECT region, debit, effective_on, -amount_fen FROM proof.transfer WHERE kind = 'refund_deducted'
        ) AS side
        WHERE account IN ('village_cash', 'collector_short', 'pending', 'in_transit', 'treasury', 'unapplied',
                          'suspense', 'refunded_unasked')
           OR starts_with(account, 'channel:')
        GROUP BY region, account, day
    ) AS ended
    WHERE fen < 0 AND (last >= 0 OR starts_with(account, 'channel:'))
    GROUP BY region, account ORDER BY region, subject
"""
_GUARDED = """
    SELECT coalesce(bool_or(trigger.tgenabled IN ('O', 'A')), false) AS guarded,
           has_table_privilege('payment_app', books.oid, 'UPDATE, DELETE, TRUNCATE') AS writable
    FROM pg_class AS books LEFT JOIN pg_trigger AS trigger
      ON trigger.tgrelid = books.oid AND trigger.tgname = 'transfer_append_only'
    WHERE books.oid = to_regclass('public.transfer') GROUP BY books.oid
"""
_APPEND_ONLY = f"""
    SELECT 'transfer' AS subject, NULL AS region, 'append-only' AS expected,
           concat_ws(', ', CASE WHEN NOT guarded THEN 'its trigger is off' END,
                           CASE WHEN writable THEN 'the service may change rows' END) AS found, 0 AS fen
    FROM ({_GUARDED}) AS books WHERE writable OR NOT guarded
"""  # noqa: S608 - a constant

# Account by account and region: what the books say stands there, against the rows of those who put it there.
_RECORDED = """
    SELECT line.region, concat('channel:', payment.channel) AS account, line.amount_fen AS fen
    FROM proof.payment_line AS line JOIN proof.payment AS payment ON payment.id = line.payment_id
    WHERE line.settled_on IS NULL
    UNION ALL SELECT region, concat('channel:', channel), -amount_fen FROM proof.refund WHERE state = 'PAID'
    UNION ALL SELECT region, concat('channel:', channel), -amount_fen FROM proof.unasked_refund
    UNION ALL SELECT region, 'refunded_unasked', amount_fen FROM proof.unasked_refund WHERE recovered_by IS NULL
    UNION ALL SELECT region, account, fen FROM deducted
    UNION ALL SELECT region, 'pending', -fen FROM deducted
    UNION ALL SELECT region, 'pending', amount_fen FROM proof.payment_line WHERE settled_on IS NOT NULL
    UNION ALL SELECT region, 'pending', amount_fen FROM proof.cash_receipt WHERE deposited_on IS NOT NULL
    UNION ALL
    SELECT region, 'village_cash', amount_fen FROM proof.cash_receipt
    WHERE deposited_on IS NULL AND (batch_id IS NULL OR batch_id NOT IN (SELECT id FROM short))
    UNION ALL SELECT region, 'pending', counted_fen FROM short
    UNION ALL SELECT region, 'collector_short', declared_fen - counted_fen FROM short
    UNION ALL SELECT region, 'pending', -amount_fen FROM proof.remittance_line WHERE place IN ('IN_TRANSIT', 'TREASURY')
    UNION ALL SELECT region, 'in_transit', amount_fen FROM proof.remittance_line WHERE place = 'IN_TRANSIT'
    UNION ALL SELECT region, 'treasury', amount_fen FROM proof.remittance_line WHERE place = 'TREASURY'
    UNION ALL SELECT region, 'premium', -due_fen FROM proof.bill WHERE state = 'PAID'
    UNION ALL SELECT region, 'unapplied', -amount_fen FROM proof.cash_receipt WHERE state = 'USED'
    UNION ALL SELECT region, 'refund_payable', -amount_fen FROM proof.cash_receipt WHERE state = 'RECALLED'
    UNION ALL SELECT region, 'refund_payable', amount_fen FROM back WHERE returned_on IS NOT NULL
    UNION ALL SELECT region, 'village_cash', -amount_fen FROM back WHERE returned_on IS NOT NULL
    UNION ALL SELECT region, 'village_cash', amount_fen FROM back WHERE fetched_on IS NOT NULL
    UNION ALL SELECT region, 'pending', -amount_fen FROM back WHERE fetched_on IS NOT NULL
    UNION ALL
    SELECT region, 'refund_payable', -amount_fen FROM proof.refund WHERE approved_on IS NOT NULL AND state <> 'PAID'
    UNION ALL
    SELECT region, 'suspense', -amount_fen FROM proof.suspense
    WHERE payment_line_id IS NOT NULL AND state NOT IN ('RECOVERED', 'MATCHED')
      AND id NOT IN (SELECT suspense_id FROM proof.refund WHERE approved_on IS NOT NULL)
"""
# What a channel gave back of money that came with another payout than the one from which it deducted it.
_DEDUCTED = """
    SELECT refund.region, concat('channel:', refund.channel) AS account, refund.amount_fen AS fen
    FROM proof.refund AS refund
    JOIN proof.suspense AS suspense ON suspense.id = refund.suspense_id
    JOIN proof.payment_line AS line ON line.id = suspense.payment_line_id
    WHERE refund.deducted_by IS NOT NULL
      AND (line.settled_on IS NOT NULL OR line.counted_by IS DISTINCT FROM refund.deducted_by)
    UNION ALL
    SELECT refund.region, concat('channel:', refund.channel), refund.amount_fen
    FROM proof.unasked_refund AS refund JOIN proof.payment_line AS line ON line.id = refund.payment_line_id
    WHERE refund.deducted_by IS NOT NULL
      AND (line.settled_on IS NOT NULL OR line.counted_by IS DISTINCT FROM refund.deducted_by)
"""
# Cash of a failed import leaves the pending account for the village, and the village for the person.
_BACK = """
    SELECT receipt.region, receipt.amount_fen, refund.fetched_on, refund.returned_on
    FROM proof.cash_refund AS refund JOIN proof.cash_receipt AS receipt ON receipt.id = refund.receipt_id
"""
# Of a part that its collector owes, the account has what was counted and the collector the rest.
_SHORT = """
    SELECT id, region, declared_fen, coalesce(counted_fen, 0) AS counted_fen FROM proof.remittance_batch
    WHERE state = 'SHORT'
"""
_ACCOUNTS = f"""
    WITH deducted AS ({_DEDUCTED}), back AS ({_BACK}), short AS ({_SHORT}), booked AS (
        SELECT region, account, sum(fen) AS fen FROM (
            SELECT region, debit AS account, amount_fen AS fen FROM proof.transfer
            UNION ALL SELECT region, credit, -amount_fen FROM proof.transfer
        ) AS side
        WHERE account IN ('village_cash', 'pending', 'in_transit', 'treasury', 'premium', 'unapplied', 'refund_payable',
                          'suspense', 'refunded_unasked', 'collector_short') OR starts_with(account, 'channel:')
        GROUP BY 1, 2
    ), recorded AS (
        SELECT region, account, sum(fen) AS fen FROM ({_RECORDED}) AS rows GROUP BY 1, 2
    )
    SELECT concat('account ', account) AS subject, region, coalesce(recorded.fen, 0)::text AS expected,
           coalesce(booked.fen, 0)::text AS found, (coalesce(booked.fen, 0) - coalesce(recorded.fen, 0))::bigint AS fen
    FROM booked FULL JOIN recorded USING (region, account)
    WHERE coalesce(booked.fen, 0) <> coalesce(recorded.fen, 0)
    ORDER BY region, account
"""  # noqa: S608 - constants above


async def equation(databases: Databases, findings: Findings) -> None:
    """Per region and day, what the books hold changes by what was paid in less what was refunded and remitted."""
    findings.count_examined(await count(databases.payment, "transfer"))
    await differing_rows(databases.payment, findings, _EQUATION)


async def transfers(databases: Databases, findings: Findings) -> None:
    """Each transfer is a posting of the books, once; no balance is impossible; nobody can rewrite them."""
    findings.count_examined(await count(databases.payment, "transfer"))
    for sql in (_TRANSFERS, _BALANCES, _DAILY, _APPEND_ONLY):
        await differing_rows(databases.payment, findings, sql)


async def sums(databases: Databases, findings: Findings) -> None:
    """The sums kept beside the books are what their transfers add up to."""
    findings.count_examined(await count(databases.payment, "transfer"))
    await differing_rows(databases.payment, findings, _SUMS)


async def accounts(databases: Databases, findings: Findings) -> None:
    """What stands in an account is what the rows of payments, receipts, bills, refunds and batches say."""
    findings.count_examined(await count(databases.payment, "transfer"))
    await differing_rows(databases.payment, findings, _ACCOUNTS)


CHECKS = (
    ConsistencyCheck(
        "BOOKS_EQUATION",
        "账务恒等式",
        "The books' equation, per region and day",
        "村级现金+收款人短款+渠道+待报解 的每日变动 = 收款 − 退款 − 上解 + 退回",
        equation,
    ),
    ConsistencyCheck(
        "BOOKS_POSTINGS",
        "分录合法且不可改",
        "Every transfer is a legal posting, once, and cannot be rewritten",
        "转账 ↔ 记账规则表、幂等键、余额方向、只追加触发器",
        transfers,
    ),
    ConsistencyCheck(
        "BOOKS_SUMS",
        "账务汇总 = 分录合计",
        "The sums kept beside the books are their transfers",
        "分录汇总（至水位线）↔ 逐笔分录重新合计",
        sums,
    ),
    ConsistencyCheck(
        "BOOKS_ACCOUNTS",
        "科目余额与业务明细一致",
        "Balances agree with the rows behind them",
        "渠道、村级现金、待报解、在途、国库、保费、待查、应退余额 = 缴费、收据、退费、上解明细合计",
        accounts,
    ),
)
