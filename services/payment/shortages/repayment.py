"""What a collector owed comes in: each line of the bank under a slip of the statement pays so much of it.

Nothing of the part is remitted before all of it is there, so no money leaves the account that is not in it. A line of
more than what is missing, or of a day before the deposit that was short, is left unexplained, with the reason.
"""

from collections.abc import Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.batches.lines import repository as batch_lines
from services.payment.batches.models import CashBatch
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep, ready
from services.payment.cash import repository as cash
from services.payment.cash.deposit_import import Matching, chunks, line_of
from services.payment.job_names import SHORTAGES
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.receipts import repository as receipts
from services.payment.receipts.receipt import StoredReceipt
from services.payment.shortages import repository
from services.payment.shortages.coverage import in_order, pieces
from services.payment.statements import repository as statements
from services.payment.statements.deposits import repository as deposits
from services.payment.statements.deposits.repository import DepositLine
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.service import Job, ServiceContext

OVERPAID = "SHORTAGE_OVERPAID"
TOO_EARLY = "BEFORE_THE_SHORTAGE"
log = structlog.get_logger(__name__)


async def step(context: ServiceContext[object]) -> int:
    """Take what the bank booked for one short part; returns how many there were."""
    async with context.database.transaction(context.settings.region) as session:
        part_id = await repository.lock_payable(session)
        part = await batches.lock_cash(session, part_id) if part_id else None
        if part is None:
            return 0
        await pay(session, part)
        return 1


async def pay(session: AsyncSession, part: CashBatch) -> None:
    """Let the lines of the bank pay what is missing, in the order of their days; all there, the part goes on."""
    since = await repository.short_since(session, part.id)
    standing = await batches.standing_parts(session, part)
    waiting = await receipts.lock_of_batches(session, [part.id])
    owed = in_order(waiting, {receipt for receipt in waiting if receipt.state == "RECALLED"})
    counted_fen = part.counted_fen or 0
    last: DepositLine | None = None
    for line in await deposits.lock_free_deposits(session, await cash.slips_of_parts(session, standing)):
        because = _unfit(line, part.declared_fen - counted_fen, before=since is not None and line.booked_on < since)
        if because is not None:
            log.warning("a deposit does not fit what its collector owes", line=str(line.id), because=because)
            await statements.let_wait(session, line.id, because)
            continue
        await _pay(session, part, owed, counted_fen, line)
        counted_fen += line.amount_fen
        last = line
    if last is not None and counted_fen == part.declared_fen:
        await _complete(session, part, owed, last)
    else:
        await batches.set_counted(session, part.id, counted_fen)


def _unfit(line: DepositLine, open_fen: int, *, before: bool) -> str | None:
    if before:
        return TOO_EARLY
    return OVERPAID if line.amount_fen > open_fen else None


async def _pay(
    session: AsyncSession, part: CashBatch, owed: Sequence[StoredReceipt], counted_fen: int, line: DepositLine
) -> None:
    matching = Matching(part, line, line.booked_on)
    for some in chunks(pieces(owed, counted_fen, line.amount_fen)):
        await post(
            session,
            [
                postings.shortage_paid(
                    receipt.dimensions, fen, matching.context(receipt, key=paid_key(receipt, part, line))
                )
                for receipt, fen in some
            ],
        )
    await statements.explain(session, line.id, part.id)


def paid_key(receipt: StoredReceipt, part: CashBatch, line: DepositLine) -> str:
    """A line pays so much of a receipt once in each part that the receipt waits in."""
    return f"{receipt.id}:{part.id}:{line.id}"


async def _complete(session: AsyncSession, part: CashBatch, owed: Sequence[StoredReceipt], last: DepositLine) -> None:
    """All of it is there: the part goes on to the treasury like any other."""
    day = await statements.last_booked(session, part.id) or last.booked_on
    await receipts.mark_deposited(session, [receipt.id for receipt in owed], day)
    paying = [receipt for receipt in owed if receipt.state == "WRITTEN_OFF"]
    await batch_lines.add_lines(session, [line_of(part, receipt) for receipt in paying])
    move = Transition(
        BatchStep.MATCH,
        BatchState.SHORT,
        ready(len(paying)),
        new_id(),
        Trace(last.actor, part.correlation_id, last.id),
        effective_on=day,
        facts={
            "counted_fen": part.declared_fen,
            "amount_fen": sum(receipt.amount_fen for receipt in paying),
            "line_count": len(paying),
        },
    )
    if await batches.take_step(session, part.id, move) is None:
        raise RuntimeError(f"batch {part.id} left SHORT while it was locked")


JOBS = (Job(SHORTAGES, step),)
