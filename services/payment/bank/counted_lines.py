"""What a batch counted, in the books and on the way to the treasury, some lines at a time; and the way back of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.batches.lines import repository as batch_lines
from services.payment.batches.models import Batch, OnlineBatch, RemittanceLine
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep, MoneyLocation
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext, Transfer
from services.payment.payments.counted import repository as counted_money
from services.payment.payments.counted.repository import CountedFigures, CountedLine
from services.payment.refunds.deductions import repository as deductions
from services.payment.refunds.deductions.repository import DeductedRefund
from services.payment.refunds.unasked import repository as unasked
from services.payment.statements.settlements.repository import SettlementLine
from shared.contracts.event import Trace
from shared.domain.ids import new_id


class _SumsMoved(Exception):
    """What was counted is no longer what was added up: nothing of it stands."""


async def settle(session: AsyncSession, batch: OnlineBatch, bank_line: SettlementLine) -> CountedFigures | None:
    """Count the lines and refunds of the batch's day; None, with nothing done, where they are not what it declares."""
    try:
        async with session.begin_nested():
            given_back = await deductions.deduct_day(session, batch.settlement, batch.id)
            returned = [refund.payment_line_id for refund in given_back]
            counted = await counted_money.count_day(session, batch.settlement, batch.id, returned, bank_line.booked_on)
            if counted.fen - sum(refund.amount_fen for refund in given_back) != batch.declared_fen:
                raise _SumsMoved
    except _SumsMoved:
        return None
    await book(session, Counted(batch, bank_line.booked_on, bank_line.id))
    return counted


@dataclass(frozen=True, slots=True)
class Counted:
    """A batch that counted its lines, the day on which the bank booked its money, and what caused it."""

    batch: OnlineBatch
    booked_on: date
    caused_by: UUID

    def context(self, money: CountedLine | DeductedRefund) -> PostingContext:
        """The actor that began the money's chain of causes stays; the bank's line continues the chain."""
        return PostingContext(
            key=money.key,
            effective_on=self.booked_on,
            caused_by=self.caused_by,
            trace=Trace(money.actor, money.correlation_id, self.caused_by),
            batch_id=self.batch.id,
        )

    def settled(self, line: CountedLine) -> Transfer:
        """The channel paid the line out."""
        return postings.settled(line.dimensions, line.amount_fen, self.context(line), channel=self.batch.channel)

    def deducted(self, refund: DeductedRefund) -> Transfer:
        """The channel kept back what it had given back."""
        context = self.context(refund)
        return postings.refund_deducted(refund.dimensions, refund.amount_fen, context, channel=self.batch.channel)

    def settled_reversed(self, line: CountedLine) -> Transfer:
        """The channel did not pay the line out after all."""
        context = self.context(line)
        return postings.settled_reversed(line.dimensions, line.amount_fen, context, channel=self.batch.channel)

    def deducted_reversed(self, refund: DeductedRefund) -> Transfer:
        """Nor did it keep anything back."""
        context = self.context(refund)
        return postings.refund_deducted_reversed(
            refund.dimensions, refund.amount_fen, context, channel=self.batch.channel
        )


async def book(session: AsyncSession, counted: Counted) -> None:
    """Book what a batch counted, and put its premiums on their way."""
    async for lines in counted_money.counted_pages(session, counted.batch.id):
        await book_lines(session, counted, lines)
    await book_deductions(session, counted)


async def book_lines(session: AsyncSession, counted: Counted, lines: Sequence[CountedLine]) -> None:
    """Book lines that a batch counted, and put their premiums on their way."""
    for start in range(0, len(lines), batch_lines.LINES_AT_ONCE):
        some = lines[start : start + batch_lines.LINES_AT_ONCE]
        await post(session, [counted.settled(line) for line in some if line.settled_on is not None])
        premiums = [_premium(counted.batch.id, line) for line in some if line.is_premium]
        await batch_lines.add_lines(session, premiums)


async def book_deductions(session: AsyncSession, counted: Counted) -> None:
    """Book what a batch deducted, once all that it counts is counted: of some of it the payment came with it."""
    for pages in (deductions.deducted_pages, unasked.deducted_pages):
        async for given_back in pages(session, counted.batch.id):
            await post(session, [counted.deducted(refund) for refund in _of_settled_money(given_back)])


async def take_back(session: AsyncSession, counted: Counted) -> None:
    """Book the reverse of all that the batch counted, dated as it was, and free its lines for another part.

    So the books of no day show money in the pending account that the bank did not have.
    """
    async for lines in counted_money.counted_pages(session, counted.batch.id):
        await post(session, [counted.settled_reversed(line) for line in lines if line.settled_on is not None])
    for pages in (deductions.deducted_pages, unasked.deducted_pages):
        async for given_back in pages(session, counted.batch.id):
            await post(session, [counted.deducted_reversed(refund) for refund in _of_settled_money(given_back)])
    for release in (counted_money.release, deductions.release, unasked.release):
        await release(session, counted.batch.id)


async def end_reversed(session: AsyncSession, batch: Batch, trace: Trace, day: date | None, reason: str) -> None:
    """End a batch whose line of the bank was reversed: its lines go on in another one."""
    last: UUID | None = None
    while lines := await batch_lines.lines_of(session, batch.id, after=last, limit=batch_lines.LINES_AT_ONCE):
        await batch_lines.move_lines(session, lines, MoneyLocation.WITHDRAWN)
        last = lines[-1].enrolment_id
    move = Transition(
        BatchStep.REVERSE,
        batch.state,
        BatchState.REVERSED,
        new_id(),
        trace,
        effective_on=day,
        note={"reason": reason},
    )
    if await batches.take_step(session, batch.id, move) is None:
        raise RuntimeError(f"batch {batch.id} moved while it was locked")


def _of_settled_money(given_back: Sequence[DeductedRefund]) -> list[DeductedRefund]:
    return [refund for refund in given_back if not refund.with_its_payment]


def _premium(batch_id: UUID, line: CountedLine) -> RemittanceLine:
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
