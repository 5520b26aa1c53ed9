"""票、款一致: compares a submitted batch with its receipts, slip and bank line, and imports it in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.batches.discrepancies import MAX_DIFFERENCES, Difference
from services.payment.batches.lines import repository as batch_lines
from services.payment.batches.models import CashBatch
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep, HoldStage, ready
from services.payment.cash import repository
from services.payment.cash.deposit_import import Matching, book_deposit, import_receipts, line_of
from services.payment.cash.repository import StatedSlip
from services.payment.cash.three_way_match import Deposit, Match, Receipt, Statement, match_collection
from services.payment.job_names import CASH_MATCHING
from services.payment.receipts import repository as receipts_repository
from services.payment.receipts.receipt import StoredReceipt
from services.payment.statements.deposits import repository as deposits
from services.payment.statements.deposits.repository import DepositLine
from shared.contracts.event import Trace
from shared.domain.document_number import canonical_number
from shared.domain.ids import new_id
from shared.service import Job, ServiceContext


@dataclass(frozen=True, slots=True)
class DepositComparison:
    """The accounts of a batch's cash as they stand: its receipts, what the bank booked, and what differs."""

    matching: Matching
    receipts: list[StoredReceipt]
    booked_fen: int
    match: Match


async def step(context: ServiceContext[object]) -> int:
    """Compare one batch that is ready for it; returns how many were."""
    async with context.database.transaction(context.settings.region) as session:
        batch_id = await repository.lock_comparable(session)
        batch = await batches.lock_cash(session, batch_id) if batch_id else None
        if batch is None:
            return 0
        await compare(session, batch)
        return 1


JOBS = (Job(CASH_MATCHING, step),)


async def compare(session: AsyncSession, batch: CashBatch) -> None:
    """Compare the four accounts: READY_TO_REMIT with its lines imported, or HELD with the differences named."""
    found = await read_accounts(session, batch)
    if found is None:
        return
    if found.match.deposit_covers_receipts:
        await book_deposit(session, found.matching, found.receipts)
    if found.match.equal:
        await _import(session, found.matching, found.receipts)
    else:
        await _hold(session, found.matching, found.match)


async def read_accounts(session: AsyncSession, batch: CashBatch) -> DepositComparison | None:
    """Claim what the bank booked for a locked batch, and its receipts, and compare them; None where a line lacks."""
    stated = await repository.lines(session, batch.id, batch.version)
    numbers = [line.receipt_no for line in stated]
    found = await receipts_repository.by_number(session, numbers, lock=True)
    receipts = {number: receipt for number, receipt in found.items() if receipt.region == batch.region}
    slips = await repository.slips(session, batch.id)
    # What is compared is what this statement claims: money that the bank books a moment later stays unexplained.
    booked = await deposits.explain_deposits(session, batch.id, [slip.slip_no for slip in slips])
    booked_for = {canonical_number(line.reference) for line in booked}
    if booked_for != {canonical_number(slip.slip_no) for slip in slips}:
        # A line was reversed while it was waited for: the batch waits for the right one.
        await deposits.release_deposits(session, batch.id, [])
        return None
    listed = {receipt.id for receipt in receipts.values()}
    unlisted = await receipts_repository.unlisted(session, batch.region, batch.benefit_year)
    match = match_collection(
        Statement(batch.region, batch.benefit_year, batch.declared_fen, stated),
        {number: _as_compared(receipt, batch) for number, receipt in receipts.items()},
        [_as_compared(receipt, batch) for receipt in unlisted if receipt.id not in listed],
        _deposits(slips, booked),
    )
    await receipts_repository.claim(session, batch.id, list(listed))
    last = max(booked, key=lambda line: (line.booked_on, line.id))
    return DepositComparison(
        Matching(batch, last, last.booked_on),
        [receipts[number] for number in dict.fromkeys(numbers) if number in receipts],
        sum(line.amount_fen for line in booked),
        match,
    )


def _deposits(slips: Sequence[StatedSlip], booked: Sequence[DepositLine]) -> list[Deposit]:
    booked_fen = Counter[str]()
    first: dict[str, date] = {}
    for line in booked:
        number = canonical_number(line.reference)
        booked_fen[number] += line.amount_fen
        first[number] = min(line.booked_on, first.get(number, line.booked_on))
    return [
        Deposit(slip.slip_no, slip.amount_fen, booked_fen[number], slip.deposited_on, first[number])
        for slip in slips
        for number in [canonical_number(slip.slip_no)]
    ]


def _as_compared(receipt: StoredReceipt, batch: CashBatch) -> Receipt:
    # The receipts of a further part were imported with the statement: they are its own.
    own = batch.is_imported and receipt.batch_id == batch.id
    return Receipt(
        receipt.receipt_no,
        receipt.region,
        receipt.benefit_year,
        receipt.enrolment_id,
        receipt.amount_fen,
        receipt.received_on,
        own or receipt.free_for(batch.id),
    )


async def _import(session: AsyncSession, matching: Matching, receipts: Sequence[StoredReceipt]) -> None:
    imported = await import_receipts(session, matching, receipts)
    batch = matching.batch
    await batch_lines.add_lines(session, [line_of(batch, receipt) for receipt in imported.paying])
    await _move(
        session,
        matching,
        ready(len(imported.paying)),
        [],
        facts={
            "amount_fen": sum(receipt.amount_fen for receipt in imported.paying),
            "line_count": len(imported.paying),
            "counted_fen": batch.declared_fen,
        },
        note={"recalled": {receipt.receipt_no: reason for receipt, reason in imported.recalled.items()}},
    )


async def _hold(session: AsyncSession, matching: Matching, match: Match) -> None:
    await _move(
        session, matching, BatchState.HELD, match.differences, facts={}, note={"differences": len(match.differences)}
    )


async def _move(
    session: AsyncSession,
    matching: Matching,
    target: BatchState,
    differences: Sequence[Difference],
    *,
    facts: dict[str, int],
    note: Mapping[str, object],
) -> None:
    """The batch is locked by this transaction, so that the step cannot be lost."""
    batch = matching.batch
    move = Transition(
        BatchStep.MATCH,
        BatchState.SUBMITTED,
        target,
        new_id(),
        Trace(matching.bank_line.actor, batch.correlation_id, matching.bank_line.id),
        effective_on=matching.booked_on,
        held_at=HoldStage.MATCH if target is BatchState.HELD else None,
        differences=[difference.as_json() for difference in differences[:MAX_DIFFERENCES]],
        facts=facts,
        note=note,
    )
    if await batches.take_step(session, batch.id, move) is None:
        raise RuntimeError(f"batch {batch.id} left SUBMITTED while it was locked")
