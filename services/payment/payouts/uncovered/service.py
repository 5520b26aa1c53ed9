"""A payout that no movements add up to covers all that moved before it, by the word of two people.

People's money is whole: what they paid less what they got back among these movements is what the bank has to show, in
as many lines as it took. A payout before which nothing moved has none of it, and ends. Those after it follow by
themselves.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payments.counted.repository import CoveredRange
from services.payment.payouts.bill_job import UNUSUAL_MOVEMENT
from services.payment.payouts.billed import repository as billed
from services.payment.payouts.billed.repository import BillPlace, PayoutRow, ReadBill
from services.payment.payouts.models import Payout
from services.payment.payouts.uncovered import repository as uncovered
from services.payment.payouts.uncovered.repository import Cover

_FOLLOWING = 500  # payouts of one merchant that follow a decision at once


async def cover_of(session: AsyncSession, payout: Payout) -> Cover | None:
    """What a locked payout would cover; None where an earlier one of its merchant waits, whose end comes first."""
    bill = await _bill(session, payout)
    first = await uncovered.oldest(session, payout.channel, payout.merchant_id)
    if first is None or first.id != payout.id:
        return None
    after = await billed.last_end(session, bill)
    until = await uncovered.last_before(session, bill, payout.line_no, after)
    if until is None:
        return Cover("DECIDED", None, after, None, payout.amount_fen)
    peoples_fen = await uncovered.peoples_fen(session, _range(bill, after, until))
    return Cover("AWAITED", None, after, until, payout.amount_fen - peoples_fen)


async def follow(session: AsyncSession, payout: Payout) -> None:
    """Let the payouts after a decided one cover what adds up to them now; the first that does not waits for people."""
    for _ in range(_FOLLOWING):
        following = await uncovered.oldest(session, payout.channel, payout.merchant_id)
        cover = await _found(session, following) if following is not None else None
        if following is None or cover is None:
            return
        await uncovered.cover(session, following.id, cover)


async def _found(session: AsyncSession, payout: Payout) -> Cover | None:
    bill = await _bill(session, payout)
    after = await billed.last_end(session, bill)
    row = PayoutRow(payout.line_no, payout.amount_fen, payout.paid_out_on)
    until = await billed.find_end(session, bill, row, after)
    if until is None:
        return None
    unusual = await billed.has_unusual(session, _range(bill, after, until))
    return Cover("HELD" if unusual else "AWAITED", UNUSUAL_MOVEMENT if unusual else None, after, until)


async def _bill(session: AsyncSession, payout: Payout) -> ReadBill:
    bill = await uncovered.lock_bill(session, payout.bill_id)
    if bill is None:
        raise RuntimeError(f"payout {payout.id} stands in no bill of a merchant")  # a key forbids it
    return bill


def _range(bill: ReadBill, after: BillPlace, until: BillPlace) -> CoveredRange:
    return CoveredRange(bill.channel, bill.merchant_id, after.day, after.line, until.day, until.line)
