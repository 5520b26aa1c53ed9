"""Reading bills whose payouts are still in them, and recording the payouts that were taken out."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payments.counted.repository import COVERED, CoveredRange
from services.payment.payouts.models import Payout
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
    SELECT {fields} FROM channel_bill b JOIN bill_flow_line f ON f.bill_id = b.id AND f.line_no = 1
    WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
    ORDER BY b.bill_day LIMIT 1
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
_WORKED_AT = text(
    """
    SELECT w.recorded_at FROM channel_bill b JOIN worked_bill w ON w.bill_id = b.id
    WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW' AND b.bill_day = :day
    """
)
_WORKED = text(
    """
    INSERT INTO worked_bill (bill_id, region, actor, correlation_id)
    VALUES (:bill_id, :region, :actor, :correlation_id)
    """
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


async def worked_at(session: AsyncSession, bill: ReadBill, day: date) -> datetime | None:
    """When the bill of another day of the merchant was worked; None where it was not."""
    found: datetime | None = (await session.execute(_WORKED_AT, _merchant(bill) | {"day": day})).scalar_one_or_none()
    return found


async def mark_worked(session: AsyncSession, bill: ReadBill, region: str, trace: Trace) -> None:
    """Note that a locked bill's payouts were taken out of it."""
    values = {"bill_id": bill.id, "region": region, "actor": trace.actor, "correlation_id": trace.correlation_id}
    await session.execute(_WORKED, values)


def _merchant(bill: ReadBill) -> dict[str, str | date | int]:
    return {"channel": bill.channel, "merchant_id": bill.merchant_id}
