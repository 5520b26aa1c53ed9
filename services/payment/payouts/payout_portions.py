"""A payout that the bank has shown is settled some movements at a time, each portion in a transaction of its own.

What was counted, what was booked and what is on its way agree at every commit. A process that dies leaves the place to
go on from. The batch is matched with the last movement: nothing rests on it before.
"""

from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bank import counted_lines
from services.payment.bank.counted_lines import Counted
from services.payment.batches import repository as batches
from services.payment.batches.models import OnlineBatch
from services.payment.batches.parts import repository as parts
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep, ready
from services.payment.differences import repository as differences
from services.payment.differences.entries import repository as entries
from services.payment.payments.counted import repository as counted_money
from services.payment.payments.counted.repository import CountedFigures
from services.payment.payouts.models import Payout
from services.payment.payouts.portions import repository as portions
from services.payment.payouts.resolution import repository as resolution
from services.payment.refunds.deductions import repository as deductions
from services.payment.refunds.deductions.repository import DeductedRefund
from services.payment.refunds.unasked import repository as unasked_rows
from services.payment.refunds.unasked import service as unasked
from services.payment.refunds.unasked.service import ReportedRefund
from services.payment.statements.settlements import repository as settlements
from services.payment.statements.settlements.repository import SettlementLine
from shared.contracts.event import Trace
from shared.domain.clock import business_date_of
from shared.domain.ids import new_id
from shared.messaging.outbox.publication import collected

PORTION: Final = 2_000  # movements in one transaction


async def begin(
    session: AsyncSession, batch: OnlineBatch, payout: Payout, line: SettlementLine, today: date, portion: int
) -> None:
    """Deduct what the channel gave back, which says what is settled, and settle the first portion."""
    await take_unasked(session, payout)
    await deduct(session, batch.id, payout)
    await portions.begin_settling(session, payout, batch.id)
    await _portion(session, batch, replace(payout, batch_id=batch.id), line, today, portion)


async def go_on(session: AsyncSession, today: date, portion: int) -> int:
    """Settle the next portion of the oldest payout that is not settled to its end; how many payouts."""
    payout = await portions.lock_settling(session)
    batch = await batches.lock_online(session, payout.batch_id) if payout and payout.batch_id else None
    if payout is None or batch is None:
        return 0
    line = await settlements.last_settlement_of(session, batch.id)
    await _portion(session, batch, payout, line, today, portion)
    return 1


async def deduct(session: AsyncSession, batch_id: UUID, payout: Payout) -> list[DeductedRefund]:
    """Let a batch bear what the channel gave back, asked or not."""
    asked = await deductions.deduct_covered(session, payout.covered, batch_id)
    return asked + await unasked_rows.deduct_covered(session, payout.covered, batch_id)


async def match(
    session: AsyncSession, batch: OnlineBatch, line: SettlementLine, target: BatchState, figures: CountedFigures
) -> None:
    """Move a batch on whose money is explained."""
    facts = {
        "counted_fen": batch.declared_fen,
        "amount_fen": figures.premium_fen,
        "line_count": figures.premium_lines,
    }
    if batch.state is BatchState.HELD:
        facts["version"] = batch.version + 1
    move = Transition(
        BatchStep.MATCH,
        batch.state,
        target,
        new_id(),
        Trace(line.actor, batch.correlation_id, line.id),
        effective_on=line.booked_on,
        facts=facts,
        note={"settled_fen": batch.declared_fen, "counted_fen": figures.fen, "lines": figures.lines},
    )
    await take_step(session, batch, move)


async def take_step(session: AsyncSession, batch: OnlineBatch, move: Transition) -> None:
    """Take a step with a locked batch."""
    if await batches.take_step(session, batch.id, move) is None:
        raise RuntimeError(f"batch {batch.id} moved while it was locked")


async def _portion(
    session: AsyncSession, batch: OnlineBatch, payout: Payout, line: SettlementLine, today: date, portion: int
) -> None:
    left = payout.left
    end = await portions.portion_end(session, left, portion)
    is_last = end is None or end.movements < portion
    if end is not None and not is_last:
        left = replace(left, until_day=end.day, until_line=end.line)
    counted = Counted(batch, line.booked_on, line.id)
    lines = await counted_money.count_portion(session, left, batch.id, line.booked_on, portion=portion)
    await counted_lines.book_lines(session, counted, lines)
    premiums = [each.amount_fen for each in lines if each.is_premium]
    await parts.add_premiums(session, batch.id, sum(premiums), len(premiums))
    if not is_last:
        await portions.settled_to(session, payout.id, left.until_day, left.until_line)
        return
    await counted_lines.book_deductions(session, counted)
    figures = await counted_money.figures_of(session, batch.id)
    await match(session, batch, line, ready(figures.premium_lines), figures)
    await portions.meet(session, payout.id, batch.id)
    await entries.record_uncounted(session, payout.id, payout.covered, today, payout.region, line.trace)
    await differences.close_counted(session, payout.channel, payout.merchant_id, today)


async def take_unasked(session: AsyncSession, payout: Payout) -> None:
    """Take what a payout's bill says was given back, and nobody here knows of."""
    async with collected(session):
        for each in await resolution.unexplained_refunds(session, payout.covered):
            reported = ReportedRefund(
                channel=payout.channel,
                merchant_id=payout.merchant_id,
                channel_refund_id=each.channel_refund_id,
                refund_no=each.refund_no,
                transaction_id=each.transaction_id,
                amount_fen=each.amount_fen,
                refunded_on=business_date_of(each.happened_at),
                caused_by=each.bill_id,
                trace=Trace(f"channel:{payout.channel}", payout.correlation_id, each.bill_id),
            )
            await unasked.take(session, reported)
