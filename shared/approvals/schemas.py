"""Proposals and decisions as HTTP takes and shows them."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.approvals.state import Approval, ApprovalState
from shared.web.fields import FreeText, SingleLineText, example
from shared.web.page import Page


class GroundsIn(BaseModel):
    """Why it is proposed: the reason in words, and the paper that shows it."""

    model_config = ConfigDict(extra="forbid", frozen=True) | example(reason="金额录错一位", evidence="更正函 2023-11")

    reason: FreeText
    evidence: SingleLineText | None = None


class DecisionIn(BaseModel):
    """A decision on a proposal, with a word on why."""

    model_config = ConfigDict(extra="forbid", frozen=True) | example(because="已与银行回单核对")

    because: FreeText


class ApprovalOut(BaseModel):
    """A proposal: what is to be done to what, why, who proposed it, and who decided what."""

    id: UUID
    act: str
    subject: str
    region: str
    body: dict[str, Any]
    reason: str
    evidence: str | None
    proposed_by: str
    proposed_on: date
    expires_on: date
    state: ApprovalState
    decided_by: str | None
    decided_on: date | None
    decided_because: str | None

    @classmethod
    def of(cls, approval: Approval, today: date) -> "ApprovalOut":
        """The proposal as it stands on a day."""
        shown = {name: getattr(approval, name) for name in cls.model_fields} | {"state": approval.state_on(today)}
        return cls(**shown)


class ApprovalPage(Page[ApprovalOut, UUID]):
    """Proposals, oldest first."""
