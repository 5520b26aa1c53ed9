"""Suspending money that only a channel's bill names: no notice and no answer of the channel brought its payment."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.differences.repository import SettlementDifference
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import Dimensions, PostingContext
from services.payment.payments import repository as payments
from services.payment.payments.repository import BilledPayment
from services.payment.suspense import repository as suspense
from services.payment.suspense.reasons import SuspenseReason
from shared.contracts.event import Trace
from shared.contracts.payment import PaymentSuspended
from shared.domain.clock import business_date_of
from shared.domain.ids import new_id
from shared.messaging.outbox.publication import publish


async def suspend_billed(session: AsyncSession, difference: SettlementDifference) -> bool:
    """Book a payment by the bill's word and suspend it; False where it was booked otherwise by now."""
    if difference.bill_id is None or difference.line_no is None or difference.transaction_id is None:
        raise RuntimeError(f"difference {difference.id} names no line of a bill")
    payment = _payment(difference)
    if not await payments.insert_billed(session, payment):
        return False
    suspense_id = new_id()
    await suspense.insert_billed(session, suspense_id, payment, SuspenseReason.ORDER_LOST)
    context = PostingContext(
        # As a notice's payment is suspended: one transaction is suspended once.
        key=f"{payment.channel}:{payment.merchant_id}:{payment.transaction_id}:None",
        effective_on=payment.paid_on,
        caused_by=payment.bill_id,
        trace=payment.trace,
    )
    dimensions = Dimensions(payment.region)
    await post(session, [postings.suspended(dimensions, payment.amount_fen, context, channel=payment.channel)])
    announced = PaymentSuspended(
        region=payment.region,
        benefit_year=None,
        suspense_id=suspense_id,
        enrolment_id=None,
        amount_fen=payment.amount_fen,
        channel=payment.channel,
        reason=SuspenseReason.ORDER_LOST.value,
    )
    await publish(session, [(announced, payment.trace)])
    return True


def _payment(difference: SettlementDifference) -> BilledPayment:
    if difference.bill_id is None or difference.line_no is None or difference.theirs_fen is None:
        raise RuntimeError(f"difference {difference.id} names no line of a bill")
    transaction = difference.transaction_id or ""
    return BilledPayment(
        id=new_id(),
        line_id=new_id(),
        channel=difference.channel,
        merchant_id=difference.merchant_id,
        transaction_id=transaction,
        order_no=difference.order_no or transaction,
        amount_fen=difference.theirs_fen,
        paid_at=difference.happened_at,
        paid_on=business_date_of(difference.happened_at),
        bill_id=difference.bill_id,
        bill_line=difference.line_no,
        region=difference.region,
        trace=Trace(f"channel:{difference.channel}", difference.correlation_id, difference.bill_id),
    )
