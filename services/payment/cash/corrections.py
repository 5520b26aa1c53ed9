"""Restating a held batch: a corrected version beside the old one, compared again from where it was held."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.batches import steps
from services.payment.batches.models import Batch, CashBatch
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep, HoldStage, resumes_at
from services.payment.cash import repository
from services.payment.cash.schemas import CorrectionIn
from services.payment.cash.service import SlipNumberTaken, refuse_early_deposit
from services.payment.cash.three_way_match import StatementLine
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext
from services.payment.receipts import repository as receipts
from services.payment.receipts.receipt import deposit_key
from services.payment.statements.deposits import repository as deposits
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode, NotFound


class CorrectionNotPossible(DomainError):
    """The batch is not held, or what is held cannot be restated by us."""

    code = ErrorCode.CORRECTION_NOT_POSSIBLE


async def correct(session: AsyncSession, trace: Trace, batch_id: UUID, correction: CorrectionIn) -> Batch:
    """Make the corrected version and send the batch back to the comparison that held it.

    Raises NotFound, CorrectionNotPossible, SlipNumberTaken or DatesOutOfOrder.
    """
    batch = await batches.lock(session, batch_id)
    if batch is None:
        raise NotFound
    if batch.state is not BatchState.HELD or batch.held_at is None:
        raise CorrectionNotPossible(batch.state.value)
    restated = correction.lines is not None or correction.slips is not None
    by_village = batch if isinstance(batch, CashBatch) and batch.held_at is HoldStage.MATCH else None
    if restated and by_village is None:
        raise CorrectionNotPossible(pointer="/lines" if correction.lines is not None else "/slips")
    if by_village is not None and by_village.is_imported and correction.lines is not None:
        # Its people are insured by these receipts; only the slips can have been wrong.
        raise CorrectionNotPossible(pointer="/lines")
    if (correction.lines is None) != (correction.total_fen is None):
        raise CorrectionNotPossible(pointer="/total_fen")
    facts: dict[str, int] = {"version": batch.version + 1}
    if by_village is not None:
        facts["declared_fen"] = await _restate(session, trace, by_village, correction)
    note = {"reason": correction.reason, "declared_fen": batch.declared_fen, "differences": batch.differences}
    move = Transition(
        BatchStep.CORRECT,
        BatchState.HELD,
        resumes_at(batch.kind, batch.held_at),
        new_id(),
        trace,
        facts=facts,
        note=note,
    )
    corrected = await batches.take_step(session, batch.id, move)
    if corrected is None:
        return await steps.visible_batch(session, batch_id)
    return corrected


async def _undo_deposit(session: AsyncSession, trace: Trace, batch: CashBatch) -> None:
    """Reverse what the held version booked: the corrected version decides which cash lies in the pending account.

    It is dated as the deposit was, so that the books of no day show money that the bank did not have.
    """
    undone = [
        postings.deposit_unmatched(
            receipt.dimensions,
            receipt.amount_fen,
            PostingContext(
                key=deposit_key(receipt.id, batch.id, batch.version),
                effective_on=receipt.deposited_on,
                caused_by=batch.id,
                trace=Trace(trace.actor, receipt.correlation_id, batch.id),
                batch_id=batch.id,
            ),
        )
        for receipt in await receipts.lock_deposited(session, batch.id)
        if receipt.deposited_on is not None
    ]
    await post(session, undone)


async def _restate(session: AsyncSession, trace: Trace, batch: CashBatch, correction: CorrectionIn) -> int:
    """Keep the new version of lines and slips; returns the total it declares."""
    if correction.lines is None:
        lines = await repository.lines(session, batch.id, batch.version)
    else:
        lines = [StatementLine(line.receipt_no, line.enrolment_id, line.amount_fen) for line in correction.lines]
    await repository.insert_lines(session, batch.id, batch.version + 1, batch.region, lines, trace)
    await _undo_deposit(session, trace, batch)
    await receipts.release(session, batch.id)
    if correction.slips is not None:
        last = max(slip.deposited_on for slip in correction.slips)
        await refuse_early_deposit(session, [line.receipt_no for line in lines], last)
        await repository.withdraw_slips(session, batch.id)
        for slip in correction.slips:
            stated = (slip.slip_no, slip.amount_fen, slip.deposited_on)
            if not await repository.restate_slip(session, batch.id, *stated) and not await repository.insert_slip(
                session, batch.id, batch.region, *stated, trace
            ):
                raise SlipNumberTaken(f"缴款单 slip {slip.slip_no}")
        # Money that the bank booked under a withdrawn slip is unexplained again, and shown as such.
        await deposits.release_deposits(session, batch.id, [slip.slip_no for slip in correction.slips])
    return batch.declared_fen if correction.total_fen is None else correction.total_fen
