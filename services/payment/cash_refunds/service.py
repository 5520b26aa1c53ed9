"""Giving cash back: the refund office releases it, the village fetches it and has the person sign.

The office that collects cannot release, and the office that releases never touches the cash.
"""

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.cash_refunds import repository
from services.payment.cash_refunds.state import CashRefund, CashRefundState, RecordedStep, Signature, fresh
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import Dimensions, PostingContext, Transfer
from shared.contracts.payment import CashReturned
from shared.domain.document_number import canonical_number
from shared.errors import NotFound
from shared.messaging.outbox.publication import publish


async def approve(session: AsyncSession, village: str, numbers: Sequence[str], day: date, who: str) -> None:
    """Release the cash of recalled receipts; it posts nothing: the money is owed since the import failed.

    Raises NotFound or CollectorMayNotRelease; then none is released.
    """
    await _take(session, village, numbers, RecordedStep(CashRefundState.APPROVED, day, who))


async def fetch(session: AsyncSession, village: str, numbers: Sequence[str], day: date, who: str) -> None:
    """The village fetched released cash from the pending account: village_cash ← pending.

    Raises NotFound, CashStepNotPossible, CashNotInAccount, DateBeforeStep or RecordedOtherwise; then none is recorded.
    """
    step = RecordedStep(CashRefundState.FETCHED, day, who)
    await _post(session, await _take(session, village, numbers, step), day, postings.refund_cash_fetched)


async def hand_back(
    session: AsyncSession, village: str, number: str, day: date, *, signed_by: Signature, who: str
) -> None:
    """A person signed for the cash, which is announced: refund_payable ← village_cash.

    Raises NotFound, CashStepNotPossible, DateBeforeStep or RecordedOtherwise.
    """
    returned = await _take(session, village, [number], RecordedStep(CashRefundState.RETURNED, day, who, signed_by))
    await _post(session, returned, day, postings.refund_cash_signed_for)
    await publish(session, [(_announcement(refund, day), refund.trace) for refund in returned])


async def _take(session: AsyncSession, village: str, numbers: Sequence[str], step: RecordedStep) -> list[CashRefund]:
    """Record a step of all these receipts or of none; returns those that it is new to."""
    found = await repository.lock(session, village, numbers)
    missing = set(numbers) - {canonical_number(refund.receipt_no) for refund in found}
    if missing:
        raise NotFound(f"收据 receipt {min(missing)}")
    taking = fresh(found, step)
    if taking:
        await repository.take(session, [refund.receipt_id for refund in taking], step)
    return taking


async def _post(
    session: AsyncSession,
    refunds: Sequence[CashRefund],
    day: date,
    posting: Callable[[Dimensions, int, PostingContext], Transfer],
) -> None:
    await post(session, [posting(refund.dimensions, refund.amount_fen, refund.context(day)) for refund in refunds])


def _announcement(refund: CashRefund, day: date) -> CashReturned:
    if refund.dimensions.enrolment_id is None:
        raise ValueError(f"receipt {refund.receipt_no} has no enrolment")
    return CashReturned(
        region=refund.dimensions.region,
        benefit_year=refund.dimensions.benefit_year,
        enrolment_id=refund.dimensions.enrolment_id,
        receipt_id=refund.receipt_id,
        amount_fen=refund.amount_fen,
        reason=refund.reason,
        returned_on=day,
    )
