"""A payout of the channel's bill and the bank's line for it: equal to the fen, each movement then goes on alone.

What agrees is settled and on its way. What only the channel has, or has otherwise, is recorded as a difference and goes
on in a further part of the day once it is resolved. A bank line that equals no payout holds itself and nothing else.
"""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bank import counted_lines
from services.payment.bank.counted_lines import Counted
from services.payment.batches import repository as batches
from services.payment.batches.discrepancies import Difference, DifferenceKind
from services.payment.batches.models import OnlineBatch
from services.payment.batches.parts import repository as parts
from services.payment.batches.repository import Transition
from services.payment.batches.settlement_reference import parse_settlement
from services.payment.batches.state import BatchState, BatchStep, HoldStage, ready
from services.payment.differences import repository as differences
from services.payment.payments.counted import repository as counted_money
from services.payment.payments.counted.repository import CountedFigures
from services.payment.payouts import payout_portions, repository
from services.payment.payouts.models import Payout
from services.payment.payouts.payout_portions import PORTION
from services.payment.statements import repository as statements
from services.payment.statements.settlements import repository as settlements
from services.payment.statements.settlements.repository import SettlementLine
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.domain.ids import new_id

AWAITS_BILL = "AWAITS_BILL"


class _NothingCounted(Exception):
    """There is nothing for a further part: it is not begun."""


async def meet_line(
    session: AsyncSession, region: str, line: SettlementLine, today: date, portion: int = PORTION
) -> None:
    """Meet a line of the bank with its payout; it waits for the bills, and where no payout equals it is held."""
    settlement = parse_settlement(line.reference)
    key = (settlement.channel, settlement.merchant_id, settlement.day)
    payout = await repository.lock_awaited(session, *key, line.amount_fen)
    if payout is not None:
        part = await parts.begin_part(session, settlement, region, line.trace, by_bill=True, payout_id=payout.id)
        await statements.explain(session, line.id, part.id)
        await parts.add_settled(session, part.id, line.amount_fen)
        await payout_portions.begin(session, await _locked(session, part.id), payout, line, today, portion)
    elif not await repository.is_worked(session, settlement.channel, settlement.merchant_id, _next(settlement.day)):
        await statements.let_wait(session, line.id, AWAITS_BILL)
    else:
        part = await parts.lock_waiting_part(session, settlement, region, line.trace, by_bill=True)
        await statements.explain(session, line.id, part.id)
        await parts.add_settled(session, part.id, line.amount_fen)
        await compare(session, await _locked(session, part.id), today, portion)


async def compare_held(
    session: AsyncSession, channel: str, merchant_id: str, today: date, portion: int = PORTION
) -> None:
    """Compare a merchant's held money of the bank with the payouts that are known now."""
    for batch_id in await parts.held_by_bill(session, channel, merchant_id):
        batch = await batches.lock_online(session, batch_id)
        if batch is not None and batch.waits_for_money:
            await compare(session, batch, today, portion)


async def compare(session: AsyncSession, batch: OnlineBatch, today: date, portion: int = PORTION) -> None:
    """Compare a part that holds money of the bank with the payout of that sum: met, or held with the difference.

    It is met by the part's last line that stands: where every line was reversed, not even a payout of nothing is.
    """
    key = (batch.channel, batch.merchant_id, batch.settlement_day)
    line = await settlements.last_settlement_of(session, batch.id)
    payout = await repository.lock_awaited(session, *key, batch.declared_fen) if line.stands else None
    if payout is not None:
        await parts.give_payout(session, batch.id, payout.id)
        await payout_portions.begin(session, batch, payout, line, today, portion)
    elif batch.declared_fen == 0:
        await payout_portions.match(session, batch, line, BatchState.CLOSED_EMPTY, CountedFigures(0, 0, 0, 0))
    else:
        await _hold(session, batch, line, await repository.awaited_fen(session, *key))


async def resolve(session: AsyncSession, region: str, payout_id: UUID, today: date) -> int:
    """Let what a payout lacked, and is there now, go on in a further part of its day; returns how many parts."""
    payout = await repository.lock(session, payout_id)
    first = await batches.lock_online(session, payout.batch_id) if payout and payout.batch_id else None
    if payout is None or first is None:
        return 0
    line = await settlements.last_settlement_of(session, first.id)
    await payout_portions.take_unasked(session, payout)
    begun = 1
    try:
        async with session.begin_nested():
            part = await parts.begin_part(
                session, first.settlement, region, line.trace, by_bill=True, payout_id=payout.id
            )
            await _go_on(session, part, payout, line)
    except _NothingCounted:
        begun = 0
    await differences.note_tried(session, payout.id)
    await differences.close_counted(session, payout.channel, payout.merchant_id, today)
    return begun


async def take_back(session: AsyncSession, payout_id: UUID, approval: Approval, day: date) -> None:
    """Take back every part of a payout whose line of the bank was reversed; it waits for the right one."""
    for batch_id in await parts.of_payout(session, payout_id):
        batch = await _locked(session, batch_id)
        counted = Counted(batch, await batches.matched_on(session, batch.id), approval.id)
        await counted_lines.take_back(session, counted)
        await counted_lines.end_reversed(session, batch, approval.trace, day, approval.reason)
        await statements.free(session, batch.id)
    await repository.await_again(session, payout_id)


async def _go_on(session: AsyncSession, batch: OnlineBatch, payout: Payout, line: SettlementLine) -> None:
    """Count what agrees; raises where there is nothing to count or deduct."""
    given_back = await payout_portions.deduct(session, batch.id, payout)
    returned = [refund.payment_line_id for refund in given_back if refund.whole]
    figures = await counted_money.count_covered(session, payout.covered, batch.id, returned, line.booked_on)
    if not figures.lines and not given_back:
        raise _NothingCounted
    await counted_lines.book(session, Counted(batch, line.booked_on, line.id))
    await payout_portions.match(session, batch, line, ready(figures.premium_lines), figures)


async def _hold(session: AsyncSession, batch: OnlineBatch, line: SettlementLine, awaited_fen: int) -> None:
    kind = DifferenceKind.SETTLEMENT_SHORT if batch.declared_fen < awaited_fen else DifferenceKind.SETTLEMENT_OVER
    reference = str(batch.settlement)
    differs = Difference(kind, ours_fen=awaited_fen, theirs_fen=batch.declared_fen, reference=reference)
    facts = {"counted_fen": awaited_fen}
    if batch.state is BatchState.HELD:
        if batch.counted_fen == awaited_fen and batch.differences == [differs.as_json()]:
            return
        facts["version"] = batch.version + 1
    move = Transition(
        BatchStep.MATCH,
        batch.state,
        BatchState.HELD,
        new_id(),
        Trace(line.actor, batch.correlation_id, line.id),
        effective_on=line.booked_on,
        held_at=HoldStage.MATCH,
        differences=[differs.as_json()],
        facts=facts,
        note={"settled_fen": batch.declared_fen, "owed_fen": awaited_fen},
    )
    await payout_portions.take_step(session, batch, move)


async def _locked(session: AsyncSession, batch_id: UUID) -> OnlineBatch:
    batch = await batches.lock_online(session, batch_id)
    if batch is None:
        raise RuntimeError(f"batch {batch_id} is not in the installation's region")
    return batch


def _next(day: date) -> date:
    return day + timedelta(days=1)
