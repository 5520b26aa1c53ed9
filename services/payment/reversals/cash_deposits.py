"""Reversing a deposit whose cash was imported: its people stay insured, and its money is waited for again.

What was booked of the deposit is booked back on its days: village_cash ← pending. Every standing part of the statement
ends as REVERSED and one further part waits with their receipts and slips for the right line. Where the line paid what a
collector owed, only the part that it paid is taken back, and the collector owes it again.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bank import counted_lines
from services.payment.batches import repository as batches
from services.payment.batches.models import CashBatch
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep
from services.payment.cash import repository as cash
from services.payment.cash.three_way_match import StatementLine
from services.payment.cash_refunds import repository as cash_refunds
from services.payment.ledger import postings
from services.payment.ledger import repository as books
from services.payment.ledger.service import book_back, post
from services.payment.ledger.transfer import PostingContext
from services.payment.receipts import repository as receipts
from services.payment.receipts.receipt import StoredReceipt, deposit_key
from services.payment.shortages import acceptance
from services.payment.shortages import repository as shortages
from services.payment.statements import repository as statements
from services.payment.statements.deposits import repository as deposits
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.domain.ids import new_id

# What takes each back, and what a part begins with once more.
_BACK = {
    "deposit_matched": postings.deposit_unmatched,
    "deposit_short": postings.deposit_short_reversed,
    "shortage_paid": postings.shortage_paid_reversed,
}
_AGAIN = {"deposit_matched": postings.deposit_matched, "deposit_short": postings.deposit_short}


async def lock_what_rests_on_it(session: AsyncSession, batch: CashBatch) -> tuple[list[CashBatch], list[str]]:
    """The parts that stand on a locked batch's deposit, held, and its receipts whose cash left the account again."""
    if await shortages.short_since(session, batch.id) is not None:
        parts = [batch]
    else:
        found = [await batches.lock_cash(session, part) for part in await batches.standing_parts(session, batch)]
        parts = [part for part in found if part is not None]
    return parts, await cash_refunds.lock_fetched(session, [part.id for part in parts])


async def take_back(session: AsyncSession, batch: CashBatch, approval: Approval, day: date) -> None:
    """Take back what rests on a deposit of the batch, and wait for the right line."""
    parts, _ = await lock_what_rests_on_it(session, batch)
    if await shortages.short_since(session, batch.id) is not None:
        await _owe_again(session, batch, approval, day)
        return
    part_ids = [part.id for part in parts]
    held = await receipts.lock_of_batches(session, part_ids)
    for part in parts:
        await _end(session, part, [each for each in held if each.batch_id == part.id], approval, day)
    into = await batches.begin_statement_part(session, batch, sum(receipt.amount_fen for receipt in held))
    await receipts.move(session, [receipt.id for receipt in held], into.id)
    await cash.move_slips(session, part_ids, into.id)
    trace = Trace(into.actor, into.correlation_id, approval.id)
    stated = [StatementLine(receipt.receipt_no, receipt.enrolment_id, receipt.amount_fen) for receipt in held]
    await cash.insert_lines(session, into.id, into.version, into.region, stated, trace)
    move = Transition(
        BatchStep.SUBMIT, BatchState.OPEN, BatchState.SUBMITTED, new_id(), trace, note={"approval": str(approval.id)}
    )
    if await batches.take_step(session, into.id, move) is None:
        raise RuntimeError(f"batch {into.id} moved while it was locked")


async def _owe_again(session: AsyncSession, part: CashBatch, approval: Approval, day: date) -> None:
    """The collector did not pay that after all: the part waits again, and what else came is taken once more."""
    waiting = await receipts.lock_of_batches(session, [part.id])
    first = await books.booked(session, [key for key in _keys(part, waiting, []) if not key.startswith("shortage")])
    await _end(session, part, waiting, approval, day)
    into = await acceptance.begin_short_part(session, part, waiting)
    await cash.move_slips(session, [part.id], into.id)
    standing = await batches.standing_parts(session, into)
    await deposits.look_again_at_deposits(session, await cash.slips_of_parts(session, standing))
    trace = Trace(into.actor, into.correlation_id, approval.id)
    again = [
        _AGAIN[each.kind](
            each.dimensions,
            each.amount_fen,
            PostingContext(
                key=each.key.replace(str(part.id), str(into.id)),
                effective_on=each.effective_on,
                caused_by=each.caused_by,
                trace=Trace(each.actor, each.correlation_id, each.caused_by),
                batch_id=into.id,
            ),
        )
        for each in first
    ]
    await post(session, again)
    there_fen = sum(each.amount_fen for each in first if each.kind == "deposit_matched")
    since = await shortages.short_since(session, part.id)
    await acceptance.note_short(session, into, there_fen, trace, since or day, approval.id)


async def _end(
    session: AsyncSession, part: CashBatch, held: Sequence[StoredReceipt], approval: Approval, day: date
) -> None:
    lines = await deposits.deposits_of(session, part.id)
    await book_back(session, _keys(part, held, lines), _BACK, part.id)
    await statements.free(session, part.id)
    await counted_lines.end_reversed(session, part, approval.trace, day, approval.reason)


def _keys(part: CashBatch, held: Sequence[StoredReceipt], lines: Sequence[UUID]) -> list[str]:
    """Under which keys a part's cash was booked: with its deposit, and by each line that paid what was short."""
    deposits = [
        f"{kind}:{deposit_key(receipt.id, part.id, version)}"
        for receipt in held
        for version in range(1, part.version + 1)
        for kind in ("deposit_matched", "deposit_short")
    ]
    return deposits + [f"shortage_paid:{receipt.id}:{part.id}:{line}" for receipt in held for line in lines]
