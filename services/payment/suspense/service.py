"""Suspending money that pays no bill."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext, Transfer
from services.payment.suspense import repository
from services.payment.suspense.state import Suspended, SuspendedDirect, SuspenseState
from shared.contracts.payment import PaymentSuspended
from shared.messaging.outbox.publication import publish


async def suspend(session: AsyncSession, items: Sequence[Suspended]) -> None:
    """Suspend parts of payments: recorded, booked, announced.

    What is contested is recorded only, once: no money stands behind it.
    """
    if not items:
        return
    await repository.insert(session, items)
    held = [item for item in items if item.state is SuspenseState.HELD]
    await post(session, [_transfer(item) for item in held])
    await publish(session, [(_announcement(item), item.trace) for item in held])


async def suspend_direct(session: AsyncSession, items: Sequence[SuspendedDirect]) -> None:
    """Suspend money that an institution collected without an order: recorded, booked, announced."""
    if not items:
        return
    await repository.insert_direct(session, items)
    held = [item for item in items if item.state is not SuspenseState.CONTESTED]
    await post(session, [_direct_transfer(item) for item in held])
    await publish(session, [(_direct_announcement(item), item.trace) for item in held])


def _direct_transfer(item: SuspendedDirect) -> Transfer:
    context = PostingContext(
        key=f"{item.channel}:{item.institution}:{item.transaction_id}:{item.dimensions.enrolment_id}",
        effective_on=item.suspended_on,
        caused_by=item.direct_id,
        trace=item.trace,
    )
    return postings.suspended(item.dimensions, item.amount_fen, context, channel=item.channel)


def _direct_announcement(item: SuspendedDirect) -> PaymentSuspended:
    return PaymentSuspended(
        region=item.dimensions.region,
        benefit_year=item.dimensions.benefit_year,
        suspense_id=item.id,
        enrolment_id=item.dimensions.enrolment_id,
        amount_fen=item.amount_fen,
        channel=item.channel,
        reason=item.reason.value,
    )


def _transfer(item: Suspended) -> Transfer:
    notice = item.notice
    context = PostingContext(
        # Independent of other keys, one payment line is suspended once.
        key=f"{notice.channel}:{notice.merchant_id}:{notice.transaction_id}:{item.dimensions.enrolment_id}",
        effective_on=notice.paid_on,
        caused_by=notice.id,
        trace=item.trace,
    )
    return postings.suspended(item.dimensions, item.amount_fen, context, channel=notice.channel)


def _announcement(item: Suspended) -> PaymentSuspended:
    return PaymentSuspended(
        region=item.dimensions.region,
        benefit_year=item.dimensions.benefit_year,
        suspense_id=item.id,
        enrolment_id=item.dimensions.enrolment_id,
        amount_fen=item.amount_fen,
        channel=item.notice.channel,
        reason=item.reason.value,
    )
