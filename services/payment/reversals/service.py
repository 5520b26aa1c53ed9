"""Reversing a bank line: proposed by one office, approved by another than entered it, and its batch compared again.

A line that no batch counts is only marked. A settlement is taken out of its batch's sum. A deposit sends its held
statement back to wait for the right line. Once the money was matched and is on its way, nothing can be reversed here.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bank import settlement
from services.payment.batches import repository as batches
from services.payment.batches.models import Batch, CashBatch, OnlineBatch
from services.payment.batches.state import BatchState, HoldStage
from services.payment.cash import corrections
from services.payment.cash.schemas import CorrectionIn
from services.payment.job_names import CASH_MATCHING, SETTLEMENTS
from services.payment.reversals.schemas import BankLineReversal
from services.payment.statements import repository as statements
from services.payment.statements.repository import BankLine, SettlementLine
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.database.engine import after_commit
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext

# Nothing rests on the lines of such a batch: a corrected statement waits for its comparison with the lines it had.
_UNCOMPARED = (BatchState.OPEN, BatchState.SUBMITTED)


class LineAlreadyReversed(DomainError):
    """A reversal has no reversal: the right line is entered instead."""

    code = ErrorCode.BANK_LINE_ALREADY_REVERSED


class LineAlreadyMatched(DomainError):
    """The line's money was matched, so that contributions rest on it."""

    code = ErrorCode.BANK_LINE_ALREADY_MATCHED


async def propose_reversal(
    session: AsyncSession, line_id: UUID, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put the reversal of a line forward; the client that entered it may propose, and never approve.

    Raises NotFound, LineAlreadyReversed, LineAlreadyMatched and AnotherWaits.
    """
    line, _ = await _locked(session, line_id)
    body = BankLineReversal(
        line_id=line.id,
        statement_no=line.statement_no,
        line_no=line.line_no,
        kind=line.kind,
        reference=line.reference,
        amount_fen=line.amount_fen,
    )
    return await propose(
        session, REVERSE_BANK_LINE, str(line.id), line.region, body, grounds, trace, today, not_by=[line.actor]
    )


async def reverse(
    session: AsyncSession, context: ServiceContext[object], approval: Approval, body: BankLineReversal
) -> None:
    """Reverse the line, take it out of what its batch counts, and let the batch be compared again."""
    line, batch = await _locked(session, body.line_id)
    day = approval.decided_on or approval.proposed_on
    await statements.reverse(session, line.id, approval.id, day)
    if isinstance(batch, CashBatch) and batch.state is BatchState.HELD:
        await corrections.correct(session, approval.trace, batch.id, CorrectionIn(reason=approval.reason))
    elif isinstance(batch, OnlineBatch):
        await batches.add_settled(session, batch.id, -line.amount_fen)
        counted = await batches.lock_online(session, batch.id)
        if counted is not None:
            cause = SettlementLine(
                line.id, line.reference, line.amount_fen, line.booked_on, approval.trace.actor, line.correlation_id
            )
            await settlement.recount(session, counted, cause)
    after_commit(session, lambda: context.wake(CASH_MATCHING))
    after_commit(session, lambda: context.wake(SETTLEMENTS))


async def _locked(session: AsyncSession, line_id: UUID) -> tuple[BankLine, Batch | None]:
    """The line and the batch that counts it, held; raises NotFound, LineAlreadyReversed or LineAlreadyMatched.

    The batch is locked first, as every comparison does.
    """
    found = await statements.find(session, line_id)
    if found is None:
        raise NotFound
    batch = await batches.lock(session, found.batch_id) if found.batch_id is not None else None
    line = await statements.lock(session, line_id)
    if line is None:
        raise NotFound
    if line.batch_id != found.batch_id:
        batch = await batches.lock(session, line.batch_id) if line.batch_id is not None else None
    if line.reversed_on is not None:
        raise LineAlreadyReversed(f"审批 approval {line.reversed_by}")
    if batch is not None and batch.state not in _UNCOMPARED and batch.held_at is not HoldStage.MATCH:
        raise LineAlreadyMatched(f"批次 batch {batch.id}: {batch.state.value}")
    return line, batch


REVERSE_BANK_LINE = Act(
    "reverse_bank_line", BankLineReversal, reverse, refusals=(LineAlreadyReversed, LineAlreadyMatched)
)
ACTS = (REVERSE_BANK_LINE,)
