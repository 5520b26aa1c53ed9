"""Crediting a batch of payment notices: lock, decide, record, announce. The caller commits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import service as bills
from services.payment.bills.service import BillPayment
from services.payment.bills.state import BillState
from services.payment.crediting.decision import (
    Credit,
    LineCredit,
    contested,
    decide_credit,
    in_order_of_arrival,
    whose,
)
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext, Transfer
from services.payment.notices import repository as notice_rows
from services.payment.notices.notice import PaymentNotice
from services.payment.orders import repository as orders
from services.payment.orders.state import Order, OrderState
from services.payment.payments import repository as payments
from services.payment.payments.repository import NewPayment, NewPaymentLine, TransactionKey
from services.payment.refunds import service as refunds
from services.payment.refunds.recovery.service import recover
from services.payment.refunds.state import NewRefund
from services.payment.suspense.reasons import AUTO_REFUND_REASONS, SuspenseReason
from services.payment.suspense.service import suspend
from services.payment.suspense.state import Suspended, SuspenseState
from shared.contracts.event import Trace
from shared.domain.ids import new_id

Outcome = tuple[str, str | None]

_UNPAID = (OrderState.CREATED, OrderState.AWAITING, OrderState.UNKNOWN, OrderState.EXPIRED)


async def credit(session: AsyncSession, notices: Sequence[PaymentNotice]) -> dict[UUID, Outcome]:
    """Credit payments of our money; returns per notice what became of it, and why where it was not credited.

    Orders are locked before bills, each sorted. A transaction is booked once, however many notices report it.
    """
    if not notices:
        return {}
    notices = in_order_of_arrival(notices)
    known = await orders.lock(session, [notice.order_no for notice in notices])
    booked = await payments.insert(session, [_payment(one, known.get(one.order_no)) for one in notices])
    fresh = [notice for notice in notices if notice.id in booked]
    again = [notice for notice in notices if notice.id not in booked]
    decided = await _decide(session, fresh, known)
    await _record(session, decided, booked)
    outcomes = {one.notice.id: _outcome(one) for one in decided}
    return outcomes | await _repeated(session, again, known)


async def _decide(session: AsyncSession, notices: Sequence[PaymentNotice], known: dict[str, Order]) -> list[Credit]:
    """Decide one after the other, so that within a batch, too, the first payment of a bill wins."""
    concerned = {known[notice.order_no].id: known[notice.order_no] for notice in notices if notice.order_no in known}
    people = {line.dimensions.enrolment_id for order in concerned.values() for line in order.lines}
    standing = await bills.lock_live(session, [one for one in people if one is not None])
    credited = []
    for notice in notices:
        decided = decide_credit(notice, known.get(notice.order_no), standing)
        credited.append(decided)
        for line in decided.lines:
            if line.bill is not None:
                standing[line.bill.enrolment_id] = replace(line.bill, state=BillState.PAID)
        if decided.settles_order and decided.order is not None:
            known[notice.order_no] = replace(decided.order, state=OrderState.CONFIRMED)
    return credited


async def _record(session: AsyncSession, decided: Sequence[Credit], booked: Mapping[UUID, UUID]) -> None:
    if not decided:
        return
    settled = [one.order.id for one in decided if one.order is not None and one.settles_order]
    if settled:
        await orders.transition(session, settled, OrderState.CONFIRMED, from_states=_UNPAID)
    parts = [(one, part, new_id()) for one in decided for part in one.lines]
    await payments.insert_lines(
        session, [_payment_line(one, part, line_id, booked[one.notice.id]) for one, part, line_id in parts]
    )
    paid = [(one, part, line_id) for one, part, line_id in parts if part.reason is None]
    await post(session, [_premium(one, part) for one, part, _ in paid])
    await bills.pay(session, [payment for paying in paid for payment in _bill_payment(*paying)])
    await _suspend(session, [item for suspended in parts for item in _suspended(*suspended)])
    await notice_rows.unpark(session, [one.notice.transaction_id for one in decided])


async def _suspend(session: AsyncSession, items: Sequence[Suspended]) -> None:
    """Suspend money; what makes nothing good and has no other use is put forward for refund at once."""
    await suspend(session, items)
    recovered = await recover(session, items)
    unusable = [item for item in items if item.state is SuspenseState.HELD and item.reason in AUTO_REFUND_REASONS]
    unusable = [item for item in unusable if item.id not in recovered]
    await refunds.request(session, [NewRefund(item.id, item.notice.paid_on, item.trace) for item in unusable])


async def _repeated(
    session: AsyncSession, notices: Sequence[PaymentNotice], known: Mapping[str, Order]
) -> dict[UUID, Outcome]:
    """Notices of transactions booked before: the same word again, or a contradiction that holds no further money."""
    if not notices:
        return {}
    first = await payments.booked(session, notices)
    outcomes: dict[UUID, Outcome] = {}
    claims: list[Suspended] = []
    for notice in notices:
        before = first[TransactionKey(notice.channel, notice.merchant_id, notice.transaction_id)]
        if (notice.order_no, notice.amount_fen) == (before.order_no, before.amount_fen):
            outcomes[notice.id] = ("REPEATED", None)
            continue
        reason = contested(notice, before.order_no)
        outcomes[notice.id] = ("SUSPENDED", reason.value)
        claims.append(_contested(notice, known.get(notice.order_no), reason))
    await suspend(session, claims)
    return outcomes


def _outcome(decided: Credit) -> Outcome:
    return ("CREDITED", None) if decided.reason is None else ("SUSPENDED", decided.reason.value)


def _trace(notice: PaymentNotice, order: Order | None) -> Trace:
    """Who asked for the order stays the actor of all that follows; the notice is the cause."""
    origin = order.trace if order is not None else notice.trace
    return replace(origin, causation_id=notice.id)


def _payment(notice: PaymentNotice, order: Order | None) -> NewPayment:
    region = order.region if order is not None else notice.region
    return NewPayment(new_id(), notice, order.id if order else None, region, _trace(notice, order))


def _payment_line(decided: Credit, part: LineCredit, line_id: UUID, payment_id: UUID) -> NewPaymentLine:
    return NewPaymentLine(
        id=line_id,
        payment_id=payment_id,
        bill_id=part.bill.id if part.bill else None,
        dimensions=part.dimensions,
        amount_fen=part.amount_fen,
        credited=part.reason is None,
        trace=_trace(decided.notice, decided.order),
    )


def _premium(decided: Credit, part: LineCredit) -> Transfer:
    notice = decided.notice
    context = PostingContext(
        # Independent of the payment's own key: the books, too, refuse one transaction for one person twice.
        key=f"{notice.channel}:{notice.merchant_id}:{notice.transaction_id}:{part.dimensions.enrolment_id}",
        effective_on=notice.paid_on,
        caused_by=notice.id,
        trace=_trace(notice, decided.order),
    )
    return postings.premium_received(part.dimensions, part.amount_fen, context, channel=notice.channel)


def _bill_payment(decided: Credit, part: LineCredit, line_id: UUID) -> list[BillPayment]:
    if part.bill is None:
        return []
    notice = decided.notice
    return [
        BillPayment(
            bill=part.bill,
            amount_fen=part.amount_fen,
            channel=notice.channel,
            paid_on=notice.paid_on,
            paid_by=line_id,
            caused_by=notice.id,
            trace=_trace(notice, decided.order),
        )
    ]


def _suspended(decided: Credit, part: LineCredit, line_id: UUID) -> list[Suspended]:
    notice = decided.notice
    if part.reason is None:
        return []
    trace = _trace(notice, decided.order)
    return [Suspended(new_id(), line_id, notice, part.dimensions, part.amount_fen, part.reason, trace)]


def _contested(notice: PaymentNotice, order: Order | None, reason: SuspenseReason) -> Suspended:
    return Suspended(new_id(), None, notice, whose(notice, order), notice.amount_fen, reason, _trace(notice, order))
