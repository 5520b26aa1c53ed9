"""Named queries on proposals. A decision is written once, on the locked row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.approvals.state import Approval, ApprovalDecision, ApprovalState
from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    act: str
    subject: str
    region: str
    body: str
    reason: str
    evidence: str | None
    proposed_by: str
    not_by: Sequence[str]
    proposed_on: date
    expires_on: date
    state: str
    decided_by: str | None
    decided_on: date | None
    decided_because: str | None
    correlation_id: UUID

    def approval(self) -> Approval:
        return Approval(
            id=self.id,
            act=self.act,
            subject=self.subject,
            region=self.region,
            body=orjson.loads(self.body),
            reason=self.reason,
            evidence=self.evidence,
            proposed_by=self.proposed_by,
            not_by=tuple(self.not_by),
            proposed_on=self.proposed_on,
            expires_on=self.expires_on,
            state=ApprovalState(self.state),
            decided_by=self.decided_by,
            decided_on=self.decided_on,
            decided_because=self.decided_because,
            correlation_id=self.correlation_id,
        )


# Several waiting proposals on one subject would race for the same effect: the unique index lets one wait.
_INSERT = text(
    """
    INSERT INTO approval (id, act, subject, region, body, reason, evidence, proposed_by, not_by, proposed_on,
                          expires_on, correlation_id)
    VALUES (:id, :act, :subject, :region, CAST(:body AS json), :reason, :evidence, :proposed_by,
            CAST(:not_by AS text[]), :proposed_on, :expires_on, :correlation_id)
    ON CONFLICT (act, subject) WHERE state = 'WAITING' DO NOTHING RETURNING id
    """
)
_EXPIRE = text(
    """
    UPDATE approval SET state = 'EXPIRED', decided_on = :today, decided_at = now()
    WHERE act = :act AND subject = :subject AND state = 'WAITING' AND expires_on < :today
    """
)
_DECIDE = text(
    """
    UPDATE approval SET state = :state, decided_by = :by, decided_on = :on, decided_because = :because,
                        decided_at = now()
    WHERE id = :id
    """
)
_LOCK = select_into(_Row, "SELECT {fields} FROM approval WHERE id = :id FOR UPDATE", body="body::text")
_FIND = select_into(_Row, "SELECT {fields} FROM approval WHERE id = :id", body="body::text")
_WAITING = select_into(
    _Row,
    "SELECT {fields} FROM approval WHERE act = :act AND subject = :subject AND state = 'WAITING'",
    body="body::text",
)
# Past its last day a proposal waits no more, whether or not its row says so yet.
_STATES = {
    None: "true",
    ApprovalState.WAITING: "state = 'WAITING' AND expires_on >= :today",
    ApprovalState.APPROVED: "state = 'APPROVED'",
    ApprovalState.REFUSED: "state = 'REFUSED'",
    ApprovalState.WITHDRAWN: "state = 'WITHDRAWN'",
    ApprovalState.EXPIRED: "(state = 'EXPIRED' OR (state = 'WAITING' AND expires_on < :today))",
}
_LIST = """
    SELECT {fields} FROM approval
    WHERE {in_state} AND id > {after} AND (CAST(:act AS text) IS NULL OR act = :act)
    ORDER BY id LIMIT :limit
"""
_LISTS = {
    state: select_into(_Row, _LIST.replace("{in_state}", condition), body="body::text")
    for state, condition in _STATES.items()
}


async def insert(session: AsyncSession, approval: Approval) -> bool:
    """Keep a proposal; False where another one on its subject waits."""
    values = {
        "id": approval.id,
        "act": approval.act,
        "subject": approval.subject,
        "region": approval.region,
        "body": orjson.dumps(approval.body).decode(),
        "reason": approval.reason,
        "evidence": approval.evidence,
        "proposed_by": approval.proposed_by,
        "not_by": sorted(set(approval.not_by)),
        "proposed_on": approval.proposed_on,
        "expires_on": approval.expires_on,
        "correlation_id": approval.correlation_id,
    }
    return (await session.execute(_INSERT, values)).scalar_one_or_none() is not None


async def expire(session: AsyncSession, act: str, subject: str, today: date) -> None:
    """Write that the proposal on a subject has expired, where its last day has passed."""
    await session.execute(_EXPIRE, {"act": act, "subject": subject, "today": today})


async def decide(session: AsyncSession, approval_id: UUID, decision: ApprovalDecision) -> None:
    """Write a decision on a proposal, locked before."""
    values = {
        "id": approval_id,
        "state": decision.into.value,
        "by": decision.by,
        "on": decision.on,
        "because": decision.because,
    }
    await session.execute(_DECIDE, values)


async def lock(session: AsyncSession, approval_id: UUID) -> Approval | None:
    """A proposal, held until the transaction ends."""
    row = await fetch_one(session, _LOCK, _Row, {"id": approval_id})
    return row.approval() if row is not None else None


async def find(session: AsyncSession, approval_id: UUID) -> Approval | None:
    """A proposal by its id."""
    row = await fetch_one(session, _FIND, _Row, {"id": approval_id})
    return row.approval() if row is not None else None


async def waiting_on(session: AsyncSession, act: str, subject: str) -> Approval | None:
    """The proposal on a subject that waits."""
    row = await fetch_one(session, _WAITING, _Row, {"act": act, "subject": subject})
    return row.approval() if row is not None else None


async def listed(
    session: AsyncSession,
    today: date,
    *,
    state: ApprovalState | None,
    act: str | None,
    after: UUID | None,
    limit: int,
) -> list[Approval]:
    """Proposals, oldest first."""
    asked: dict[str, object] = {"act": act, "after": after, "limit": limit}
    if state in (ApprovalState.WAITING, ApprovalState.EXPIRED):
        asked["today"] = today
    return [row.approval() for row in await fetch_all(session, _LISTS[state], _Row, asked)]
