"""Accepting a short deposit: people's receipts are good, the account has what it has, the collector owes the rest."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.batches.discrepancies import DifferenceKind
from services.payment.batches.lines import repository as batch_lines
from services.payment.batches.models import CashBatch
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep, HoldStage, ready
from services.payment.cash import match_job
from services.payment.cash import repository as cash
from services.payment.cash.deposit_import import (
    Imported,
    Matching,
    book_deposit,
    chunks,
    deposit_context,
    import_receipts,
    line_of,
)
from services.payment.cash.match_job import DepositComparison
from services.payment.cash.three_way_match import StatementLine
from services.payment.job_names import SHORTAGES
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.receipts import repository as receipts
from services.payment.receipts.receipt import StoredReceipt
from services.payment.shortages.coverage import Coverage, cover, pieces
from services.payment.shortages.schemas import ShortDeposit
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.database.engine import after_commit
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext

# What a short deposit shows as; anything else is corrected first.
_OF_MONEY = {DifferenceKind.SLIP_DIFFERS, DifferenceKind.BANK_LINE_DIFFERS, DifferenceKind.RECEIPT_NOT_LISTED}


class BatchNotHeld(DomainError):
    """Only a statement that its deposit holds can be short."""

    code = ErrorCode.SHORTAGE_BATCH_NOT_HELD


class DepositNotShort(DomainError):
    """The account has what the receipts say, or more."""

    code = ErrorCode.SHORTAGE_DEPOSIT_NOT_SHORT


class OtherDifferences(DomainError):
    """Two people accept missing money, never a statement that is wrong."""

    code = ErrorCode.SHORTAGE_OTHER_DIFFERENCES


class BatchChanged(DomainError):
    """What was proposed is not what stands there now."""

    code = ErrorCode.SHORTAGE_CHANGED


async def propose_acceptance(
    session: AsyncSession, batch_id: UUID, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put the acceptance of a short deposit forward; the collector who owes the rest never approves it.

    Raises NotFound, BatchNotHeld, DepositNotShort, OtherDifferences and AnotherWaits.
    """
    batch, found = await _short(session, batch_id)
    body = ShortDeposit(
        batch_id=batch.id,
        statement_no=batch.statement_no,
        version=batch.version,
        receipts_fen=sum(receipt.amount_fen for receipt in found.receipts),
        booked_fen=found.booked_fen,
    )
    not_by = [batch.actor]
    return await propose(
        session, ACCEPT_SHORT_DEPOSIT, str(batch.id), batch.region, body, grounds, trace, today, not_by=not_by
    )


async def accept(
    session: AsyncSession, context: ServiceContext[object], approval: Approval, body: ShortDeposit
) -> None:
    """Import the people, let what the account covers go on, and keep the rest as a part that the collector owes."""
    batch, found = await _short(session, body.batch_id)
    receipts_fen = sum(receipt.amount_fen for receipt in found.receipts)
    if (batch.version, receipts_fen, found.booked_fen) != (body.version, body.receipts_fen, body.booked_fen):
        raise BatchChanged(f"{body.booked_fen}/{body.receipts_fen} → {found.booked_fen}/{receipts_fen} 分 fen")
    imported = await import_receipts(session, found.matching, found.receipts)
    coverage = cover(found.receipts, imported.recalled.keys(), found.booked_fen)
    await _go_on(session, found.matching, imported, coverage, approval)
    part = await begin_short_part(session, batch, coverage.waiting)
    await owe(session, Matching(part, found.matching.bank_line, found.matching.booked_on), coverage)
    await note_short(session, part, coverage.surplus_fen, approval.trace, found.matching.booked_on, approval.id)
    after_commit(session, lambda: context.wake(SHORTAGES))


async def begin_short_part(session: AsyncSession, batch: CashBatch, waiting: Sequence[StoredReceipt]) -> CashBatch:
    """Begin the part of a statement that these receipts wait in."""
    part = await batches.begin_statement_part(session, batch, sum(receipt.amount_fen for receipt in waiting))
    await receipts.move(session, [receipt.id for receipt in waiting], part.id)
    stated = [StatementLine(receipt.receipt_no, receipt.enrolment_id, receipt.amount_fen) for receipt in waiting]
    await cash.insert_lines(session, part.id, part.version, part.region, stated, Trace(part.actor, part.correlation_id))
    return part


async def owe(session: AsyncSession, matching: Matching, coverage: Coverage) -> None:
    """Book what the account has of a part's receipts, and what their collector owes of them, to the fen."""
    there = {receipt.id: fen for receipt, fen in pieces(coverage.waiting, 0, coverage.surplus_fen)}
    for some in chunks(coverage.waiting):
        booked = []
        for receipt in some:
            context = deposit_context(matching, receipt)
            fen = there.get(receipt.id, 0)
            if fen:
                booked.append(postings.deposit_matched(receipt.dimensions, fen, context))
            booked.append(postings.deposit_short(receipt.dimensions, receipt.amount_fen - fen, context))
        await post(session, booked)


async def note_short(
    session: AsyncSession, part: CashBatch, counted_fen: int, trace: Trace, day: date, approval_id: UUID
) -> None:
    """Let a part wait for what its collector owes."""
    move = Transition(
        BatchStep.ACCEPT_SHORT,
        BatchState.OPEN,
        BatchState.SHORT,
        new_id(),
        trace,
        effective_on=day,
        facts={"counted_fen": counted_fen},
        note={"approval": str(approval_id)},
    )
    if await batches.take_step(session, part.id, move) is None:
        raise RuntimeError(f"batch {part.id} moved while it was locked")


async def _go_on(
    session: AsyncSession, matching: Matching, imported: Imported, coverage: Coverage, approval: Approval
) -> None:
    """Let the receipts that the account covers go on to the treasury."""
    batch = matching.batch
    await book_deposit(session, matching, coverage.covered)
    paying = [receipt for receipt in coverage.covered if receipt not in imported.recalled]
    await batch_lines.add_lines(session, [line_of(batch, receipt) for receipt in paying])
    covered_fen = sum(receipt.amount_fen for receipt in coverage.covered)
    note: dict[str, object] = {
        "approval": str(approval.id),
        "declared_fen": batch.declared_fen,
        "recalled": {receipt.receipt_no: reason for receipt, reason in imported.recalled.items()},
    }
    move = Transition(
        BatchStep.ACCEPT_SHORT,
        BatchState.HELD,
        ready(len(paying)),
        new_id(),
        approval.trace,
        effective_on=matching.booked_on,
        facts={
            "declared_fen": covered_fen,
            "counted_fen": covered_fen,
            "amount_fen": sum(receipt.amount_fen for receipt in paying),
            "line_count": len(paying),
        },
        note=note,
    )
    if await batches.take_step(session, batch.id, move) is None:
        raise RuntimeError(f"batch {batch.id} left HELD while it was locked")


async def _short(session: AsyncSession, batch_id: UUID) -> tuple[CashBatch, DepositComparison]:
    """A batch that is held because its deposit is short and for no other reason, with its accounts as they stand.

    Raises NotFound, BatchNotHeld, DepositNotShort or OtherDifferences.
    """
    batch = await batches.lock(session, batch_id)
    if batch is None:
        raise NotFound
    if not isinstance(batch, CashBatch) or batch.held_at is not HoldStage.MATCH:
        raise BatchNotHeld(f"批次 batch {batch.id}: {batch.state.value}")
    found = await match_job.read_accounts(session, batch)
    if found is None:
        raise BatchNotHeld(f"批次 batch {batch.id}: 等待入账 waits for the bank")
    others = {difference.kind for difference in found.match.differences} - _OF_MONEY
    if others:
        raise OtherDifferences(" ".join(sorted(kind.value for kind in others)))
    receipts_fen = sum(receipt.amount_fen for receipt in found.receipts)
    if found.booked_fen >= receipts_fen:
        raise DepositNotShort(f"{found.booked_fen} ≥ {receipts_fen} 分 fen")
    return batch, found


ACCEPT_SHORT_DEPOSIT = Act(
    "accept_short_deposit",
    ShortDeposit,
    accept,
    refusals=(NotFound, BatchNotHeld, DepositNotShort, OtherDifferences, BatchChanged),
)
ACTS = (ACCEPT_SHORT_DEPOSIT,)
