"""Orders that a restoration of this database has lost: rebuilt from what was announced of them, and asked about.

A rebuilt order has ended here, so that it holds no bill. Where it was paid, the channel's answer is credited like
every payment that was made in time; where it can still be paid, it is closed at the channel. Who has left meanwhile is
billed no more: their order stands on their last bill, and where there is none the channel is asked without an order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import repository as bill_repository
from services.payment.bills.state import Bill
from services.payment.channels.channel import ChannelRefused, ChannelUnavailable, OrderAtChannel
from services.payment.channels.prepayment import TradeType
from services.payment.orders import repository
from services.payment.orders.state import Order, OrderLine, OrderState
from services.payment.resources import PaymentResources
from shared.contracts.event import Trace
from shared.contracts.payment import OrderOpened
from shared.domain.clock import business_date_of
from shared.messaging.outbox.epochs import LostEvent, settle_lost, waiting_lost
from shared.service import Job, ServiceContext

_AT_ONCE = 200
log = structlog.get_logger(__name__)


@dataclass
class _Round:
    """What became of some lost orders: here now, and never to be here. Of the others no bill has been made yet."""

    rebuilt: list[LostEvent] = field(default_factory=list)
    billless: list[LostEvent] = field(default_factory=list)


async def rebuild_lost(context: ServiceContext[PaymentResources]) -> int:
    """Rebuild the lost orders whose bills are here again, some hundred at a time; returns how many are dealt with."""
    done, after = 0, UUID(int=0)
    while True:
        async with context.database.transaction(context.settings.region) as session:
            waiting = await waiting_lost(session, [OrderOpened.name], after=after, limit=_AT_ONCE)
            found = await _rebuild(session, waiting, context.clock.now()) if waiting else _Round()
            await settle_lost(session, [(lost.key, lost.event) for lost in found.rebuilt], "ORDER_REBUILT")
        answered = [lost for lost in found.billless if await _is_answered(context, lost)]
        if answered:
            async with context.database.transaction(context.settings.region) as session:
                await settle_lost(session, [(lost.key, lost.event) for lost in answered], "CHANNEL_ASKED")
        done += len(found.rebuilt) + len(answered)
        if len(waiting) < _AT_ONCE:
            return done
        after = waiting[-1].id


async def _rebuild(session: AsyncSession, waiting: Sequence[LostEvent], now: datetime) -> _Round:
    opened = {lost.id: OrderOpened.model_validate(lost.payload) for lost in waiting}
    known = await repository.lock(session, [event.order_no for event in opened.values()])
    people = {line.enrolment_id for event in opened.values() for line in event.lines}
    bills = await bill_repository.lock_live(session, sorted(people))
    left = await bill_repository.ended(session, sorted(people - bills.keys()))
    bills |= await bill_repository.newest(session, left)
    found = _Round()
    for lost in waiting:
        event = opened[lost.id]
        unbilled = {line.enrolment_id for line in event.lines} - bills.keys()
        if event.order_no in known:
            found.rebuilt.append(lost)
        elif not unbilled:
            await repository.insert(session, _ended(lost, event, bills), event.appid, now, opens=False)
            found.rebuilt.append(lost)
        elif unbilled <= left:
            found.billless.append(lost)
    return found


async def _is_answered(context: ServiceContext[PaymentResources], lost: LostEvent) -> bool:
    """Ask about an order that can stand on no bill; what was paid for it is kept, and suspended as of no order."""
    event = OrderOpened.model_validate(lost.payload)
    channel = context.resources.channels.get((event.channel, event.merchant_id))
    if channel is None:
        return False
    try:
        answer = await channel.query(event.order_no)
        if answer.paid is not None:
            await context.resources.notices.store(*answer.paid)
        if answer.state is OrderAtChannel.PAYABLE:
            await channel.close(event.order_no)
    except (ChannelRefused, ChannelUnavailable) as failure:
        log.warning("the channel could not be asked about a lost order", order_no=event.order_no, why=failure.code.name)
        return False
    return answer.is_final


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
