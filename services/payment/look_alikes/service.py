"""Resolving numbers that look alike: no stored number is rewritten before two people have seen both papers."""

from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.look_alikes import repository
from services.payment.look_alikes.repository import LookAlike
from services.payment.look_alikes.schemas import LookAlikeResolution
from services.payment.receipts import repository as receipts
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext

# Documents that people name over HTTP: with a number of its own each can be named again.
_NAMED = {"RECEIPT": receipts.renumber, "STATEMENT": batches.renumber_statement}


class LookAlikeResolved(DomainError):
    """Two people have resolved it."""

    code = ErrorCode.LOOK_ALIKE_RESOLVED


class NewNumberNotPossible(DomainError):
    """A receipt or statement needs a number that no other looks like; other documents keep theirs."""

    code = ErrorCode.NEW_NUMBER_NOT_POSSIBLE


async def propose_resolution(
    session: AsyncSession, look_alike_id: UUID, new_number: str | None, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put the resolution of two numbers forward.

    Raises NotFound, LookAlikeResolved, NewNumberNotPossible and AnotherWaits.
    """
    found = await _open(session, look_alike_id, new_number)
    body = LookAlikeResolution(look_alike_id=found.id, kind=found.kind, number=found.number, new_number=new_number)
    return await propose(session, RESOLVE_LOOK_ALIKE, str(found.id), found.region, body, grounds, trace, today)


async def resolve(
    session: AsyncSession, context: ServiceContext[object], approval: Approval, body: LookAlikeResolution
) -> None:
    """Give the document its own number, where it is one that people name; the old number stays in the list."""
    found = await _open(session, body.look_alike_id, body.new_number)
    if body.new_number is not None and not await _renumber(session, found, body.new_number):
        raise NewNumberNotPossible(body.new_number)
    await repository.resolve(session, found.id, approval.id, body.new_number)


async def _renumber(session: AsyncSession, found: LookAlike, number: str) -> bool:
    """Give the document the number; False where another one has it, also one that is being entered or not ours to see.

    Then nothing else can be done in this transaction.
    """
    try:
        return await _NAMED[found.kind](session, UUID(found.document_id), number)
    except IntegrityError:
        return False


async def _open(session: AsyncSession, look_alike_id: UUID, new_number: str | None) -> LookAlike:
    found = await repository.lock(session, look_alike_id)
    if found is None:
        raise NotFound
    if found.resolved_by is not None:
        raise LookAlikeResolved(f"审批 approval {found.resolved_by}")
    if (new_number is not None) != (found.kind in _NAMED):
        raise NewNumberNotPossible(found.kind, pointer="/new_number")
    return found


RESOLVE_LOOK_ALIKE = Act(
    "resolve_look_alike",
    LookAlikeResolution,
    resolve,
    refusals=(LookAlikeResolved, NewNumberNotPossible),
)
ACTS = (RESOLVE_LOOK_ALIKE,)
