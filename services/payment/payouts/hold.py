"""Holding a released payout again: two people take back what two people said of it.

The bank has not shown it yet, so nothing was booked by it. The payouts that followed its end wait for people again; one
of them that the bank has shown, or that people released, is taken back first.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payouts import repository
from services.payment.payouts.bill_job import NOT_COVERED, UNUSUAL_MOVEMENT
from services.payment.payouts.billed.repository import BillPlace
from services.payment.payouts.models import Payout
from services.payment.payouts.schemas import PayoutRelease
from services.payment.payouts.uncovered import repository as uncovered
from services.payment.payouts.uncovered.repository import Cover
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext


class PayoutNotReleased(DomainError):
    """Only a payout that two people released and the bank has not shown is held again: the last of them first."""

    code = ErrorCode.PAYOUT_NOT_RELEASED


async def propose_holding(
    session: AsyncSession, payout_id: UUID, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put forward that a released payout is held again; raises NotFound, PayoutNotReleased and AnotherWaits."""
    payout = await _released(session, payout_id)
    body = PayoutRelease(payout_id=payout.id, amount_fen=payout.amount_fen, wanted_fen=payout.wanted_fen)
    return await propose(session, HOLD_PAYOUT, str(payout.id), payout.region, body, grounds, trace, today)


async def hold(session: AsyncSession, _: ServiceContext[object], __: Approval, body: PayoutRelease) -> None:
    """Take the release back, and the ends that followed from it."""
    payout = await _released(session, body.payout_id)
    after = BillPlace(payout.after_day, payout.after_line)
    until = await _end_of_fee(session, payout)
    if until is None and payout.until_day is not None:
        if await uncovered.has_firm_followers(session, payout):
            raise PayoutNotReleased("先办其后的提现 · a later payout comes first")
        await uncovered.forget_followers(session, payout)
    await uncovered.cover(session, payout.id, Cover("HELD", UNUSUAL_MOVEMENT if until else NOT_COVERED, after, until))


async def _released(session: AsyncSession, payout_id: UUID) -> Payout:
    payout = await repository.lock(session, payout_id)
    if payout is None:
        raise NotFound
    if payout.released_by is None or payout.state not in ("AWAITED", "DECIDED"):
        raise PayoutNotReleased(payout.state)
    await uncovered.lock_bill(session, payout.bill_id)
    return payout


async def _end_of_fee(session: AsyncSession, payout: Payout) -> BillPlace | None:
    """Where the movements end that add up to a payout with a fee; None for one that no movements add up to."""
    if payout.until_day is None or payout.until_line is None:
        return None
    moved_fen = await uncovered.moved_fen(session, payout.covered)
    return BillPlace(payout.until_day, payout.until_line) if moved_fen == payout.amount_fen else None


HOLD_PAYOUT = Act("hold_payout", PayoutRelease, hold, refusals=(NotFound, PayoutNotReleased))
