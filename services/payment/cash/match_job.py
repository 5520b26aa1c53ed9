"""票、款一致: compares a submitted batch with its receipts, slip and bank line, and imports it in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.batches.discrepancies import MAX_DIFFERENCES, Difference
from services.payment.batches.lines import repository as batch_lines
from services.payment.batches.models import CashBatch, RemittanceLine
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep, HoldStage, ready
from services.payment.bills import service as bills
from services.payment.bills.service import BillPayment
from services.payment.bills.state import Bill
from services.payment.cash import repository
from services.payment.cash.import_decision import Import, decide_import
from services.payment.cash.repository import StatedSlip
from services.payment.cash.three_way_match import Deposit, Match, Receipt, Statement, match_collection
from services.payment.cash_refunds import repository as cash_refunds
from services.payment.job_names import CASH_MATCHING
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext, Transfer
from services.payment.receipts import repository as receipts_repository
from services.payment.receipts.receipt import RecalledReceipt, StoredReceipt, deposit_key
from services.payment.statements import repository as statements
from services.payment.statements.repository import DepositLine
from shared.contracts.event import Trace
from shared.domain.document_number import canonical_number
from shared.domain.ids import new_id
from shared.messaging.outbox.publication import collected
from shared.service import Job, ServiceContext

CHANNEL = "VILLAGE_CASH"
_AT_ONCE = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Matching:
    """One comparison: the batch, the bank's line that set it off, and when the money was booked."""

    batch: CashBatch
    bank_line: DepositLine
    booked_on: date

    def context(self, receipt: StoredReceipt, *, key: str | None = None) -> PostingContext:
        return PostingContext(
            key=key or str(receipt.id),
            effective_on=self.booked_on,
            caused_by=self.bank_line.id,
            trace=self.trace(receipt),
            batch_id=self.batch.id,
        )

    def trace(self, receipt: StoredReceipt) -> Trace:
        """The receipt's own chain of causes, begun by the collector who took the cash, continued by the bank's line."""
        return Trace(receipt.actor, receipt.correlation_id, self.bank_line.id)


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
    stated = await repository.lines(session, batch.id, batch.version)
    numbers = [line.receipt_no for line in stated]
    found = await receipts_repository.by_number(session, numbers, lock=True)
    receipts = {number: receipt for number, receipt in found.items() if receipt.region == batch.region}
    slips = await repository.slips(session, batch.id)
    # What is compared is what this statement claims: money that the bank books a moment later stays unexplained.
    booked = await statements.explain_deposits(session, batch.id, [slip.slip_no for slip in slips])
    booked_for = {canonical_number(line.reference) for line in booked}
    if booked_for != {canonical_number(slip.slip_no) for slip in slips}:
        # A line was reversed while it was waited for: the batch waits for the right one.
        await statements.release_deposits(session, batch.id, [])
        return
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
    matching = _Matching(batch, last, last.booked_on)
    handed_in = [receipts[number] for number in dict.fromkeys(numbers) if number in receipts]
    if match.deposit_covers_receipts:
        await _book_deposit(session, matching, handed_in)
    if match.equal:
        await _import(session, matching, handed_in)
    else:
        await _hold(session, matching, match)


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
    return Receipt(
        receipt.receipt_no,
        receipt.region,
        receipt.benefit_year,
        receipt.enrolment_id,
        receipt.amount_fen,
        receipt.received_on,
        receipt.free_for(batch.id),
    )


async def _book_deposit(session: AsyncSession, matching: _Matching, receipts: Sequence[StoredReceipt]) -> None:
    """The cash of these receipts is in the pending account, whatever else the statement gets wrong."""
    fresh = [receipt for receipt in receipts if receipt.deposited_on is None]
    for some in _chunks(fresh):
        await post(session, [_deposited(matching, receipt) for receipt in some])
    await receipts_repository.mark_deposited(session, [receipt.id for receipt in fresh], matching.booked_on)


def _deposited(matching: _Matching, receipt: StoredReceipt) -> Transfer:
    # A correction may take a receipt off the statement again, and another statement list it.
    key = deposit_key(receipt.id, matching.batch.id, matching.batch.version)
    return postings.deposit_matched(receipt.dimensions, receipt.amount_fen, matching.context(receipt, key=key))


async def _import(session: AsyncSession, matching: _Matching, receipts: Sequence[StoredReceipt]) -> None:
    live = await bills.lock_live(session, [receipt.enrolment_id for receipt in receipts])
    decided = decide_import(receipts, live)
    async with collected(session):
        for some in _chunks(decided.paying):
            await post(
                session, [postings.cash_imported(r.dimensions, r.amount_fen, matching.context(r)) for r, _ in some]
            )
            await bills.pay(session, [_payment(matching, receipt, bill) for receipt, bill in some])
    for failed in _chunks(decided.failing):
        await post(
            session, [postings.import_failed(r.dimensions, r.amount_fen, matching.context(r)) for r, _ in failed]
        )
    await receipts_repository.write_off(session, [receipt.id for receipt, _ in decided.paying])
    recalled = [RecalledReceipt(receipt.id, reason.value) for receipt, reason in decided.failing]
    await receipts_repository.recall(session, recalled)
    await cash_refunds.due(session, [receipt for receipt, _ in decided.failing], matching.booked_on)
    await batch_lines.add_lines(session, [_line(matching.batch, receipt) for receipt, _ in decided.paying])
    await _conclude(session, matching, decided)


def _payment(matching: _Matching, receipt: StoredReceipt, bill: Bill) -> BillPayment:
    return BillPayment(
        bill=bill,
        amount_fen=receipt.amount_fen,
        channel=CHANNEL,
        paid_on=receipt.received_on,
        paid_by=receipt.id,
        caused_by=matching.bank_line.id,
        trace=matching.trace(receipt),
    )


def _line(batch: CashBatch, receipt: StoredReceipt) -> RemittanceLine:
    return RemittanceLine(
        batch_id=batch.id,
        enrolment_id=receipt.enrolment_id,
        source_id=receipt.id,
        person_token=receipt.person_token,
        benefit_year=receipt.benefit_year,
        region=receipt.region,
        amount_fen=receipt.amount_fen,
        place="PENDING",
        receipt_no=receipt.receipt_no,
        tax_line_no=None,
        actor=receipt.actor,
        correlation_id=receipt.correlation_id,
    )


async def _conclude(session: AsyncSession, matching: _Matching, decided: Import) -> None:
    batch = matching.batch
    amount_fen = sum(receipt.amount_fen for receipt, _ in decided.paying)
    await _move(
        session,
        matching,
        ready(len(decided.paying)),
        [],
        facts={"amount_fen": amount_fen, "line_count": len(decided.paying), "counted_fen": batch.declared_fen},
        note={"recalled": {receipt.receipt_no: reason.value for receipt, reason in decided.failing}},
    )


async def _hold(session: AsyncSession, matching: _Matching, match: Match) -> None:
    await _move(
        session, matching, BatchState.HELD, match.differences, facts={}, note={"differences": len(match.differences)}
    )


async def _move(
    session: AsyncSession,
    matching: _Matching,
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


def _chunks(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
