"""Releasing a payout that a fee or another unusual movement holds: two people say that the bank brings it in full.

People's money is whole: what the channel kept back is paid back as a line of the bank that belongs to the payout. Until
the bank's lines add up to what people paid less what they got back, to the fen, nothing of it goes on.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payouts import payout_match, repository
from services.payment.payouts.bill_job import UNUSUAL_MOVEMENT
from services.payment.payouts.models import Payout
from services.payment.payouts.schemas import PayoutRelease
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext


class PayoutNotHeld(DomainError):
    """Only a payout whose movements are known, and one of which is unusual, is released."""

    code = ErrorCode.PAYOUT_NOT_HELD


async def propose_release(
    session: AsyncSession, payout_id: UUID, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put the release of a held payout forward; raises NotFound, PayoutNotHeld and AnotherWaits."""
    payout, unusual_fen = await _held(session, payout_id)
    body = PayoutRelease(payout_id=payout.id, amount_fen=payout.amount_fen, wanted_fen=payout.amount_fen - unusual_fen)
    return await propose(session, RELEASE_PAYOUT, str(payout.id), payout.region, body, grounds, trace, today)


async def release(session: AsyncSession, _: ServiceContext[object], approval: Approval, body: PayoutRelease) -> None:
    """Let the payout wait for the bank's lines, and compare those that are there."""
    payout, unusual_fen = await _held(session, body.payout_id)
    await repository.release(session, payout.id, unusual_fen, approval.id)
    day = approval.decided_on or approval.proposed_on
    await payout_match.compare_held(session, payout.channel, payout.merchant_id, day)


async def _held(session: AsyncSession, payout_id: UUID) -> tuple[Payout, int]:
    payout = await repository.lock(session, payout_id)
    if payout is None:
        raise NotFound
    if payout.fault != UNUSUAL_MOVEMENT:
        raise PayoutNotHeld(payout.fault or payout.state)
    return payout, await repository.unusual_fen(session, payout.covered)


RELEASE_PAYOUT = Act("release_payout", PayoutRelease, release, refusals=(NotFound, PayoutNotHeld))
ACTS = (RELEASE_PAYOUT,)
