"""Receipts that are entered long after the cash was received: proposed by the village, let in by a second person."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.cash import service
from services.payment.cash.schemas import LateReceiptsIn, ReceiptsIn
from services.payment.receipts.receipt import Entry
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.errors import DomainError, ErrorCode
from shared.service import ServiceContext


class ReceiptsNotLate(DomainError):
    """Receipts of these days are entered by one person."""

    code = ErrorCode.RECEIPTS_NOT_LATE


async def propose_late_receipts(
    session: AsyncSession, trace: Trace, asked: LateReceiptsIn, today: date, limit_days: int
) -> Approval:
    """Put receipts forward that are too old for one person. Raises UnknownVillage, ReceiptsNotLate and AnotherWaits."""
    service.must_be_village(asked.village)
    entry = Entry(today, limit_days)
    if not any(service.is_late(receipt, entry) for receipt in asked.receipts):
        newest = max(receipt.received_on for receipt in asked.receipts)
        raise ReceiptsNotLate(f"{today} − {newest} ≤ {limit_days} 天 days")
    body = ReceiptsIn(village=asked.village, receipts=asked.receipts)
    subject = f"{asked.village}:{min(receipt.receipt_no for receipt in asked.receipts)}"
    grounds = Grounds(asked.reason, asked.evidence)
    return await propose(session, ENTER_LATE_RECEIPTS, subject, asked.village, body, grounds, trace, today)


async def enter(session: AsyncSession, context: ServiceContext[object], approval: Approval, body: ReceiptsIn) -> None:
    """Record them as the collector's, who proposed them; the approval stands beside each."""
    entry = Entry(
        approval.decided_on or approval.proposed_on, context.settings.receipt_entry_days, late_approval=approval.id
    )
    trace = Trace(approval.proposed_by, approval.correlation_id, approval.id)
    await service.record_receipts(session, trace, body.village, body.receipts, entry)


ENTER_LATE_RECEIPTS = Act(
    "enter_late_receipts",
    ReceiptsIn,
    enter,
    refusals=(service.UnknownVillage, service.BillNotFoundInVillage, service.ReceiptNumberTaken),
)
ACTS = (ENTER_LATE_RECEIPTS,)
