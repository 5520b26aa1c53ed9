"""A refund that nobody asked for is a fact: suspended money is refunded by it, credited money is missing from now on.

Of a credited contribution the enrolment stays PAID: who got the money back is asked to pay again, or the enrolment is
ended. Until then ``refunded_unasked`` says what is to be recovered or explained.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.chronology import MoneyDay, MoneyPath, contradiction
from services.payment.differences.entries import repository as entries
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext
from services.payment.refunds.state import RefundState
from services.payment.refunds.unasked import repository
from services.payment.refunds.unasked.repository import RefundableLine, UnaskedRefund
from services.payment.suspense import repository as suspense
from services.payment.suspense.state import SuspenseState
from shared.contracts.event import Trace
from shared.contracts.payment import RefundPaid
from shared.domain.ids import new_id
from shared.messaging.outbox.publication import publish


@dataclass(frozen=True, slots=True)
class ReportedRefund:
    """What a channel's notice, or its bill, says of a refund that we never asked for."""

    channel: str
    merchant_id: str
    channel_refund_id: str
    refund_no: str | None
    transaction_id: str
    amount_fen: int
    refunded_on: date
    caused_by: UUID
    trace: Trace


async def take(session: AsyncSession, reported: ReportedRefund) -> bool:
    """Record a refund as a fact, once; False where it does not fit its payment's day or rest: a person looks."""
    # Its notice and the bill may bring it at once: whether it is known is asked under the payment's lines.
    lines = await repository.lock_lines(session, reported.channel, reported.merchant_id, reported.transaction_id)
    if await repository.is_known(
        session, reported.channel, reported.merchant_id, reported.channel_refund_id, reported.refund_no
    ):
        return True
    if any(_before_paid(line, reported) for line in lines):
        return False
    shares = _shares(lines, reported.amount_fen)
    if shares is None:
        return False
    taken = [(line, _refund(line, fen, reported)) for line, fen in shares]
    missing = [refund for line, refund in taken if line.counts]
    await repository.insert(session, missing)
    await entries.record_unasked(session, [refund.id for refund in missing])
    for line, refund in taken:
        if line.counts:
            context = PostingContext(str(refund.id), reported.refunded_on, reported.caused_by, reported.trace)
            posting = postings.refunded_unasked(line.dimensions, refund.amount_fen, context, channel=reported.channel)
            await post(session, [posting])
        else:
            await _adopt(session, line, refund, reported)
    return True


def _shares(lines: list[RefundableLine], amount_fen: int) -> list[tuple[RefundableLine, int]] | None:
    """Which parts went back: the one of that amount, else as many as make it up; None where none do."""
    free = [line for line in lines if _is_free(line)]
    alone = next((line for line in free if line.amount_fen - line.returned_fen == amount_fen), None)
    if alone is not None:
        return [(alone, amount_fen)]
    shares: list[tuple[RefundableLine, int]] = []
    for line in free:
        left = line.amount_fen - line.returned_fen
        # Suspended money goes back as a whole: a part of it would leave an item of no size.
        fen = min(left, amount_fen) if line.counts or left <= amount_fen else 0
        if fen > 0:
            shares.append((line, fen))
            amount_fen -= fen
    suspended = [line for line, _ in shares if not line.counts]
    # An adopted refund has the console's number, which names one: of several people's suspended money a person decides.
    return shares if shares and amount_fen == 0 and len(suspended) <= 1 else None


def _before_paid(line: RefundableLine, reported: ReportedRefund) -> bool:
    days = {MoneyDay.PAID: line.paid_on, MoneyDay.REFUNDED: reported.refunded_on}
    return contradiction(MoneyPath.REFUND, days) is not None


def _is_free(line: RefundableLine) -> bool:
    if line.counts:
        return line.returned_fen < line.amount_fen
    # A refund of ours that is on its way may arrive: both would be money twice, and a person looks.
    return line.suspense_state == SuspenseState.HELD and line.refund_state in (
        None,
        RefundState.REQUESTED,
        RefundState.WITHDRAWN,
    )


def _refund(line: RefundableLine, fen: int, reported: ReportedRefund) -> UnaskedRefund:
    return UnaskedRefund(
        id=new_id(),
        channel=reported.channel,
        merchant_id=reported.merchant_id,
        channel_refund_id=reported.channel_refund_id,
        refund_no=reported.refund_no,
        payment_line_id=line.id,
        dimensions=line.dimensions,
        amount_fen=fen,
        refunded_on=reported.refunded_on,
        caused_by=reported.caused_by,
        trace=reported.trace,
    )


async def _adopt(session: AsyncSession, line: RefundableLine, refund: UnaskedRefund, reported: ReportedRefund) -> None:
    if line.suspense_id is None or line.reason is None:
        raise RuntimeError(f"payment line {line.id} is suspended without an item")
    number = reported.refund_no or reported.channel_refund_id
    refund_id = await repository.adopt(session, refund, line.suspense_id, number)
    await suspense.transition(session, [line.suspense_id], SuspenseState.REFUNDED, from_state=SuspenseState.HELD)
    trace = Trace(line.actor, line.correlation_id, reported.caused_by)
    decided = PostingContext(str(refund_id), reported.refunded_on, refund_id, trace)
    given_back = PostingContext(str(refund_id), reported.refunded_on, reported.caused_by, trace)
    await post(
        session,
        [
            postings.suspense_refund_decided(line.dimensions, refund.amount_fen, decided),
            postings.refunded(line.dimensions, refund.amount_fen, given_back, channel=reported.channel),
        ],
    )
    paid = RefundPaid(
        region=line.region,
        benefit_year=line.benefit_year,
        refund_id=refund_id,
        enrolment_id=line.enrolment_id,
        amount_fen=refund.amount_fen,
        reason=line.reason,
        refunded_on=reported.refunded_on,
    )
    await publish(session, [(paid, trace)])
