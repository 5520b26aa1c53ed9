"""A channel's settlement against what was credited: equal to the fen, or held with the difference.

Settled money is booked per enrolment line (pending ← channel). Money in suspense is settled too, but stays out of the
batch: it is no premium, and a day without any premium ends there. A channel deducts what it gave back on that day, even
where it had settled that money before: then the pending account bears the refund (channel ← pending). A fee is a
difference like any other.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bank import repository
from services.payment.bank.repository import RefundDeduction, UnsettledLine
from services.payment.batches import repository as batches
from services.payment.batches.discrepancies import Difference, DifferenceKind
from services.payment.batches.models import OnlineBatch, RemittanceLine
from services.payment.batches.repository import Transition
from services.payment.batches.settlement_reference import parse_settlement
from services.payment.batches.state import BatchState, BatchStep, HoldStage, ready
from services.payment.chronology import MoneyDay, MoneyPath, contradiction
from services.payment.job_names import SETTLEMENTS
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext
from services.payment.payments import repository as payments
from services.payment.statements import repository as statements
from services.payment.statements.repository import SettlementLine
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.service import Job, ServiceContext

_AT_ONCE = 500
_CLOSED = "SETTLEMENT_ALREADY_MATCHED"
_TOO_EARLY = "SETTLED_BEFORE_PAID"


async def step(context: ServiceContext[object]) -> int:
    """Count one new settlement, or one held batch whose sum has moved; returns how many there were."""
    async with context.database.transaction(context.settings.region) as session:
        line = await statements.lock_next_settlement(session)
        if line is not None:
            await record_settlement(session, context.settings.region, line)
            return 1
        batch_id = await repository.lock_to_recount(session)
        batch = await batches.lock_online(session, batch_id) if batch_id else None
        if batch is None:
            return 0
        await recount(session, batch, await statements.last_settlement_of(session, batch.id))
        return 1


JOBS = (Job(SETTLEMENTS, step, interval_s=2.0),)


async def record_settlement(session: AsyncSession, region: str, line: SettlementLine) -> None:
    """Count a settlement into the batch of its channel, merchant and day; a later part reopens a held batch."""
    settlement = parse_settlement(line.reference)
    if contradiction(MoneyPath.CHANNEL, {MoneyDay.PAID: settlement.day, MoneyDay.SETTLED: line.booked_on}):
        # No channel pays out what nobody has paid: the line waits for its reversal, the day for the right one.
        await statements.mark_unmatched(session, line.id, _TOO_EARLY)
        return
    batch_id = await batches.open_online(session, new_id(), settlement, region, line.trace)
    batch = await batches.lock_online(session, batch_id)
    if batch is None:
        raise RuntimeError(f"batch {batch_id} is not in the installation's region")
    if batch.state is not BatchState.OPEN and batch.held_at is not HoldStage.MATCH:
        await statements.mark_unmatched(session, line.id, _CLOSED)
        return
    await statements.explain(session, line.id, batch_id)
    await batches.add_settled(session, batch_id, line.amount_fen)
    counted = await batches.lock_online(session, batch_id)
    if counted is not None:
        await recount(session, counted, line)


async def recount(session: AsyncSession, batch: OnlineBatch, bank_line: SettlementLine) -> None:
    """Compare what was settled with what is owed: settled line by line and READY_TO_REMIT, or HELD.

    A held batch whose sum has moved is compared again as a new version, without a correction by hand.
    """
    counted = await repository.count_day(session, batch.settlement)
    differences = _differences(batch, counted.owed_fen)
    paid_out = [line for line in counted.taken if not line.refunded]
    if not differences:
        await _settle(session, batch, bank_line, paid_out)
        await _deduct(session, batch, bank_line, [refund for refund in counted.given_back if refund.of_earlier_day])
    premiums = [line for line in paid_out if line.state == "CREDITED"]
    facts: dict[str, int] = {"counted_fen": counted.owed_fen}
    if batch.state is BatchState.HELD:
        facts["version"] = batch.version + 1
    if not differences:
        facts |= {"amount_fen": sum(line.amount_fen for line in premiums), "line_count": len(premiums)}
    move = Transition(
        BatchStep.MATCH,
        batch.state,
        BatchState.HELD if differences else ready(len(premiums)),
        new_id(),
        Trace(bank_line.actor, batch.correlation_id, bank_line.id),
        effective_on=bank_line.booked_on,
        held_at=HoldStage.MATCH if differences else None,
        differences=[difference.as_json() for difference in differences],
        facts=facts,
        note={"settled_fen": batch.declared_fen, "owed_fen": counted.owed_fen, "lines": len(counted.taken)},
    )
    if await batches.take_step(session, batch.id, move) is None:
        raise RuntimeError(f"batch {batch.id} moved while it was locked")


def _differences(batch: OnlineBatch, owed_fen: int) -> list[Difference]:
    if batch.declared_fen == owed_fen:
        return []
    kind = DifferenceKind.SETTLEMENT_SHORT if batch.declared_fen < owed_fen else DifferenceKind.SETTLEMENT_OVER
    return [Difference(kind, ours_fen=owed_fen, theirs_fen=batch.declared_fen, reference=str(batch.settlement))]


async def _settle(
    session: AsyncSession, batch: OnlineBatch, bank_line: SettlementLine, taken: Sequence[UnsettledLine]
) -> None:
    for start in range(0, len(taken), _AT_ONCE):
        some = taken[start : start + _AT_ONCE]
        await post(
            session,
            [
                postings.settled(
                    line.dimensions,
                    line.amount_fen,
                    _context(batch.id, bank_line, line.id, line),
                    channel=batch.channel,
                )
                for line in some
            ],
        )
    await payments.mark_settled(session, [line.id for line in taken], bank_line.booked_on)
    premiums = [_premium(batch.id, line) for line in taken if line.state == "CREDITED"]
    await batches.add_lines(session, premiums)


async def _deduct(
    session: AsyncSession, batch: OnlineBatch, bank_line: SettlementLine, refunds: Sequence[RefundDeduction]
) -> None:
    await post(
        session,
        [
            postings.refund_deducted(
                refund.dimensions,
                refund.amount_fen,
                _context(batch.id, bank_line, refund.refund_id, refund),
                channel=batch.channel,
            )
            for refund in refunds
        ],
    )


def _context(
    batch_id: UUID, bank_line: SettlementLine, key: UUID, money: UnsettledLine | RefundDeduction
) -> PostingContext:
    """The actor that began the money's chain of causes stays; the bank's line continues the chain."""
    return PostingContext(
        key=str(key),
        effective_on=bank_line.booked_on,
        caused_by=bank_line.id,
        trace=Trace(money.actor, money.correlation_id, bank_line.id),
        batch_id=batch_id,
    )


def _premium(batch_id: UUID, line: UnsettledLine) -> RemittanceLine:
    if line.enrolment_id is None or line.person_token is None or line.benefit_year is None:
        raise RuntimeError(f"payment line {line.id} is credited to no enrolment")  # a constraint forbids it
    return RemittanceLine(
        batch_id=batch_id,
        enrolment_id=line.enrolment_id,
        source_id=line.id,
        person_token=line.person_token,
        benefit_year=line.benefit_year,
        region=line.region,
        amount_fen=line.amount_fen,
        place="PENDING",
        receipt_no=None,
        tax_line_no=None,
        actor=line.actor,
        correlation_id=line.correlation_id,
    )
