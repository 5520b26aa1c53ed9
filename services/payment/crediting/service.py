"""Crediting a batch of payment notices: lock, decide, record, announce. The caller commits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import repository as bills
from services.payment.bills import service as billing
from services.payment.bills.state import BillState
from services.payment.crediting import repository
from services.payment.crediting.decision import (
    Credit,
    PaidNotice,
    Reason,
    contested,
    decide_credit,
    in_order_of_arrival,
    whose,
)
from services.payment.crediting.repository import Attempt, PaymentLine
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import Occasion, Transfer
from services.payment.orders import repository as orders
from services.payment.orders.state import Order, OrderState
from services.payment.suspense.service import suspend
from services.payment.suspense.state import Suspended
from shared.contracts.event import Trace
from shared.domain.ids import new_id

Outcome = tuple[str, str | None]

_UNPAID = (OrderState.CREATED, OrderState.AWAITING, OrderState.UNKNOWN, OrderState.EXPIRED)


async def credit(session: AsyncSession, notices: Sequence[PaidNotice]) -> dict[UUID, Outcome]:
    """Credit payments of our money; returns per notice what became of it, and why where it was not credited.

    Orders are locked before bills, each sorted. A transaction is booked once, however many notices speak of it.
    """
    if not notices:
        return {}
    notices = in_order_of_arrival(notices)
    known = await orders.lock(session, [notice.order_no for notice in notices])
    booked = await repository.insert_payments(session, [_attempt(one, known.get(one.order_no)) for one in notices])
    fresh = [notice for notice in notices if notice.id in booked]
    again = [notice for notice in notices if notice.id not in booked]
    decided = await _decide(session, fresh, known)
    await _record(session, decided, booked)
    outcomes = {one.notice.id: _outcome(one) for one in decided}
    return outcomes | await _repeated(session, again, known)


async def _decide(session: AsyncSession, notices: Sequence[PaidNotice], known: dict[str, Order]) -> list[Credit]:
    """Decide one after the other, so that within a batch, too, the first payment of a bill wins."""
    concerned = {known[notice.order_no].id: known[notice.order_no] for notice in notices if notice.order_no in known}
    people = {line.line.enrolment_id for order in concerned.values() for line in order.lines}
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
        await orders.turn(session, settled, OrderState.CONFIRMED, from_states=_UNPAID)
    lines = [(one, line) for one in decided for line in _payment_lines(one, booked[one.notice.id])]
    await repository.insert_lines(session, [line for _, line in lines])
    paid = [(one, line) for one, line in lines if line.credit.reason is None]
    await post(session, [_premium(one, line) for one, line in paid])
    await billing.pay(session, [payment for one, line in paid for payment in _bill_payment(one, line)])
    await suspend(session, [item for one, line in lines for item in _suspended(one, line)])
    await repository.unpark(session, [one.notice.transaction_id for one in decided])


async def _repeated(
    session: AsyncSession, notices: Sequence[PaidNotice], known: Mapping[str, Order]
) -> dict[UUID, Outcome]:
    """Notices of transactions booked before: the same word again, or a contradiction that holds no further money."""
    if not notices:
        return {}
    first = await repository.booked(session, notices)
    outcomes: dict[UUID, Outcome] = {}
    claims: list[Suspended] = []
    for notice in notices:
        order_no, amount_fen = first[notice.channel, notice.mchid, notice.transaction_id]
        if (notice.order_no, notice.amount_fen) == (order_no, amount_fen):
            outcomes[notice.id] = ("REPEATED", None)
            continue
        reason = contested(notice, order_no)
        outcomes[notice.id] = ("SUSPENDED", reason.value)
        claims.append(_contested(notice, known.get(notice.order_no), reason))
    await suspend(session, claims)
    return outcomes


def _outcome(decided: Credit) -> Outcome:
    return ("CREDITED", None) if decided.reason is None else ("SUSPENDED", decided.reason.value)


def _trace(notice: PaidNotice, order: Order | None) -> Trace:
    """Who asked for the order stays the actor of all that follows; the notice is the cause."""
    origin = order.trace if order is not None else notice.trace
    return replace(origin, causation_id=notice.id)


def _attempt(notice: PaidNotice, order: Order | None) -> Attempt:
    trace = _trace(notice, order)
    region = order.region if order is not None else notice.region
    return Attempt(new_id(), notice, order.id if order else None, region, trace.actor, trace.correlation_id)


def _payment_lines(decided: Credit, payment_id: UUID) -> list[PaymentLine]:
    trace = _trace(decided.notice, decided.order)
    return [PaymentLine(new_id(), payment_id, part, trace.actor, trace.correlation_id) for part in decided.lines]


def _premium(decided: Credit, line: PaymentLine) -> Transfer:
    notice = decided.notice
    occasion = Occasion(
        # Independent of the payment's own key: the books, too, refuse one transaction for one person twice.
        key=f"{notice.channel}:{notice.mchid}:{notice.transaction_id}:{line.credit.line.enrolment_id}",
        effective_on=notice.paid_on,
        caused_by=notice.id,
        trace=_trace(notice, decided.order),
    )
    return postings.premium_received(line.credit.line, line.credit.amount_fen, occasion, channel=notice.channel)


def _bill_payment(decided: Credit, line: PaymentLine) -> list[billing.BillPayment]:
    if line.credit.bill is None:
        return []
    notice = decided.notice
    return [
        billing.BillPayment(
            bill=line.credit.bill,
            amount_fen=line.credit.amount_fen,
            channel=notice.channel,
            paid_on=notice.paid_on,
            paid_by=line.id,
            caused_by=notice.id,
            trace=_trace(notice, decided.order),
        )
    ]


def _suspended(decided: Credit, line: PaymentLine) -> list[Suspended]:
    part, notice = line.credit, decided.notice
    if part.reason is None:
        return []
    trace = _trace(notice, decided.order)
    return [Suspended(new_id(), line.id, notice, part.line, part.amount_fen, part.reason, trace)]


def _contested(notice: PaidNotice, order: Order | None, reason: Reason) -> Suspended:
    return Suspended(new_id(), None, notice, whose(notice, order), notice.amount_fen, reason, _trace(notice, order))
