"""Orders whose life ended otherwise than by the clock: with the business date, or without a merchant to ask.

How an order ends by the clock is the channel's matter: it is closed there first (``channel_query``).
"""

from collections.abc import Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.orders import life, repository
from services.payment.resources import PaymentResources
from shared.contracts.event import Received
from shared.contracts.registration import BusinessDateAdvanced
from shared.database.business_date import advance_business_date, business_date
from shared.messaging.consumer.subscription import Subscription
from shared.service import Job, ServiceContext

_AT_ONCE = 500
log = structlog.get_logger(__name__)


async def hurry_lapsed(context: ServiceContext[object]) -> int:
    """Let one batch of orders be ended now, because their price's last business day is over; returns how many."""
    now = context.clock.now()
    async with context.database.transaction(context.settings.region) as session:
        today = await business_date(session, context.clock)
        return await repository.hurry_lapsed(session, today, now, now + life.RETRY, _AT_ONCE)


async def end_unreachable(context: ServiceContext[PaymentResources]) -> int:
    """End one batch of lapsed orders whose merchant the settings no longer name; returns how many."""
    async with context.database.transaction(context.settings.region) as session:
        known = context.resources.known_merchants
        ended = await repository.end_unreachable(session, known, context.clock.now(), _AT_ONCE)
    if ended:
        log.warning(
            "orders ended whose merchant is not configured: nobody can ask whether they were paid", orders=ended
        )
    return ended


async def on_business_date_advanced(
    session: AsyncSession, events: Sequence[Received[BusinessDateAdvanced]], _: object
) -> None:
    """A new business day: this database follows; orders that it ends are closed at their channel by the jobs."""
    await advance_business_date(session, max(received.event.business_date for received in events))


SUBSCRIPTIONS = (Subscription(BusinessDateAdvanced, on_business_date_advanced),)
JOBS = (
    Job("orders past their last day", hurry_lapsed, interval_s=5.0),
    Job("orders without a merchant", end_unreachable, interval_s=60.0),
)
