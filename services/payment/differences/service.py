"""Closing a difference that no fact will resolve: two people decide, with a reason."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.differences import repository
from services.payment.differences.repository import SettlementDifference
from services.payment.differences.schemas import DifferenceClosing
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext


class DifferenceClosed(DomainError):
    """A fact resolved it, or two people closed it before."""

    code = ErrorCode.DIFFERENCE_CLOSED


async def propose_closing(
    session: AsyncSession, difference_id: UUID, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put the closing of a difference forward; raises NotFound, DifferenceClosed and AnotherWaits."""
    difference = await _locked(session, difference_id)
    body = DifferenceClosing(
        difference_id=difference.id,
        difference_class=difference.difference_class,
        transaction_id=difference.transaction_id,
        ours_fen=difference.ours_fen,
        theirs_fen=difference.theirs_fen,
    )
    return await propose(session, CLOSE_DIFFERENCE, str(difference.id), difference.region, body, grounds, trace, today)


async def close(session: AsyncSession, _: ServiceContext[object], approval: Approval, body: DifferenceClosing) -> None:
    """Close the difference; the books stay as they are."""
    difference = await _locked(session, body.difference_id)
    await repository.decide(session, difference.id, approval.id, approval.decided_on or approval.proposed_on)


async def _locked(session: AsyncSession, difference_id: UUID) -> SettlementDifference:
    difference = await repository.lock(session, difference_id)
    if difference is None:
        raise NotFound
    if difference.state != "OPEN":
        raise DifferenceClosed(difference.closed_because or "")
    return difference


CLOSE_DIFFERENCE = Act("close_difference", DifferenceClosing, close, refusals=(NotFound, DifferenceClosed))
ACTS = (CLOSE_DIFFERENCE,)
