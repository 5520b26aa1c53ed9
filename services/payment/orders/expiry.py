"""Expiry by business time: a day that has passed ends the orders that were valid until it."""

from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.orders import repository
from services.payment.resources import PaymentResources
from shared.contracts.event import Received
from shared.contracts.registration import BusinessDateAdvanced
from shared.database.business_date import advance_business_date, business_date
from shared.database.engine import after_commit
from shared.domain.clock import SHANGHAI
from shared.messaging.consumer.subscription import Subscription
from shared.service import Job, ServiceContext

_AT_ONCE = 5_000


async def expire_orders(session: AsyncSession, day: date) -> int:
    """End one batch of orders that lapsed before a business date begins; returns how many."""
    instant = datetime.combine(day, time.min, SHANGHAI)
    return await repository.expire(session, instant, _AT_ONCE)


async def expire_lapsed(context: ServiceContext[object]) -> int:
    """End one batch of orders that lapsed, where no event announces the day."""
    async with context.database.transaction(context.settings.region) as session:
        return await expire_orders(session, await business_date(session, context.clock))


async def on_business_date_advanced(
    session: AsyncSession, events: Sequence[Received[BusinessDateAdvanced]], resources: PaymentResources
) -> None:
    """A new business day: this database follows, lapsed orders end, and the bills of the day before are fetched."""
    day = max(received.event.business_date for received in events)
    await advance_business_date(session, day)
    while await expire_orders(session, day) == _AT_ONCE:
        pass
    after_commit(session, resources.look_for_bills)


SUBSCRIPTIONS = (Subscription(BusinessDateAdvanced, on_business_date_advanced),)
JOBS = (Job("order expiry", expire_lapsed, interval_s=60.0),)
