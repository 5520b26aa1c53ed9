"""A payment of what a channel gave back unasked makes it good: to the fen, by the same enrolment, in the same commit.

It pays no bill, since that is paid. The premium is brought to the treasury once: where the first payment is not on its
way, and was given back as a whole, the new one goes in its place.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.differences import repository as differences
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext, Transfer
from services.payment.payments import repository as payments
from services.payment.refunds.recovery import repository
from services.payment.refunds.recovery.repository import MissingRefund
from services.payment.suspense import repository as suspense
from services.payment.suspense.reasons import SuspenseReason
from services.payment.suspense.state import Suspended, SuspenseState


async def recover(session: AsyncSession, items: Sequence[Suspended]) -> set[UUID]:
    """Let suspended money make good what was given back; returns the items that did, the others stay as they are."""
    paying = [(item, whose) for item in items if (whose := _payer(item)) is not None]
    if not paying:
        return set()
    missing: dict[UUID, list[MissingRefund]] = defaultdict(list)
    for refund in await repository.lock_missing(session, [whose for _, whose in paying]):
        missing[refund.enrolment_id].append(refund)
    recovered: set[UUID] = set()
    for item, whose in paying:
        if sum(refund.amount_fen for refund in missing[whose]) == item.amount_fen:
            await _make_good(session, item, missing.pop(whose))
            recovered.add(item.id)
    return recovered


def _payer(item: Suspended) -> UUID | None:
    """Whose bill it would have paid, had that not been paid; None where the money may be another one's."""
    is_held = item.state is SuspenseState.HELD and item.reason is SuspenseReason.BILL_ALREADY_PAID
    return item.dimensions.enrolment_id if is_held else None


async def _make_good(session: AsyncSession, item: Suspended, refunds: Sequence[MissingRefund]) -> None:
    day, ids = item.notice.paid_on, [refund.id for refund in refunds]
    await suspense.transition(session, [item.id], SuspenseState.RECOVERED, from_state=SuspenseState.HELD)
    await repository.recover(session, ids, item.id)
    await differences.close_recovered(session, ids, day)
    leaving = [refund.line_id for refund in refunds if refund.leaves]
    if leaving and item.payment_line_id is not None:
        await payments.put_in_place(session, leaving, item.payment_line_id)
    await post(session, [_recovered(item, refund) for refund in refunds])


def _recovered(item: Suspended, refund: MissingRefund) -> Transfer:
    trace = replace(item.trace, causation_id=item.notice.id)
    context = PostingContext(str(refund.id), item.notice.paid_on, item.notice.id, trace)
    return postings.refund_recovered(refund.dimensions, refund.amount_fen, context)
