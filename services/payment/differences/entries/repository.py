"""What differs from a channel's bills is recorded: set-based, a whole payout or day in each statement."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payments.counted.repository import COVERED, CoveredRange
from shared.contracts.event import Trace


@dataclass(frozen=True, slots=True)
class BilledUntil:
    """Up to which day a merchant's bills, and those of the day after, are there; and what was credited since the last.

    ``late_from`` is the identifier from which on payments were credited that no earlier look could see.
    """

    channel: str
    merchant_id: str
    first_day: date
    day: date
    late_from: UUID


# PostgreSQL knows nothing of a bill just read, and takes its lines to be none or one: joined otherwise, each would be
# compared with all of the other side. A full join has no such plan, whatever is known: one side is hashed, or both are
# sorted. OFFSET 0 keeps it a full one where only a part of it is wanted.
#
# A movement of a payout that nothing of ours was counted for; nothing is ours of one that repeats what was counted.
# Both sides are laid together by number first, and only numbers that are repeated, or whose sums differ, are looked up.
# The trade bill of its day, or of the day before where the channel booked it after midnight, knows the numbers that the
# movement lacks.
_RECORD_PAYMENTS = text(
    f"""
    WITH covered AS MATERIALIZED (
        SELECT * FROM ({COVERED}) AS every WHERE kind = 'PAYMENT'
    ), sides AS (
        SELECT business_no, amount_fen AS theirs_fen, CAST(NULL AS bigint) AS ours_fen FROM covered
        UNION ALL
        SELECT p.transaction_id, NULL, p.amount_fen
        FROM remittance_batch b JOIN payment_line l ON l.counted_by = b.id JOIN payment p ON p.id = l.payment_id
        WHERE b.payout_id = :payout_id AND p.channel = :channel AND p.merchant_id = :merchant_id
    ), differing AS MATERIALIZED (
        SELECT business_no, min(ours_fen) AS counted_fen FROM sides GROUP BY business_no
        HAVING count(theirs_fen) > 1 OR count(theirs_fen) = 1 AND min(theirs_fen) IS DISTINCT FROM min(ours_fen)
    ), numbered AS (
        SELECT m.*, row_number() OVER (PARTITION BY business_no ORDER BY bill_day, line_no) AS nth FROM (
            SELECT c.*, d.business_no AS differs, d.counted_fen
            FROM (SELECT * FROM covered WHERE EXISTS (SELECT FROM differing)) AS c
            FULL JOIN differing d ON d.business_no = c.business_no OFFSET 0
        ) AS m WHERE differs IS NOT NULL
    ), open AS MATERIALIZED (
        SELECT n.*, p.id AS payment_id, p.order_no,
               CASE WHEN p.id IS NULL THEN NULL
                    WHEN nth > 1 OR (SELECT bool_or(counted_by IS NOT NULL) FROM payment_line WHERE payment_id = p.id)
                    THEN 0 ELSE p.amount_fen END AS ours_fen
        FROM numbered n LEFT JOIN LATERAL (
            SELECT id, order_no, amount_fen FROM payment
            WHERE channel = :channel AND merchant_id = :merchant_id AND transaction_id = n.business_no OFFSET 0
        ) AS p ON true
        WHERE nth > 1 OR n.counted_fen IS DISTINCT FROM n.amount_fen
    ), traded AS (
        SELECT DISTINCT ON (transaction_id) transaction_id, order_no, happened_at FROM (
            SELECT t.*, o.business_no FROM (
                SELECT t.transaction_id, t.order_no, t.happened_at
                FROM channel_bill b JOIN bill_trade_line t ON t.bill_id = b.id
                WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'TRADE' AND t.kind = 'PAYMENT'
                  AND b.bill_day BETWEEN CAST(:after_day AS date) - 1 AND :until_day AND EXISTS (SELECT FROM open)
            ) AS t FULL JOIN (SELECT DISTINCT business_no FROM open) AS o ON o.business_no = t.transaction_id OFFSET 0
        ) AS m WHERE business_no IS NOT NULL AND transaction_id IS NOT NULL
        ORDER BY transaction_id, happened_at
    )
    INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, order_no, payment_id,
                                       payout_id, bill_id, line_no, ours_fen, theirs_fen, happened_at, owner, since,
                                       region, actor, correlation_id)
    SELECT gen_random_uuid(), CASE WHEN o.payment_id IS NULL THEN 4 ELSE 2 END, 'PAYMENT', :channel, :merchant_id,
           o.business_no, coalesce(o.order_no, t.order_no, o.voucher_no), o.payment_id, :payout_id, o.bill_id,
           o.line_no, o.ours_fen, o.amount_fen, coalesce(t.happened_at, o.booked_at),
           CASE WHEN o.payment_id IS NULL THEN 'OFFICE' ELSE 'CHANNEL' END, :since, :region, :actor, :correlation_id
    FROM open o FULL JOIN traded t ON t.transaction_id = o.business_no
    ON CONFLICT (bill_id, line_no) DO NOTHING
    """  # noqa: S608 - constant parts
)
_RECORD_REFUNDS = text(
    f"""
    WITH covered AS MATERIALIZED (
        SELECT *, row_number() OVER (PARTITION BY business_no ORDER BY bill_day, line_no) > 1 AS repeated
        FROM ({COVERED}) AS every WHERE kind = 'REFUND'
    ), open AS MATERIALIZED (
        SELECT c.*, t.transaction_id, t.order_no, coalesce(t.refund_no, c.voucher_no) AS refund_no, t.happened_at
        FROM covered c LEFT JOIN LATERAL (
            SELECT t.transaction_id, t.order_no, t.refund_no, t.happened_at FROM bill_trade_line t
            WHERE t.kind = 'REFUND' AND t.channel_refund_id = c.business_no ORDER BY t.happened_at LIMIT 1
        ) AS t ON true
    ), compared AS (
        SELECT o.*, r.id AS refund_id,
               CASE WHEN o.repeated OR r.deducted_by IS NOT NULL OR EXISTS (
                   SELECT FROM unasked_refund u WHERE u.channel = :channel AND u.merchant_id = :merchant_id
                     AND u.channel_refund_id = o.business_no AND u.deducted_by IS NOT NULL)
                    THEN 0 ELSE r.amount_fen END AS ours_fen
        FROM open o LEFT JOIN refund r ON r.channel = :channel AND r.merchant_id = :merchant_id
         AND (r.channel_refund_id = o.business_no OR r.refund_no = o.refund_no)
        WHERE o.repeated OR (
          NOT EXISTS (SELECT FROM remittance_batch b WHERE b.id = r.deducted_by AND b.payout_id = :payout_id)
          AND NOT EXISTS (SELECT FROM unasked_refund u JOIN remittance_batch b ON b.id = u.deducted_by
                          WHERE u.channel = :channel AND u.merchant_id = :merchant_id
                            AND u.channel_refund_id = o.business_no AND b.payout_id = :payout_id))
    )
    INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, order_no, refund_no,
                                       channel_refund_id, refund_id, payout_id, bill_id, line_no, ours_fen, theirs_fen,
                                       happened_at, owner, since, region, actor, correlation_id)
    SELECT gen_random_uuid(), CASE WHEN ours_fen <> -amount_fen THEN 2 WHEN refund_id IS NULL THEN 4 ELSE 3 END,
           'REFUND', :channel, :merchant_id, transaction_id, order_no, refund_no, business_no, refund_id, :payout_id,
           bill_id, line_no, ours_fen, -amount_fen, coalesce(happened_at, booked_at), 'OFFICE', :since, :region, :actor,
           :correlation_id
    FROM compared
    ON CONFLICT (bill_id, line_no) DO NOTHING
    """  # noqa: S608 - constant parts
)
# Credited, and in the bills of neither its day nor the next. What was credited after these bills is looked at with the
# next one; what two people closed is not opened again.
_RECORD_OURS_ONLY = text(
    """
    WITH late AS MATERIALIZED (
        SELECT p.id, p.paid_on, p.transaction_id FROM payment p
        WHERE p.id >= :late_from AND p.channel = :channel AND p.merchant_id = :merchant_id
          AND p.paid_on >= :first_day AND p.paid_on < :day
          AND NOT EXISTS (SELECT FROM settlement_difference d
                          WHERE d.payment_id = p.id AND d.class = 6 AND d.kind = 'PAYMENT'
                            AND d.closed_because = 'DECIDED')
    ), credited AS (
        SELECT id, transaction_id FROM payment
        WHERE channel = :channel AND merchant_id = :merchant_id AND paid_on = :day
        UNION ALL
        SELECT id, transaction_id FROM late
    ), billed AS (
        SELECT f.business_no FROM channel_bill b JOIN bill_flow_line f ON f.bill_id = b.id
        WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW' AND f.kind = 'PAYMENT'
          AND b.bill_day = ANY (ARRAY(SELECT CAST(:day AS date) + n FROM generate_series(0, 1) AS n
                                      UNION SELECT paid_on + n FROM late CROSS JOIN generate_series(0, 1) AS n))
    ), missing AS MATERIALIZED (
        SELECT id FROM (
            SELECT c.id, b.business_no FROM credited c FULL JOIN billed b ON b.business_no = c.transaction_id OFFSET 0
        ) AS m WHERE business_no IS NULL
    )
    INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, order_no, payment_id,
                                       ours_fen, happened_at, owner, since, region, actor, correlation_id)
    SELECT gen_random_uuid(), 6, 'PAYMENT', p.channel, p.merchant_id, p.transaction_id, p.order_no, p.id, p.amount_fen,
           p.paid_at, 'CHANNEL', p.paid_on + 1, :region, :actor, :correlation_id
    FROM missing CROSS JOIN LATERAL (SELECT * FROM payment WHERE payment.id = missing.id OFFSET 0) AS p
    WHERE EXISTS (SELECT FROM payment_line l
                  WHERE l.payment_id = p.id AND l.settled_on IS NULL AND l.counted_by IS NULL OFFSET 0)
    ON CONFLICT (payment_id) WHERE class = 6 AND state = 'OPEN' DO NOTHING
    """
)
# Refunded by the channel's word, and in no bill at all. It is named with the payment that it gives back: of
# several such differences of one payment, one is named after the other.
_RECORD_REFUNDS_OURS_ONLY = text(
    """
    INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, refund_no, payment_id,
                                       refund_id, ours_fen, happened_at, owner, since, region, actor, correlation_id)
    SELECT gen_random_uuid(), 6, 'REFUND', r.channel, r.merchant_id, r.transaction_id, r.refund_no, l.payment_id,
           r.id, r.amount_fen, (r.refunded_on + time '12:00') AT TIME ZONE 'Asia/Shanghai', 'CHANNEL',
           r.refunded_on + 1, :region, :actor, :correlation_id
    FROM refund r JOIN suspense s ON s.id = r.suspense_id JOIN payment_line l ON l.id = s.payment_line_id
    WHERE r.channel = :channel AND r.merchant_id = :merchant_id AND r.state = 'PAID' AND r.deducted_by IS NULL
      AND r.approved_on >= :first_day AND r.refunded_on <= :day AND r.attributed_to IS NULL
      AND NOT EXISTS (SELECT FROM bill_trade_line t WHERE t.kind = 'REFUND' AND t.refund_no = r.refund_no)
      AND NOT EXISTS (SELECT FROM bill_trade_line t
                      WHERE t.kind = 'REFUND' AND t.channel_refund_id = r.channel_refund_id)
      AND NOT EXISTS (SELECT FROM channel_bill b JOIN bill_flow_line f ON f.bill_id = b.id
                      WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
                        AND b.bill_day BETWEEN r.approved_on AND CAST(:day AS date) + 1 AND f.kind = 'REFUND'
                        AND (f.business_no = r.channel_refund_id OR f.voucher_no = r.refund_no))
      AND NOT EXISTS (SELECT FROM settlement_difference d WHERE d.refund_id = r.id AND d.state = 'OPEN')
      AND NOT EXISTS (SELECT FROM settlement_difference d WHERE d.refund_id = r.id AND d.closed_because = 'DECIDED')
    ON CONFLICT (payment_id) WHERE class = 6 AND state = 'OPEN' DO NOTHING
    """
)
# Refunded by the channel's word, and its bills have it as failed only: whose word counts is for the channel to say. Of
# every day whose bill is there, as long as no payout deducted it: its word may come late.
_RECORD_THEIRS_FAILED = text(
    """
    INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, order_no, refund_no,
                                       channel_refund_id, refund_id, bill_id, line_no, ours_fen, theirs_fen,
                                       happened_at, owner, since, region, actor, correlation_id)
    SELECT gen_random_uuid(), 5, 'REFUND', b.channel, b.merchant_id, t.transaction_id, t.order_no, t.refund_no,
           t.channel_refund_id, r.id, t.bill_id, t.line_no, r.amount_fen, 0, t.happened_at, 'CHANNEL', b.bill_day,
           :region, :actor, :correlation_id
    FROM channel_bill b JOIN bill_trade_line t ON t.bill_id = b.id AND t.kind = 'REFUND'
    JOIN refund r ON r.refund_no = t.refund_no AND r.channel = b.channel AND r.merchant_id = b.merchant_id
    WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'TRADE' AND b.bill_day <= :day
      AND t.outcome NOT IN ('SUCCESS', 'PROCESSING', 'CHANGE') AND r.state = 'PAID' AND r.deducted_by IS NULL
      AND NOT EXISTS (SELECT FROM bill_trade_line s
                      WHERE s.kind = 'REFUND' AND s.refund_no = t.refund_no AND s.outcome = 'SUCCESS')
    ON CONFLICT (bill_id, line_no) DO NOTHING
    """
)
_RECORD_UNASKED = text(
    """
    INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, refund_no,
                                       channel_refund_id, unasked_id, theirs_fen, happened_at, owner, since, region,
                                       actor, correlation_id)
    SELECT gen_random_uuid(), 4, 'REFUND', u.channel, u.merchant_id, p.transaction_id, u.refund_no, u.channel_refund_id,
           u.id, u.amount_fen, (u.refunded_on + time '12:00') AT TIME ZONE 'Asia/Shanghai', 'OFFICE', u.refunded_on,
           u.region, u.actor, u.correlation_id
    FROM unasked_refund u JOIN payment_line l ON l.id = u.payment_line_id JOIN payment p ON p.id = l.payment_id
    WHERE u.id = ANY(CAST(:ids AS uuid[]))
    ON CONFLICT (unasked_id) DO NOTHING
    """
)
# Credited by an institution's word online, and in no file of it by the end of the day; one taken back is none.
_RECORD_UNFILED = text(
    """
    INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, payment_id, ours_fen,
                                       happened_at, owner, since, region, actor, correlation_id)
    SELECT gen_random_uuid(), 6, 'PAYMENT', p.channel, p.merchant_id, p.transaction_id, p.id, p.amount_fen, p.paid_at,
           'CHANNEL', d.business_date + 1, :region, :actor, :correlation_id
    FROM direct_payment d JOIN payment p ON p.direct_id = d.id JOIN payment_line l ON l.payment_id = p.id
    WHERE d.institution = :institution AND d.business_date = :day AND d.source = 'ONLINE' AND l.reversed_by IS NULL
      AND NOT EXISTS (SELECT FROM channel_file_line f
                      WHERE f.institution = d.institution AND f.business_date = d.business_date
                        AND f.sequence = d.sequence AND f.kind = 'PAYMENT' AND f.fault IS NULL)
    ON CONFLICT (payment_id) WHERE class = 6 AND state = 'OPEN' DO NOTHING
    """
)
# Of one number the institution's file says another amount, or another person, than what stands in the books.
_RECORD_FILED_OTHERWISE = text(
    """
    INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, payment_id, ours_fen,
                                       theirs_fen, happened_at, owner, since, region, actor, correlation_id)
    SELECT gen_random_uuid(), 2, 'PAYMENT', p.channel, p.merchant_id, p.transaction_id, p.id, p.amount_fen,
           f.amount_fen, f.happened_at, 'CHANNEL', :day, :region, :actor, :correlation_id
    FROM channel_file_line f
    JOIN direct_payment d ON d.institution = f.institution AND d.business_date = f.business_date
                         AND d.sequence = f.sequence
    JOIN payment p ON p.direct_id = d.id
    WHERE f.file_id = :file_id AND f.state = 'CONTESTED'
    """
)
# A later file names what an earlier day's had left out.
_CLOSE_FILED = text(
    """
    UPDATE settlement_difference s SET state = 'CLOSED', closed_because = 'FILED', closed_on = :day
    FROM channel_file_line f
    JOIN direct_payment d ON d.institution = f.institution AND d.business_date = f.business_date
                         AND d.sequence = f.sequence
    JOIN payment p ON p.direct_id = d.id
    WHERE f.file_id = :file_id AND f.business_date < :day AND f.fault IS NULL AND f.kind = 'PAYMENT'
      AND s.payment_id = p.id AND s.class = 6 AND s.state = 'OPEN'
    """
)


async def record_uncounted(
    session: AsyncSession, payout_id: UUID, covered: CoveredRange, since: date, region: str, trace: Trace
) -> None:
    """Record each movement of a payout that nothing of ours was counted for; what is recorded stays."""
    values = asdict(covered) | {
        "payout_id": payout_id,
        "since": since,
        "region": region,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    await session.execute(_RECORD_PAYMENTS, values)
    await session.execute(_RECORD_REFUNDS, values)


async def record_ours_only(session: AsyncSession, billed: BilledUntil, region: str, trace: Trace) -> None:
    """Record what the channel's bills do not have: payments of the last day or credited since, and paid refunds."""
    values = asdict(billed) | {"region": region}
    values |= {"actor": trace.actor, "correlation_id": trace.correlation_id}
    await session.execute(_RECORD_OURS_ONLY, values)
    await session.execute(_RECORD_REFUNDS_OURS_ONLY, values)


async def record_theirs_failed(
    session: AsyncSession, channel: str, merchant_id: str, day: date, region: str, trace: Trace
) -> None:
    """Record each refund of ours that was paid and that the channel's bills up to a day have as failed."""
    values = {"channel": channel, "merchant_id": merchant_id, "day": day, "region": region}
    await session.execute(
        _RECORD_THEIRS_FAILED, values | {"actor": trace.actor, "correlation_id": trace.correlation_id}
    )


async def record_unfiled(
    session: AsyncSession, file_id: UUID, institution: str, day: date, region: str, trace: Trace
) -> None:
    """Compare an institution's worked file of a day with what it had said online, both ways.

    Class 6: credited online and not in the file, and no file before. Class 2: the file says otherwise. What an earlier
    day lacked and this file names is closed.
    """
    values = {"file_id": file_id, "day": day}
    traced = {"region": region, "actor": trace.actor, "correlation_id": trace.correlation_id}
    await session.execute(_RECORD_UNFILED, {"institution": institution, "day": day} | traced)
    await session.execute(_RECORD_FILED_OTHERWISE, values | traced)
    await session.execute(_CLOSE_FILED, values)


async def record_unasked(session: AsyncSession, unasked_ids: Sequence[UUID]) -> None:
    """Record that a channel gave back what nobody asked it to: to be recovered or explained."""
    await session.execute(_RECORD_UNASKED, {"ids": sorted(unasked_ids)})
