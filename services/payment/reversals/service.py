"""Reversing a bank line: proposed by one office, approved by another than entered it, and its batch compared again.

A line that no batch counts is only marked. A settlement is taken out of its batch's sum; one that was matched takes the
batch back with all that it booked, and what else the bank booked for it opens a further part of the day. A deposit
sends its held statement back to wait for the right line; where its cash was imported, its people stay insured and what
was booked of it is booked back. Once money of the batch was remitted, nothing can be reversed.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bank import counted_lines, settlement
from services.payment.batches import repository as batches
from services.payment.batches.models import Batch, CashBatch, OnlineBatch
from services.payment.batches.parts import repository as parts
from services.payment.batches.state import BatchState, HoldStage
from services.payment.cash import corrections
from services.payment.cash.schemas import CorrectionIn
from services.payment.dispositions import repository as dispositions
from services.payment.job_names import CASH_MATCHING, PAYOUTS, SETTLEMENTS, SHORTAGES
from services.payment.payouts import payout_match
from services.payment.payouts import repository as payouts
from services.payment.reversals import cash_deposits
from services.payment.reversals.schemas import BankLineReversal
from services.payment.statements import repository as statements
from services.payment.statements.repository import BankLine
from services.payment.statements.settlements import repository as settlements
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.database.engine import after_commit
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext

# Nothing rests on the lines of such a batch: a corrected statement waits for its comparison with the lines it had.
_UNCOMPARED = (BatchState.OPEN, BatchState.SUBMITTED)
# How often a line may go from one batch to another while it is waited for.
_LOOKS = 5


class LineAlreadyReversed(DomainError):
    """A reversal has no reversal: the right line is entered instead."""

    code = ErrorCode.BANK_LINE_ALREADY_REVERSED


class LineAlreadyMatched(DomainError):
    """Cash of a matched deposit was fetched and given back."""

    code = ErrorCode.BANK_LINE_ALREADY_MATCHED


class LineAlreadyRemitted(DomainError):
    """The line's money was brought on to the treasury, so that what came of it rests on the line."""

    code = ErrorCode.BANK_LINE_ALREADY_REMITTED


class LineBeingSettled(DomainError):
    """The movements of the line's payout follow it in portions: it can be reversed once all have followed."""

    code = ErrorCode.BANK_LINE_BEING_SETTLED


async def propose_reversal(
    session: AsyncSession, line_id: UUID, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put the reversal of a line forward; the client that entered it may propose, and never approve.

    Raises NotFound, LineAlreadyReversed, LineAlreadyMatched, LineAlreadyRemitted, LineBeingSettled and AnotherWaits.
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
    if isinstance(batch, CashBatch) and batch.held_at is HoldStage.MATCH:
        await corrections.correct(session, approval.trace, batch.id, CorrectionIn(reason=approval.reason))
    elif isinstance(batch, CashBatch) and batch.state not in _UNCOMPARED:
        await cash_deposits.take_back(session, batch, approval, day)
    elif isinstance(batch, OnlineBatch) and not batch.waits_for_money:
        await _take_back(session, context.settings.region, batch, approval)
    elif isinstance(batch, OnlineBatch):
        await parts.add_settled(session, batch.id, -line.amount_fen)
        counted = await batches.lock_online(session, batch.id)
        if counted is not None:
            if counted.by_bill:
                await payout_match.compare(session, counted, day)
            else:
                await settlement.recount(session, counted)
    after_commit(session, lambda: context.wake(CASH_MATCHING))
    after_commit(session, lambda: context.wake(SHORTAGES))
    after_commit(session, lambda: context.wake(SETTLEMENTS))
    after_commit(session, lambda: context.wake(PAYOUTS))


async def _take_back(session: AsyncSession, region: str, batch: OnlineBatch, approval: Approval) -> None:
    """Reverse what a matched batch booked; its other lines of the bank open a further part of its day.

    What a payout's line of the bank brought is taken back in every part, and the payout waits for the right line.
    """
    day = approval.decided_on or approval.proposed_on
    if batch.payout_id is not None:
        await payout_match.take_back(session, batch.payout_id, approval, day)
        return
    resting = await dispositions.resting_on(session, batch.id)  # by the lines, which are freed below
    matched_on = await batches.matched_on(session, batch.id)
    await counted_lines.take_back(session, counted_lines.Counted(batch, matched_on, approval.id))
    await counted_lines.end_reversed(session, batch, approval.trace, day, approval.reason)
    for matched in resting:
        await _end_matched(session, matched, approval, day)
    if standing := await settlements.lock_standing(session, batch.id):
        part = await parts.lock_waiting_part(session, batch.settlement, region, approval.trace)
        await settlement.add_settlements(session, part.id, standing)


async def _end_matched(session: AsyncSession, batch_id: UUID, approval: Approval, day: date) -> None:
    """End the batch in which suspended money of the settlement went on: its line goes on with the others."""
    part = await batches.lock_online(session, batch_id)
    if part is not None and part.state is not BatchState.REVERSED:
        await counted_lines.end_reversed(session, part, approval.trace, day, approval.reason)


async def _locked(session: AsyncSession, line_id: UUID) -> tuple[BankLine, Batch | None]:
    """The line and the batch that counts it, held; the batch first, as every comparison locks it.

    Raises NotFound, LineAlreadyReversed, LineAlreadyMatched, LineAlreadyRemitted or LineBeingSettled.
    """
    for _ in range(_LOOKS):
        found = await statements.find(session, line_id)
        if found is None:
            raise NotFound
        batch = await _hold_batch(session, found.batch_id)
        line = await _hold_line(session, found)
        if line is not None:
            break
    else:
        raise LineBeingSettled(f"银行流水 bank line {line_id}")
    if line.reversed_on is not None:
        raise LineAlreadyReversed(f"审批 approval {line.reversed_by}")
    await _refuse_what_rests_on_it(session, batch)
    return line, batch


async def _hold_line(session: AsyncSession, found: BankLine) -> BankLine | None:
    """The line, held where it still belongs to the batch that is held; else it is let go, for its batch comes first."""
    looking = await session.begin_nested()
    line = await statements.lock(session, found.id)
    if line is not None and line.batch_id == found.batch_id:
        await looking.commit()
        return line
    await looking.rollback()
    return None


async def _refuse_what_rests_on_it(session: AsyncSession, batch: Batch | None) -> None:
    _refuse_remitted(batch)
    if isinstance(batch, OnlineBatch) and batch.is_being_settled:
        raise LineBeingSettled(f"批次 batch {batch.id}")
    if isinstance(batch, CashBatch) and not _is_uncompared(batch):
        resting, fetched = await cash_deposits.lock_what_rests_on_it(session, batch)
        for part in resting:
            _refuse_remitted(part)
        if fetched:
            raise LineAlreadyMatched(f"收据 receipt {fetched[0]}")
    if isinstance(batch, OnlineBatch) and batch.payout_id is None:
        # What of its suspended money was matched rests on the same line.
        for other in await dispositions.resting_on(session, batch.id):
            _refuse_remitted(await batches.lock(session, other))
    if isinstance(batch, OnlineBatch) and batch.payout_id is not None:
        # The payout's further parts rest on the same line.
        for other in await parts.of_payout(session, batch.payout_id):
            _refuse_remitted(await batches.lock(session, other))


async def _hold_batch(session: AsyncSession, batch_id: UUID | None) -> Batch | None:
    """A batch, held, with what rests on its money: no further part begins that the reversal would not see.

    The parts of a statement are held in their order, as they are by everybody.
    """
    if batch_id is None:
        return None
    batch = await batches.find(session, batch_id)
    if isinstance(batch, OnlineBatch) and batch.payout_id is not None:
        await payouts.lock(session, batch.payout_id)
    if isinstance(batch, CashBatch):
        for part in await batches.standing_parts(session, batch):
            await batches.lock(session, part)
    return await batches.lock(session, batch_id)


def _is_uncompared(batch: Batch) -> bool:
    return batch.state in _UNCOMPARED or batch.held_at is HoldStage.MATCH


def _refuse_remitted(batch: Batch | None) -> None:
    if batch is not None and not _is_uncompared(batch) and batch.remitted_on is not None:
        raise LineAlreadyRemitted(f"批次 batch {batch.id}: {batch.state.value}")


REVERSE_BANK_LINE = Act(
    "reverse_bank_line",
    BankLineReversal,
    reverse,
    refusals=(LineAlreadyReversed, LineAlreadyMatched, LineAlreadyRemitted, LineBeingSettled),
)
ACTS = (REVERSE_BANK_LINE,)
