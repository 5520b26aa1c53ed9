"""Setting money aside, and deciding which of it goes back by itself."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.crediting.decision import Reason
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import Occasion, Transfer
from services.payment.refunds import service as refunds
from services.payment.refunds.state import Request
from services.payment.suspense import repository
from services.payment.suspense.state import Suspended, SuspenseState
from shared.contracts.payment import PaymentSuspended
from shared.messaging.outbox.publication import publish

# Nobody can want this money kept: the bill is settled or gone. A refund is requested at once; an operator approves it.
_GOES_BACK = frozenset(
    {Reason.BILL_ALREADY_PAID, Reason.SECOND_TRANSACTION, Reason.ORDER_CANCELLED, Reason.BILL_SUPERSEDED}
)


async def suspend(session: AsyncSession, items: Sequence[Suspended]) -> None:
    """Set parts of payments aside: recorded, booked, announced; duplicates are put forward for refund.

    What is contested is recorded only, once: no money stands behind it.
    """
    if not items:
        return
    await repository.insert(session, items)
    held = [item for item in items if item.state is SuspenseState.HELD]
    await post(session, [_transfer(item) for item in held])
    await publish(session, [(_announcement(item), item.trace) for item in held])
    back = [item for item in held if item.reason in _GOES_BACK]
    await refunds.request(session, [Request(item.id, item.notice.paid_on, item.trace) for item in back])


def _transfer(item: Suspended) -> Transfer:
    notice = item.notice
    occasion = Occasion(
        # Whatever else goes wrong, one payment line is set aside once.
        key=f"{notice.channel}:{notice.mchid}:{notice.transaction_id}:{item.line.enrolment_id}",
        effective_on=notice.paid_on,
        caused_by=notice.id,
        trace=item.trace,
    )
    return postings.suspended(item.line, item.amount_fen, occasion, channel=notice.channel)


def _announcement(item: Suspended) -> PaymentSuspended:
    return PaymentSuspended(
        region=item.line.region,
        benefit_year=item.line.benefit_year,
        suspense_id=item.id,
        enrolment_id=item.line.enrolment_id,
        amount_fen=item.amount_fen,
        channel=item.notice.channel,
        reason=item.reason.value,
    )
