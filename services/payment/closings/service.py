"""Closing a quarantined notice: nothing more is to be done about it, say two people, and it is counted no longer.

It moves no money: the notice and its message stay, sealed as they came. Where it is a success of our own order that is
not paid yet, the paper that shows where the money went is demanded. A wrong closing is taken back by two people, too,
and the notice waits in quarantine as before.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.closings.schemas import NoticeDecision
from services.payment.notices.quarantine import repository
from services.payment.notices.quarantine.repository import DecidableNotice
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext

_QUARANTINED, _CLOSED = "QUARANTINED", "CLOSED"


class NoticeNotQuarantined(DomainError):
    """The notice is not in quarantine, or no longer for the reason that was proposed: it was worked again meanwhile."""

    code = ErrorCode.NOTICE_NOT_QUARANTINED


class NoticeNotClosed(DomainError):
    """Only a closed notice is taken up again."""

    code = ErrorCode.NOTICE_NOT_CLOSED


class ClosingNeedsEvidence(DomainError):
    """A success of our own order that is not paid yet is closed only with the paper that shows where its money went."""

    code = ErrorCode.NOTICE_CLOSING_NEEDS_EVIDENCE


_REFUSALS: dict[str, type[DomainError]] = {_QUARANTINED: NoticeNotQuarantined, _CLOSED: NoticeNotClosed}


async def propose_closing(
    session: AsyncSession, notice_id: UUID, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put the closing of a notice forward.

    Raises NotFound, NoticeNotQuarantined, ClosingNeedsEvidence and AnotherWaits.
    """
    notice = await _to_close(session, notice_id, grounds.evidence)
    return await _propose(session, CLOSE_NOTICE, notice, grounds, trace, today)


async def propose_reopening(
    session: AsyncSession, notice_id: UUID, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put it forward that a closed notice is taken up again. Raises NotFound, NoticeNotClosed and AnotherWaits."""
    notice = await _in_state(session, notice_id, _CLOSED)
    return await _propose(session, REOPEN_NOTICE, notice, grounds, trace, today)


async def close(session: AsyncSession, _: ServiceContext[object], approval: Approval, body: NoticeDecision) -> None:
    """Close the notice; what it was quarantined for stays with it."""
    notice = await _to_close(session, body.notice_id, approval.evidence)
    if (notice.reason, notice.money_at_risk) != (body.quarantined_for, body.money_at_risk):
        # It was worked again since: who approved saw another reason.
        raise NoticeNotQuarantined(f"{body.quarantined_for} → {notice.reason}")
    await repository.close(session, notice.id, approval.id)


async def reopen(session: AsyncSession, _: ServiceContext[object], approval: Approval, body: NoticeDecision) -> None:
    """Let a closed notice wait in quarantine again, for the reason that it had."""
    notice = await _in_state(session, body.notice_id, _CLOSED)
    await repository.reopen(session, notice.id)


async def _to_close(session: AsyncSession, notice_id: UUID, evidence: str | None) -> DecidableNotice:
    notice = await _in_state(session, notice_id, _QUARANTINED)
    if notice.money_at_risk and evidence is None:
        raise ClosingNeedsEvidence(f"订单 order {notice.order_no}")
    return notice


async def _in_state(session: AsyncSession, notice_id: UUID, state: str) -> DecidableNotice:
    notice = await repository.lock(session, notice_id)
    if notice is None:
        raise NotFound
    if notice.state != state:
        raise _REFUSALS[state](notice.state)
    return notice


async def _propose(
    session: AsyncSession,
    act: Act[NoticeDecision],
    notice: DecidableNotice,
    grounds: Grounds,
    trace: Trace,
    today: date,
) -> Approval:
    body = NoticeDecision(
        notice_id=notice.id,
        channel=notice.channel,
        notify_id=notice.notify_id,
        quarantined_for=notice.reason or "",
        order_no=notice.order_no,
        transaction_id=notice.transaction_id,
        amount_fen=notice.amount_fen,
        money_at_risk=notice.money_at_risk,
    )
    return await propose(session, act, str(notice.id), notice.region, body, grounds, trace, today)


CLOSE_NOTICE = Act("close_notice", NoticeDecision, close, refusals=(NoticeNotQuarantined, ClosingNeedsEvidence))
REOPEN_NOTICE = Act("reopen_notice", NoticeDecision, reopen, refusals=(NoticeNotClosed,))
ACTS = (CLOSE_NOTICE, REOPEN_NOTICE)
