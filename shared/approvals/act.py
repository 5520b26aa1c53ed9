"""What an act is that needs two people: its name at rest, what is asked for, and what happens once it is approved."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from shared.approvals.state import Approval
from shared.errors import DomainError
from shared.service import ServiceContext

B = TypeVar("B", bound=BaseModel)
Effect = Callable[[AsyncSession, ServiceContext, Approval, B], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Act(Generic[B]):
    """An act that another person has to approve.

    ``effect`` runs in the transaction that approves, so that there is never the one without the other; what it raises
    is listed in ``refusals`` and leaves the proposal waiting.
    """

    name: str
    body: type[B]
    effect: Effect[B]
    refusals: tuple[type[DomainError], ...] = ()
    days: int = 30

    async def carry_out(self, session: AsyncSession, context: ServiceContext, approval: Approval) -> None:
        """Do what was approved."""
        await self.effect(session, context, approval, self.body.model_validate(approval.body))


Acts = tuple[Act[Any], ...]
