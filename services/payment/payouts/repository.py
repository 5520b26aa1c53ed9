"""Reading and writing payouts. No other package writes these tables."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payments.counted.repository import COVERED, CoveredRange
from shared.contracts.event import Trace
from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class ReadBill:
    """A fund-flow bill whose payouts are still in it; the trade bill of its day has been read, too."""

    id: UUID
    channel: str
    merchant_id: str
    bill_day: date
    first_day: date


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout (提现) as the bill has it."""

    line_no: int
    amount_fen: int
    paid_out_on: date


@dataclass(frozen=True, slots=True)
class BillPlace:
    """A place in the order of a merchant's bills."""

    day: date
    line: int


@dataclass(frozen=True, slots=True)
class PortionEnd:
    """Where so many movements end."""

    day: date
    line: int
    movements: int


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout, which movements it covers, and where it stands."""

    id: UUID
    channel: str
    merchant_id: str
    bill_id: UUID
    line_no: int
    paid_out_on: date
    amount_fen: int
    after_day: date
    after_line: int
    until_day: date | None
    until_line: int | None
    state: str
    fault: str | None
    unusual_fen: int
    released_by: UUID | None
    batch_id: UUID | None
    region: str
    actor: str
    correlation_id: UUID
    settled_day: date | None = None
    settled_line: int | None = None

    @property
    def wanted_fen(self) -> int:
        """What the bank has to show: the payout, with a fee that two people expect back."""
        return self.amount_fen - self.unusual_fen

    @property
    def covered(self) -> CoveredRange:
        """Its movements; raises where they are not known."""
        if self.until_day is None or self.until_line is None:
            raise RuntimeError(f"payout {self.id} covers nothing that is known")  # a constraint forbids it once awaited
        return CoveredRange(
            self.channel, self.merchant_id, self.after_day, self.after_line, self.until_day, self.until_line
        )

    @property
    def left(self) -> CoveredRange:
        """Its movements that are still to be settled."""
        if self.settled_day is None or self.settled_line is None:
            return self.covered
        return replace(self.covered, after_day=self.settled_day, after_line=self.settled_line)


@dataclass(frozen=True, slots=True)
class UnexplainedRefund:
    """A refund that a bill has and we do not."""

    channel_refund_id: str
    refund_no: str | None
    transaction_id: str
    amount_fen: int
    happened_at: datetime
    bill_id: UUID


@dataclass(frozen=True, slots=True)
class _Opening:
    opening_fen: int
    before_fen: int


_NEXT_BILL = select_into(
    ReadBill,
    """
    SELECT {fields} FROM channel_bill b JOIN billed_merchant m USING (channel, merchant_id)
    WHERE b.kind = 'FUND_FLOW' AND b.state IN ('READ', 'EMPTY')
      AND NOT EXISTS (SELECT FROM worked_bill w WHERE w.bill_id = b.id)
      AND EXISTS (SELECT FROM channel_bill t WHERE t.channel = b.channel AND t.merchant_id = b.merchant_id
                  AND t.kind = 'TRADE' AND t.bill_day = b.bill_day AND t.state IN ('READ', 'EMPTY'))
      AND (b.bill_day = m.first_day
           OR EXISTS (SELECT FROM channel_bill e JOIN worked_bill w ON w.bill_id = e.id
                      WHERE e.channel = b.channel AND e.merchant_id = b.merchant_id AND e.kind = 'FUND_FLOW'
                        AND e.bill_day = b.bill_day - 1))
    ORDER BY b.bill_day, b.id LIMIT 1 FOR UPDATE OF b, m SKIP LOCKED
    """,
    id="b.id",
)
_PAYOUTS_OF = select_into(
    PayoutRow,
    """
    SELECT {fields} FROM bill_flow_line f
    WHERE f.bill_id = :bill_id AND f.kind = 'PAYOUT'
      AND NOT EXISTS (SELECT FROM payout p WHERE p.bill_id = f.bill_id AND p.line_no = f.line_no)
    ORDER BY f.line_no
    """,
    amount_fen="-f.amount_fen",
    paid_out_on="(f.booked_at AT TIME ZONE 'Asia/Shanghai')::date",
)
_LAST_END = select_into(
    BillPlace,
    """
    SELECT {fields} FROM payout
    WHERE channel = :channel AND merchant_id = :merchant_id AND until_day IS NOT NULL
    ORDER BY until_day DESC, until_line DESC LIMIT 1
    """,
    day="until_day",
    line="until_line",
)
# What the merchant had at the channel before the first bill, and how much of it was paid out since.
_OPENING = select_into(
    _Opening,
    """
    SELECT {fields} FROM channel_bill b JOIN bill_flow_line f ON f.bill_id = b.id
    WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
    ORDER BY b.bill_day, f.line_no LIMIT 1
    """,
    opening_fen="f.balance_fen - f.amount_fen",
    before_fen="""(SELECT coalesce(sum(p.amount_fen), 0) FROM payout p WHERE p.channel = :channel
                   AND p.merchant_id = :merchant_id AND p.state = 'BEFORE')::bigint""",
)
_COVER = select_into(
    BillPlace,
    """
    WITH moved AS (
        SELECT b.bill_day, f.line_no, sum(f.amount_fen) OVER (ORDER BY b.bill_day, f.line_no) AS fen
        FROM channel_bill b JOIN bill_flow_line f ON f.bill_id = b.id
        WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
          AND b.bill_day BETWEEN :after_day AND :day AND f.kind <> 'PAYOUT'
          AND (b.bill_day, f.line_no) > (:after_day, :after_line) AND (b.bill_day, f.line_no) < (:day, :line_no)
    )
    SELECT {fields} FROM moved WHERE fen = :amount_fen ORDER BY bill_day DESC, line_no DESC LIMIT 1
    """,
    day="bill_day",
    line="line_no",
)
_UNUSUAL = text(
    f"SELECT EXISTS (SELECT FROM ({COVERED}) AS c WHERE c.kind IN ('FEE', 'OTHER') AND c.amount_fen <> 0)"  # noqa: S608
)
_INSERT = text(
    """
    INSERT INTO payout (id, channel, merchant_id, bill_id, line_no, paid_out_on, amount_fen, after_day, after_line,
                        until_day, until_line, state, fault, region, actor, correlation_id)
    VALUES (:id, :channel, :merchant_id, :bill_id, :line_no, :paid_out_on, :amount_fen, :after_day, :after_line,
            CAST(:until_day AS date), CAST(:until_line AS integer), :state, :fault, :region, :actor, :correlation_id)
    """
)
_WORKED = text(
    """
    INSERT INTO worked_bill (bill_id, region, actor, correlation_id)
    VALUES (:bill_id, :region, :actor, :correlation_id)
    """
)
_SUM_UNUSUAL = text(
    f"SELECT coalesce(sum(c.amount_fen), 0)::bigint FROM ({COVERED}) AS c WHERE c.kind IN ('FEE', 'OTHER')"  # noqa: S608
)
_LIST = select_into(
    Payout,
    """
    SELECT {fields} FROM payout
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """,
)
# The payout whose movements end on the day that the bank names, else the one that was paid out then or a day later.
_FIND_AWAITED = select_into(
    Payout,
    """
    SELECT {fields} FROM payout
    WHERE channel = :channel AND merchant_id = :merchant_id AND state = 'AWAITED'
      AND amount_fen - unusual_fen = :amount_fen
      AND (until_day = :day OR paid_out_on BETWEEN :day AND :day + 1)
    ORDER BY until_day = :day DESC, paid_out_on, line_no LIMIT 1 FOR UPDATE
    """,
)
_AWAITED_FEN = text(
    """
    SELECT coalesce(sum(amount_fen - unusual_fen), 0)::bigint FROM payout
    WHERE channel = :channel AND merchant_id = :merchant_id AND state IN ('AWAITED', 'HELD')
      AND (until_day = :day OR paid_out_on = :day + 1)
    """
)
_IS_WORKED = text(
    """
    SELECT EXISTS (SELECT FROM channel_bill b JOIN worked_bill w ON w.bill_id = b.id
                   WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
                     AND b.bill_day = :day)
    """
)
_BY_BILL = text(
    """
    SELECT EXISTS (SELECT FROM billed_merchant
                   WHERE channel = :channel AND merchant_id = :merchant_id AND first_day <= :day)
    """
)
_FIND = select_into(Payout, "SELECT {fields} FROM payout WHERE id = :id FOR UPDATE")
_BEGIN_SETTLING = text(
    """
    UPDATE payout SET state = 'SETTLING', batch_id = :batch_id, settled_day = after_day, settled_line = after_line
    WHERE id = :id
    """
)
_LOCK_SETTLING = select_into(
    Payout, "SELECT {fields} FROM payout WHERE state = 'SETTLING' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
)
# Of each bill no more lines are read than the portion has: sorted as a whole, each portion would read all that is left.
_PORTION_END = select_into(
    PortionEnd,
    """
    SELECT {fields} FROM (
        SELECT b.bill_day, f.line_no FROM channel_bill b CROSS JOIN LATERAL (
            SELECT line_no FROM bill_flow_line
            WHERE bill_id = b.id AND kind <> 'PAYOUT'
              AND line_no > CASE WHEN b.bill_day = :after_day THEN :after_line ELSE 0 END
              AND line_no <= CASE WHEN b.bill_day = :until_day THEN :until_line ELSE 2147483647 END
            ORDER BY line_no LIMIT :portion
        ) AS f
        WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
          AND b.bill_day BETWEEN :after_day AND :until_day
        ORDER BY b.bill_day, f.line_no LIMIT :portion
    ) AS portion
    ORDER BY bill_day DESC, line_no DESC LIMIT 1
    """,
    day="bill_day",
    line="line_no",
    movements="count(*) OVER ()",
)
_SETTLED_TO = text("UPDATE payout SET settled_day = :day, settled_line = :line WHERE id = :id")
_MEET = text(
    "UPDATE payout SET state = 'MET', batch_id = :batch_id, settled_day = NULL, settled_line = NULL WHERE id = :id"
)
_AWAIT = text("UPDATE payout SET state = 'AWAITED', batch_id = NULL WHERE id = :id AND state = 'MET'")

# What a payout lacked and is there now; the batch that would count it is begun for it. Two people who closed the
# difference did not know of what came later: money is never left at the channel by their word.
_TO_RESOLVE = text(
    """
    SELECT d.payout_id FROM settlement_difference d JOIN payout o ON o.id = d.payout_id AND o.state = 'MET'
    WHERE (d.state = 'OPEN' OR d.closed_because = 'DECIDED') AND d.ours_fen IS DISTINCT FROM 0 AND (
        (d.kind = 'PAYMENT' AND EXISTS (
            SELECT FROM payment p JOIN payment_line l ON l.payment_id = p.id
            WHERE p.channel = d.channel AND p.merchant_id = d.merchant_id AND p.transaction_id = d.transaction_id
              AND p.amount_fen = d.theirs_fen AND l.counted_by IS NULL AND l.settled_on IS NULL))
        OR (d.kind = 'REFUND' AND (
            EXISTS (SELECT FROM refund r WHERE r.channel = d.channel AND r.merchant_id = d.merchant_id
                    AND r.deducted_by IS NULL AND r.amount_fen = d.theirs_fen AND r.state = 'PAID'
                    AND (r.channel_refund_id = d.channel_refund_id OR r.refund_no = d.refund_no))
            OR EXISTS (SELECT FROM unasked_refund u WHERE u.channel = d.channel AND u.merchant_id = d.merchant_id
                       AND u.channel_refund_id = d.channel_refund_id AND u.deducted_by IS NULL)
            OR (d.class = 4 AND d.asked = 0 AND d.state = 'OPEN' AND EXISTS (
                SELECT FROM payment p WHERE p.channel = d.channel AND p.merchant_id = d.merchant_id
                  AND p.transaction_id = d.transaction_id AND p.recorded_at > d.recorded_at)))))
    ORDER BY d.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED
    """
)
# Refunds among a payout's movements that none of ours explains, with the numbers that the trade bill has for them.
_UNEXPLAINED = select_into(
    UnexplainedRefund,
    f"""
    WITH covered AS ({COVERED})
    SELECT {{fields}} FROM covered c JOIN LATERAL (
        SELECT t.transaction_id, t.refund_no, t.happened_at FROM bill_trade_line t
        WHERE t.kind = 'REFUND' AND t.channel_refund_id = c.business_no ORDER BY t.happened_at LIMIT 1
    ) AS t ON true
    WHERE c.kind = 'REFUND' AND c.amount_fen < 0
      AND NOT EXISTS (SELECT FROM refund r WHERE r.channel = :channel AND r.merchant_id = :merchant_id
                      AND (r.channel_refund_id = c.business_no OR r.refund_no = t.refund_no))
      AND NOT EXISTS (SELECT FROM unasked_refund u WHERE u.channel = :channel AND u.merchant_id = :merchant_id
                      AND u.channel_refund_id = c.business_no)
    ORDER BY c.bill_day, c.line_no
    """,  # noqa: S608 - constant parts
    channel_refund_id="c.business_no",
    amount_fen="-c.amount_fen",
)


async def lock_next_bill(session: AsyncSession) -> ReadBill | None:
    """The oldest bill whose payouts are still in it, held for this worker alone; days follow each other."""
    return await fetch_one(session, _NEXT_BILL, ReadBill)


async def payouts_of(session: AsyncSession, bill_id: UUID) -> list[PayoutRow]:
    """The payouts of a bill that were not taken out of it yet, in its order."""
    return await fetch_all(session, _PAYOUTS_OF, PayoutRow, {"bill_id": bill_id})


async def last_end(session: AsyncSession, bill: ReadBill) -> BillPlace:
    """Where the movements of the newest payout end; before the first one, before the first bill."""
    found = await fetch_one(session, _LAST_END, BillPlace, _merchant(bill))
    return found or BillPlace(bill.first_day, 0)


async def left_from_before(session: AsyncSession, bill: ReadBill) -> int:
    """How much of what the merchant had before its first bill is not paid out yet."""
    found = await fetch_one(session, _OPENING, _Opening, _merchant(bill))
    return found.opening_fen - found.before_fen if found is not None else 0


async def find_end(session: AsyncSession, bill: ReadBill, row: PayoutRow, after: BillPlace) -> BillPlace | None:
    """The last place before a payout up to which the movements after the one before add up to it."""
    values = _merchant(bill) | {
        "after_day": after.day,
        "after_line": after.line,
        "day": bill.bill_day,
        "line_no": row.line_no,
        "amount_fen": row.amount_fen,
    }
    return await fetch_one(session, _COVER, BillPlace, values)


async def has_unusual(session: AsyncSession, covered: CoveredRange) -> bool:
    """Whether movements are among them that are neither payments nor refunds, such as a fee."""
    return bool((await session.execute(_UNUSUAL, asdict(covered))).scalar_one())


async def insert(session: AsyncSession, payout: Payout) -> None:
    """Record a payout of a bill."""
    await session.execute(_INSERT, asdict(payout))


async def mark_worked(session: AsyncSession, bill: ReadBill, region: str, trace: Trace) -> None:
    """Note that a locked bill's payouts were taken out of it."""
    values = {"bill_id": bill.id, "region": region, "actor": trace.actor, "correlation_id": trace.correlation_id}
    await session.execute(_WORKED, values)


async def lock_awaited(
    session: AsyncSession, channel: str, merchant_id: str, day: date, amount_fen: int
) -> Payout | None:
    """The payout of a day and amount that the bank has not shown yet, held until the transaction ends."""
    values = {"channel": channel, "merchant_id": merchant_id, "day": day, "amount_fen": amount_fen}
    return await fetch_one(session, _FIND_AWAITED, Payout, values)


async def awaited_fen(session: AsyncSession, channel: str, merchant_id: str, day: date) -> int:
    """What the bills say that the bank should show for a day and has not."""
    values = {"channel": channel, "merchant_id": merchant_id, "day": day}
    found: int = (await session.execute(_AWAITED_FEN, values)).scalar_one()
    return found


async def is_worked(session: AsyncSession, channel: str, merchant_id: str, day: date) -> bool:
    """Whether the payouts of a day's bill are known."""
    values = {"channel": channel, "merchant_id": merchant_id, "day": day}
    return bool((await session.execute(_IS_WORKED, values)).scalar_one())


async def is_by_bill(session: AsyncSession, channel: str, merchant_id: str, day: date) -> bool:
    """Whether a merchant's day is settled by the channel's bills."""
    values = {"channel": channel, "merchant_id": merchant_id, "day": day}
    return bool((await session.execute(_BY_BILL, values)).scalar_one())


async def lock(session: AsyncSession, payout_id: UUID) -> Payout | None:
    """A payout, held until the transaction ends."""
    return await fetch_one(session, _FIND, Payout, {"id": payout_id})


async def begin_settling(session: AsyncSession, payout: Payout, batch_id: UUID) -> None:
    """Note that a batch begins to settle a locked payout, and that none of its movements is settled."""
    await session.execute(_BEGIN_SETTLING, {"id": payout.id, "batch_id": batch_id})


async def lock_settling(session: AsyncSession) -> Payout | None:
    """The oldest payout that is being settled, held for this worker alone."""
    return await fetch_one(session, _LOCK_SETTLING, Payout)


async def portion_end(session: AsyncSession, left: CoveredRange, portion: int) -> PortionEnd | None:
    """Where the next movements end, at most so many; None where there are none."""
    return await fetch_one(session, _PORTION_END, PortionEnd, asdict(left) | {"portion": portion})


async def settled_to(session: AsyncSession, payout_id: UUID, day: date, line: int) -> None:
    """Note up to which place a locked payout is settled."""
    await session.execute(_SETTLED_TO, {"id": payout_id, "day": day, "line": line})


async def meet(session: AsyncSession, payout_id: UUID, batch_id: UUID) -> None:
    """Note the batch of the bank's line that a locked payout was met with."""
    await session.execute(_MEET, {"id": payout_id, "batch_id": batch_id})


async def unusual_fen(session: AsyncSession, covered: CoveredRange) -> int:
    """What the movements that are neither payments nor refunds add up to; a fee is less than nothing."""
    found: int = (await session.execute(_SUM_UNUSUAL, asdict(covered))).scalar_one()
    return found


async def listed(session: AsyncSession, *, state: str | None, after: UUID | None, limit: int) -> list[Payout]:
    """Payouts in the order in which they were taken out of their bills."""
    return await fetch_all(session, _LIST, Payout, {"state": state, "after": after, "limit": limit})


async def await_again(session: AsyncSession, payout_id: UUID) -> None:
    """The bank's line of a payout was reversed: it waits for the right one."""
    await session.execute(_AWAIT, {"id": payout_id})


async def lock_to_resolve(session: AsyncSession) -> UUID | None:
    """A payout that lacked something which is there now, held for this worker alone."""
    found: UUID | None = (await session.execute(_TO_RESOLVE)).scalar_one_or_none()
    return found


async def unexplained_refunds(session: AsyncSession, covered: CoveredRange) -> list[UnexplainedRefund]:
    """Refunds among a payout's movements that none of ours explains."""
    return await fetch_all(session, _UNEXPLAINED, UnexplainedRefund, asdict(covered))


def _merchant(bill: ReadBill) -> dict[str, str | date | int]:
    return {"channel": bill.channel, "merchant_id": bill.merchant_id}
