"""Reading and writing payouts that no movements add up to."""

from dataclasses import asdict, dataclass, fields
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payments.counted.repository import COVERED, CoveredRange
from services.payment.payouts.billed.repository import BillPlace, ReadBill
from services.payment.payouts.models import Payout
from shared.database.row import fetch_one, select_into


@dataclass(frozen=True, slots=True)
class Cover:
    """Which movements a payout covers, none of them without an end; and what two people say that the bank lacks."""

    state: str
    fault: str | None
    after: BillPlace
    until: BillPlace | None
    unusual_fen: int = 0
    released_by: UUID | None = None


# Who takes payouts out of this merchant's bills waits: each begins where the one before ends.
_LOCK_BILL = select_into(
    ReadBill,
    """
    SELECT {fields} FROM channel_bill b JOIN billed_merchant m USING (channel, merchant_id)
    WHERE b.id = :bill_id FOR UPDATE OF m
    """,
    id="b.id",
)
_OLDEST = select_into(
    Payout,
    """
    SELECT {fields} FROM payout o JOIN channel_bill b ON b.id = o.bill_id
    WHERE o.channel = :channel AND o.merchant_id = :merchant_id AND o.fault = 'NOT_COVERED'
    ORDER BY b.bill_day, o.line_no LIMIT 1
    """,
    **{each.name: f"o.{each.name}" for each in fields(Payout)},
)
_LAST_BEFORE = select_into(
    BillPlace,
    """
    SELECT {fields} FROM channel_bill b JOIN bill_flow_line f ON f.bill_id = b.id
    WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
      AND b.bill_day BETWEEN :after_day AND :day AND f.kind <> 'PAYOUT'
      AND (b.bill_day, f.line_no) > (:after_day, :after_line) AND (b.bill_day, f.line_no) < (:day, :line_no)
    ORDER BY b.bill_day DESC, f.line_no DESC LIMIT 1
    """,
    day="b.bill_day",
    line="f.line_no",
)
_PEOPLES = text(
    f"SELECT coalesce(sum(c.amount_fen), 0)::bigint FROM ({COVERED}) AS c"  # noqa: S608 - a constant
    " WHERE c.kind IN ('PAYMENT', 'REFUND')"
)
_MOVED = text(f"SELECT coalesce(sum(c.amount_fen), 0)::bigint FROM ({COVERED}) AS c")  # noqa: S608 - a constant
# A payout whose end followed from another one's, and of which neither people nor the bank said anything, may lose it.
_FIRM_FOLLOWERS = text(
    """
    SELECT EXISTS (SELECT FROM payout
                   WHERE channel = :channel AND merchant_id = :merchant_id AND (until_day, until_line) > (:day, :line)
                     AND (state NOT IN ('AWAITED', 'HELD') OR released_by IS NOT NULL))
    """
)
_FORGET_FOLLOWERS = text(
    """
    UPDATE payout SET state = 'HELD', fault = 'NOT_COVERED', until_day = NULL, until_line = NULL
    WHERE channel = :channel AND merchant_id = :merchant_id AND (until_day, until_line) > (:day, :line)
    """
)
_COVER = text(
    """
    UPDATE payout SET state = :state, fault = :fault, after_day = :after_day, after_line = :after_line,
        until_day = CAST(:until_day AS date), until_line = CAST(:until_line AS integer), unusual_fen = :unusual_fen,
        released_by = CAST(:released_by AS uuid)
    WHERE id = :id
    """
)


async def lock_bill(session: AsyncSession, bill_id: UUID) -> ReadBill | None:
    """The bill that a payout stands in; nobody else says what its merchant's payouts cover meanwhile."""
    return await fetch_one(session, _LOCK_BILL, ReadBill, {"bill_id": bill_id})


async def oldest(session: AsyncSession, channel: str, merchant_id: str) -> Payout | None:
    """The first payout of a merchant that no movements add up to."""
    return await fetch_one(session, _OLDEST, Payout, {"channel": channel, "merchant_id": merchant_id})


async def last_before(session: AsyncSession, bill: ReadBill, line_no: int, after: BillPlace) -> BillPlace | None:
    """The last movement before a line of a bill and after another place; None where there is none between them."""
    values: dict[str, str | date | int] = {
        "channel": bill.channel,
        "merchant_id": bill.merchant_id,
        "after_day": after.day,
        "after_line": after.line,
        "day": bill.bill_day,
        "line_no": line_no,
    }
    return await fetch_one(session, _LAST_BEFORE, BillPlace, values)


async def peoples_fen(session: AsyncSession, covered: CoveredRange) -> int:
    """What people paid less what they got back, among these movements."""
    found: int = (await session.execute(_PEOPLES, asdict(covered))).scalar_one()
    return found


async def cover(session: AsyncSession, payout_id: UUID, cover: Cover) -> None:
    """Note what a payout of a locked merchant covers."""
    values = {
        "id": payout_id,
        "state": cover.state,
        "fault": cover.fault,
        "after_day": cover.after.day,
        "after_line": cover.after.line,
        "until_day": cover.until.day if cover.until else None,
        "until_line": cover.until.line if cover.until else None,
        "unusual_fen": cover.unusual_fen,
        "released_by": cover.released_by,
    }
    await session.execute(_COVER, values)


async def moved_fen(session: AsyncSession, covered: CoveredRange) -> int:
    """What these movements add up to, fees and all."""
    found: int = (await session.execute(_MOVED, asdict(covered))).scalar_one()
    return found


async def has_firm_followers(session: AsyncSession, payout: Payout) -> bool:
    """Whether a later payout of a locked merchant was shown by the bank, or released by people."""
    return bool((await session.execute(_FIRM_FOLLOWERS, _after(payout))).scalar_one())


async def forget_followers(session: AsyncSession, payout: Payout) -> None:
    """Let the payouts after one of a locked merchant have no end again."""
    await session.execute(_FORGET_FOLLOWERS, _after(payout))


def _after(payout: Payout) -> dict[str, str | date | int | None]:
    return {
        "channel": payout.channel,
        "merchant_id": payout.merchant_id,
        "day": payout.until_day,
        "line": payout.until_line,
    }
