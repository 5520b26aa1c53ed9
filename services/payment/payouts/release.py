"""Releasing a held payout: two people say what the bank has to show for it.

A fee or another unusual movement holds it, or no movements add up to it. People's money is whole: what the channel kept
back is paid back as a line of the bank that belongs to the payout. Until the bank's lines add up to what people paid
less what they got back, to the fen, nothing of it goes on.
"""

from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payouts import payout_match, repository
from services.payment.payouts.bill_job import NOT_COVERED, UNUSUAL_MOVEMENT
from services.payment.payouts.billed.repository import BillPlace
from services.payment.payouts.hold import HOLD_PAYOUT
from services.payment.payouts.models import Payout
from services.payment.payouts.schemas import PayoutRelease
from services.payment.payouts.uncovered import repository as uncovered_rows
from services.payment.payouts.uncovered import service as uncovered
from services.payment.payouts.uncovered.repository import Cover
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext


class PayoutNotHeld(DomainError):
    """Only a payout that a fee holds, or that no movements add up to, is released: the oldest of the latter first."""

    code = ErrorCode.PAYOUT_NOT_HELD


async def propose_release(
    session: AsyncSession, payout_id: UUID, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put the release of a held payout forward; raises NotFound, PayoutNotHeld and AnotherWaits."""
    payout, cover = await _held(session, payout_id)
    wanted_fen = payout.amount_fen - cover.unusual_fen
    body = PayoutRelease(payout_id=payout.id, amount_fen=payout.amount_fen, wanted_fen=wanted_fen)
    return await propose(session, RELEASE_PAYOUT, str(payout.id), payout.region, body, grounds, trace, today)


async def release(session: AsyncSession, _: ServiceContext[object], approval: Approval, body: PayoutRelease) -> None:
    """Let the payout wait for the bank's lines, those after it follow, and compare the lines that are there."""
    payout, cover = await _held(session, body.payout_id)
    if payout.amount_fen - cover.unusual_fen != body.wanted_fen:
        raise PayoutNotHeld(f"应到 wanted {payout.amount_fen - cover.unusual_fen}")
    await uncovered_rows.cover(session, payout.id, replace(cover, released_by=approval.id))
    if payout.fault == NOT_COVERED:
        await uncovered.follow(session, payout)
    day = approval.decided_on or approval.proposed_on
    await payout_match.compare_held(session, payout.channel, payout.merchant_id, day)


async def _held(session: AsyncSession, payout_id: UUID) -> tuple[Payout, Cover]:
    payout = await repository.lock(session, payout_id)
    if payout is None:
        raise NotFound
    if payout.fault == NOT_COVERED:
        cover = await uncovered.cover_of(session, payout)
        if cover is None:
            raise PayoutNotHeld("先办较早的一笔 · an earlier payout comes first")
        return payout, cover
    if payout.fault != UNUSUAL_MOVEMENT:
        raise PayoutNotHeld(payout.fault or payout.state)
    covered = payout.covered
    after, until = BillPlace(covered.after_day, covered.after_line), BillPlace(covered.until_day, covered.until_line)
    return payout, Cover("AWAITED", None, after, until, await repository.unusual_fen(session, covered))


RELEASE_PAYOUT = Act("release_payout", PayoutRelease, release, refusals=(NotFound, PayoutNotHeld))
ACTS = (RELEASE_PAYOUT, HOLD_PAYOUT)
