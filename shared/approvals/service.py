"""Proposing and deciding: an approval and its effect are one transaction, so neither ever stands alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.approvals import repository
from shared.approvals.act import Act, Acts, B
from shared.approvals.state import Approval, ApprovalDecision, ApprovalState, is_new
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext


class AnotherWaits(DomainError):
    """Another proposal on the same subject waits: it is decided or withdrawn first."""

    code = ErrorCode.APPROVAL_ANOTHER_WAITS


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why something is proposed: a reason in words, and the paper that shows it."""

    reason: str
    evidence: str | None = None


async def propose(
    session: AsyncSession,
    act: Act[B],
    subject: str,
    region: str,
    body: B,
    grounds: Grounds,
    trace: Trace,
    today: date,
    *,
    not_by: Iterable[str] = (),
) -> Approval:
    """Put an act forward for another person's approval; the same proposal again is the one that waits.

    ``subject`` is what the act is about, ``not_by`` names those besides the proposer who may not approve it, such as
    who made the entry that it undoes. Raises AnotherWaits.
    """
    proposal = Approval(
        id=new_id(),
        act=act.name,
        subject=subject,
        region=region,
        body=body.model_dump(mode="json"),
        reason=grounds.reason,
        evidence=grounds.evidence,
        proposed_by=trace.actor,
        not_by=tuple(not_by),
        proposed_on=today,
        expires_on=today + min(timedelta(days=act.days), date.max - today),
        state=ApprovalState.WAITING,
        decided_by=None,
        decided_on=None,
        decided_because=None,
        correlation_id=trace.correlation_id,
    )
    await repository.expire(session, act.name, subject, today)
    while not await repository.insert(session, proposal):
        waiting = await repository.waiting_on(session, act.name, subject)
        # The one that stood in the way may be decided by now: only one that is seen decides anything here.
        if waiting is not None and waiting.same_as(proposal):
            return waiting
        if waiting is not None:
            raise AnotherWaits(existing=waiting.id)
    return proposal


async def approve(
    session: AsyncSession, context: ServiceContext, acts: Acts, approval_id: UUID, decision: ApprovalDecision
) -> Approval:
    """Approve a proposal and do what it asks for; once more changes nothing.

    Raises NotFound, OwnAct, AlreadyDecided, ProposalExpired and what the act's effect raises: then nothing happened.
    """
    approval, new = await _decided(session, approval_id, decision)
    if new:
        act = next(one for one in acts if one.name == approval.act)
        # Written last: who proposes holds the subject and waits for a decision that is written, and its effect would
        # wait for the subject.
        await act.carry_out(session, context, approval)
        await repository.decide(session, approval_id, decision)
    return approval


async def end(session: AsyncSession, approval_id: UUID, decision: ApprovalDecision) -> Approval:
    """Refuse a proposal, or withdraw one's own; nothing happens.

    Raises NotFound, OwnAct, NotTheProposer, AlreadyDecided and ProposalExpired.
    """
    approval, new = await _decided(session, approval_id, decision)
    if new:
        await repository.decide(session, approval_id, decision)
    return approval


async def _decided(session: AsyncSession, approval_id: UUID, decision: ApprovalDecision) -> tuple[Approval, bool]:
    """The proposal, held, as it is once decided, and whether that is still to be written."""
    approval = await repository.lock(session, approval_id)
    if approval is None:
        raise NotFound
    if not is_new(approval, decision):
        return approval, False
    decided = replace(
        approval,
        state=decision.into,
        decided_by=decision.by,
        decided_on=decision.on,
        decided_because=decision.because,
    )
    return decided, True
