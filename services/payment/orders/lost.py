"""Orders that a restoration of this database has lost: rebuilt from what was announced of them, and asked about.

A rebuilt order has ended here, so that it holds no bill. Where it was paid, the channel's answer is credited like
every payment that was made in time; where it can still be paid, it is closed at the channel.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import repository as bill_repository
from services.payment.bills.state import Bill
from services.payment.orders import repository
from services.payment.orders.state import Order, OrderLine, OrderState, TradeType
from services.payment.resources import PaymentResources
from shared.contracts.event import Trace
from shared.contracts.payment import OrderOpened
from shared.domain.clock import business_date_of
from shared.messaging.outbox.epochs import LostEvent, settle_lost, waiting_lost
from shared.service import Job, ServiceContext

_AT_ONCE = 200


async def rebuild_lost(context: ServiceContext[PaymentResources]) -> int:
    """Rebuild the lost orders whose bills are here again, some hundred at a time; returns how many."""
    rebuilt, after = 0, UUID(int=0)
    while True:
        async with context.database.transaction(context.settings.region) as session:
            waiting = await waiting_lost(session, [OrderOpened.name], after=after, limit=_AT_ONCE)
            done = await _rebuild(session, waiting, context.clock.now()) if waiting else []
            await settle_lost(session, [(lost.key, lost.event) for lost in done], "ORDER_REBUILT")
        rebuilt += len(done)
        if len(waiting) < _AT_ONCE:
            return rebuilt
        after = waiting[-1].id


async def _rebuild(session: AsyncSession, waiting: Sequence[LostEvent], now: datetime) -> list[LostEvent]:
    """Those of these orders that are here now; of the others no bill has been made again yet."""
    opened = {lost.id: OrderOpened.model_validate(lost.payload) for lost in waiting}
    known = await repository.lock(session, [event.order_no for event in opened.values()])
    people = [line.enrolment_id for event in opened.values() for line in event.lines]
    bills = await bill_repository.lock_live(session, people)
    done = []
    for lost in waiting:
        event = opened[lost.id]
        if event.order_no not in known:
            if any(line.enrolment_id not in bills for line in event.lines):
                continue
            await repository.insert(session, _ended(lost, event, bills), event.appid, now, opens=False)
        done.append(lost)
    return done


def _ended(lost: LostEvent, event: OrderOpened, bills: Mapping[UUID, Bill]) -> Order:
    """The order as it stands after its end."""
    return Order(
        id=event.order_id,
        order_no=event.order_no,
        channel=event.channel,
        merchant_id=event.merchant_id,
        trade_type=TradeType(event.trade_type),
        state=OrderState.EXPIRED,
        amount_fen=event.amount_fen,
        benefit_year=event.benefit_year or 0,
        region=event.region,
        opened_at=lost.recorded_at,
        expires_at=event.expires_at,
        last_day=business_date_of(event.expires_at),
        lines=tuple(
            OrderLine(bills[line.enrolment_id].id, line.amount_fen, bills[line.enrolment_id].dimensions)
            for line in event.lines
        ),
        trace=Trace.start(lost.actor),
    )


JOBS = (Job("lost orders", rebuild_lost, interval_s=10.0),)
