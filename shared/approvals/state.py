"""Which decision may follow which, and by whom. Pure: the same rules stand as constraints on the table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.contracts.event import Trace
from shared.domain.document_number import canonical_number
from shared.errors import DomainError, ErrorCode


class ApprovalState(StrEnum):
    """WAITING for a second person until its last day → APPROVED, REFUSED, WITHDRAWN by the proposer, or EXPIRED."""

    WAITING = "WAITING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class OwnAct(DomainError):
    """Nobody approves what they proposed, nor what undoes an entry of their own."""

    code = ErrorCode.APPROVAL_OF_OWN_ACT


class AlreadyDecided(DomainError):
    """A proposal is decided once; for another end it is proposed again."""

    code = ErrorCode.APPROVAL_ALREADY_DECIDED


class ProposalExpired(DomainError):
    """Nobody decided in time, so the proposal's reasons may no longer hold."""

    code = ErrorCode.APPROVAL_EXPIRED


class NotTheProposer(DomainError):
    """Only who proposed may withdraw; everybody else refuses."""

    code = ErrorCode.APPROVAL_WITHDRAWN_BY_PROPOSER_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A proposal and what became of it. ``not_by`` names who may not approve it besides the proposer."""

    id: UUID
    act: str
    subject: str
    region: str
    body: Mapping[str, object]
    reason: str
    evidence: str | None
    proposed_by: str
    not_by: tuple[str, ...]
    proposed_on: date
    expires_on: date
    state: ApprovalState
    decided_by: str | None
    decided_on: date | None
    decided_because: str | None
    correlation_id: UUID

    def state_on(self, today: date) -> ApprovalState:
        """Its state on a day: a proposal that nobody decided ends with its last day."""
        if self.state is ApprovalState.WAITING and self.expires_on < today:
            return ApprovalState.EXPIRED
        return self.state

    def same_as(self, other: "Approval") -> bool:
        """Whether both ask for the same, of the same reason, from the same client."""
        return _asked(self) == _asked(other)

    @property
    def trace(self) -> Trace:
        """The chain of causes of what its approval effects: the approver acts, the proposal is the cause."""
        return Trace(self.decided_by or self.proposed_by, self.correlation_id, self.id)


@dataclass(frozen=True, slots=True)
class ApprovalDecision:
    """What one client decides about a proposal, on which day and why."""

    into: ApprovalState
    by: str
    on: date
    because: str | None = None


def is_new(approval: Approval, decision: ApprovalDecision) -> bool:
    """Whether the decision is to be taken; the same one again by the same client is not. Raises what forbids it."""
    if (approval.state, approval.decided_by) == (decision.into, decision.by):
        return False
    if approval.state is not ApprovalState.WAITING:
        raise AlreadyDecided(f"{approval.state.value}: {approval.decided_by}")
    if decision.into is ApprovalState.WITHDRAWN and decision.by != approval.proposed_by:
        raise NotTheProposer
    if decision.into is not ApprovalState.WITHDRAWN and is_one_client(decision.by, approval.proposed_by):
        raise OwnAct(f"提出人 proposed by {approval.proposed_by}")
    if decision.into is ApprovalState.APPROVED and any(is_one_client(decision.by, name) for name in approval.not_by):
        raise OwnAct(f"原录入人 entered by {decision.by}")
    if approval.state_on(decision.on) is ApprovalState.EXPIRED:
        raise ProposalExpired(f"最后期限 last day {approval.expires_on}")
    return True


def is_one_client(client: str, other: str) -> bool:
    """Whether two names are read as one: who reads a list of decisions takes them for the same office."""
    return canonical_number(client) == canonical_number(other)


def _asked(approval: Approval) -> tuple[object, ...]:
    return approval.act, approval.subject, approval.body, approval.reason, approval.evidence, approval.proposed_by
