"""Money that no township can claim: named, never dropped."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows, named_rows
from verify.findings import Findings
from verify.snapshot import Databases

# Money without a home may stand in suspense under the county; income and everything on its way belongs to a village.
_HOMELESS_INCOME = """
    SELECT concat('transfer ', id) AS subject, region, 'a township' AS expected,
           concat(debit, ' ← ', credit, ' under ', region) AS found, amount_fen AS fen
    FROM proof.transfer
    WHERE (length(region) < 9 OR enrolment_id IS NULL)
      AND (credit IN ('premium', 'aided', 'unapplied') OR debit IN ('in_transit', 'treasury'))
    ORDER BY id
"""
# One enrolment's money is that of one township; a line that wandered would be counted in two.
_WANDERING = """
    SELECT concat('enrolment ', enrolment_id) AS subject, min(region) AS region, min(region) AS expected,
           max(region) AS found, sum(amount_fen)::bigint AS fen
    FROM (
        SELECT enrolment_id, region, amount_fen FROM proof.transfer WHERE enrolment_id IS NOT NULL
        UNION ALL SELECT enrolment_id, region, 0 FROM proof.bill
    ) AS side
    GROUP BY enrolment_id HAVING min(region) <> max(region) ORDER BY enrolment_id
"""
# What stands in suspense under no township has a row that names its transaction, to the fen.
_UNNAMED = """
    SELECT concat('suspense under ', region) AS subject, region, coalesce(named.fen, 0)::text AS expected,
           coalesce(booked.fen, 0)::text AS found, (coalesce(booked.fen, 0) - coalesce(named.fen, 0))::bigint AS fen
    FROM (
        SELECT region, sum(amount_fen) AS fen FROM proof.transfer
        WHERE credit = 'suspense' AND length(region) < 9 GROUP BY region
    ) AS booked
    FULL JOIN (
        SELECT region, sum(amount_fen) AS fen FROM proof.suspense
        WHERE payment_line_id IS NOT NULL AND length(region) < 9 GROUP BY region
    ) AS named USING (region)
    WHERE coalesce(booked.fen, 0) <> coalesce(named.fen, 0) ORDER BY region
"""
# Another currency's amount is no yuan: it is reported as text and added to nothing.
_NAMED = """
    SELECT concat('suspense ', channel, ' ', transaction_id) AS subject, region, 'a township' AS expected,
           concat(reason, ' ', state, ', order ', order_no) AS found, amount_fen AS fen
    FROM proof.suspense
    WHERE payment_line_id IS NOT NULL AND length(region) < 9 AND state NOT IN ('REFUNDED', 'MATCHED')
    UNION ALL
    SELECT concat('quarantined notice ', channel, ' ', coalesce(transaction_id, notify_id)), region, 'ours',
           concat(reason, ', order ', order_no,
                  CASE WHEN currency <> 'CNY' THEN concat(', ', amount_fen, ' hundredths of ', currency) END),
           CASE WHEN currency <> 'CNY' THEN 0 ELSE coalesce(amount_fen, 0) END
    FROM proof.notice WHERE state = 'QUARANTINED'
    ORDER BY subject
"""


async def attributed(databases: Databases, findings: Findings) -> None:
    """All income has a township; what has none stands in suspense and is named here, as is what is not ours."""
    findings.count_examined(await count(databases.payment, "transfer"))
    for sql in (_HOMELESS_INCOME, _WANDERING, _UNNAMED):
        await differing_rows(databases.payment, findings, sql)
    await named_rows(databases.payment, findings, _NAMED)


CHECKS = (
    ConsistencyCheck(
        "MONEY_HAS_A_TOWNSHIP",
        "资金均有归属，无归属者逐笔列明",
        "Money without a township is named, not dropped",
        "分录的区划 ↔ 参保区划；无乡镇的待查与非本方资金逐笔列出",
        attributed,
    ),
)
