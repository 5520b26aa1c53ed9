"""Proposals over HTTP: what waits for a second person, and the decisions. Each service has its own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from shared.approvals import repository, service
from shared.approvals.act import Acts
from shared.approvals.schemas import ApprovalOut, ApprovalPage, DecisionIn
from shared.approvals.state import (
    AlreadyDecided,
    ApprovalDecision,
    ApprovalState,
    NotTheProposer,
    OwnAct,
    ProposalExpired,
)
from shared.database.business_date import business_date
from shared.errors import DomainError, NotFound
from shared.service import ServiceContext
from shared.web.dependencies import Caller, CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute


def approval_routes(acts: Acts, *, read: str, approve: str) -> APIRouter:
    """The endpoints of a service with these acts; ``read`` and ``approve`` are their scopes.

    Withdrawing needs no other scope than reading: nobody withdraws but the proposer.
    """
    router = APIRouter(route_class=StrictRoute, tags=["approvals"])
    effects: set[type[DomainError]] = {refusal for act in acts for refusal in act.refusals}
    refusals = sorted(effects, key=lambda refusal: refusal.code.name)

    @router.get("/v1/approvals", dependencies=[requires(read)])
    async def list_approvals(
        session: Session,
        context: CurrentContext[object],
        state: ApprovalState | None = None,
        act: Annotated[str | None, Query(max_length=64, pattern=r"^[a-z_]+$")] = None,
        after: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> ApprovalPage:
        """Proposals of this service, oldest first: with ``state=WAITING`` those that wait for a second person."""
        today = await business_date(session, context.clock)
        found = await repository.listed(session, today, state=state, act=act, after=after, limit=limit)
        return ApprovalPage.of([ApprovalOut.of(each, today) for each in found], limit, key=lambda each: each.id)

    @router.get("/v1/approvals/{approval_id}", dependencies=[requires(read)])
    @responses_for(NotFound)
    async def show_approval(session: Session, context: CurrentContext[object], approval_id: UUID) -> ApprovalOut:
        """A proposal and what became of it."""
        found = await repository.find(session, approval_id)
        if found is None:
            raise NotFound
        return ApprovalOut.of(found, await business_date(session, context.clock))

    @router.post("/v1/approvals/{approval_id}/approval", dependencies=[requires(approve)])
    @responses_for(NotFound, OwnAct, AlreadyDecided, ProposalExpired, *refusals)
    async def approve_proposal(
        session: Session, caller: CurrentCaller, context: CurrentContext[object], approval_id: UUID, body: DecisionIn
    ) -> ApprovalOut:
        """Approve what another client proposed: it happens in the same moment. Once more changes nothing."""
        decision = await _decision(session, context, caller, ApprovalState.APPROVED, body)
        approved = await service.approve(session, context, acts, approval_id, decision)
        return ApprovalOut.of(approved, decision.on)

    @router.post("/v1/approvals/{approval_id}/refusal", dependencies=[requires(approve)])
    @responses_for(NotFound, OwnAct, AlreadyDecided, ProposalExpired)
    async def refuse_proposal(
        session: Session, caller: CurrentCaller, context: CurrentContext[object], approval_id: UUID, body: DecisionIn
    ) -> ApprovalOut:
        """Refuse what another client proposed: nothing happens, and it may be proposed again."""
        decision = await _decision(session, context, caller, ApprovalState.REFUSED, body)
        return ApprovalOut.of(await service.end(session, approval_id, decision), decision.on)

    @router.post("/v1/approvals/{approval_id}/withdrawal", dependencies=[requires(read)])
    @responses_for(NotFound, NotTheProposer, AlreadyDecided, ProposalExpired)
    async def withdraw_proposal(
        session: Session, caller: CurrentCaller, context: CurrentContext[object], approval_id: UUID, body: DecisionIn
    ) -> ApprovalOut:
        """Take back a proposal of one's own before anybody decided."""
        decision = await _decision(session, context, caller, ApprovalState.WITHDRAWN, body)
        return ApprovalOut.of(await service.end(session, approval_id, decision), decision.on)

    return router


async def _decision(
    session: AsyncSession, context: ServiceContext[object], caller: Caller, into: ApprovalState, body: DecisionIn
) -> ApprovalDecision:
    return ApprovalDecision(into, caller.client, await business_date(session, context.clock), body.because)
