"""Expiry by business time: a day that has passed ends the orders that were valid until it."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Received
from shared.contracts.registration import BusinessDateAdvanced
from shared.database.business_date import advance_business_date, business_date
from shared.domain.clock import SHANGHAI
from shared.messaging.consumer.loop import Subscription
from shared.service import Running

_AT_ONCE = 5_000

# The notice of a payment made in time may still come, or be lost: the order is asked about once, and a success dated
# before its expiry is credited all the same.
_EXPIRE = text(
    """
    WITH over AS (
        SELECT id FROM payment_order WHERE state = 'AWAITING' AND expires_at <= :instant
        ORDER BY order_no LIMIT :limit FOR UPDATE
    ), expired AS (
        UPDATE payment_order SET state = 'EXPIRED', to_be_queried = true FROM over WHERE payment_order.id = over.id
        RETURNING payment_order.id
    ), released AS (
        UPDATE order_line SET open = false FROM expired WHERE order_line.order_id = expired.id
    )
    SELECT count(*) FROM expired
    """
)


async def expire_orders(session: AsyncSession, day: date) -> int:
    """End one batch of orders that lapsed before a business date begins; returns how many."""
    instant = datetime.combine(day, time.min, SHANGHAI)
    return int((await session.execute(_EXPIRE, {"instant": instant, "limit": _AT_ONCE})).scalar_one())


async def expire_lapsed(running: Running) -> int:
    """End one batch of orders that lapsed, where nobody announces the day."""
    async with running.database.transaction(running.settings.region) as session:
        return await expire_orders(session, await business_date(session, running.clock))


async def on_business_date_advanced(
    session: AsyncSession, events: Sequence[Received[BusinessDateAdvanced]], resources: Any
) -> None:
    """A new business day: this database follows, and lapsed orders end."""
    day = max(received.event.business_date for received in events)
    await advance_business_date(session, day)
    while await expire_orders(session, day) == _AT_ONCE:
        pass


SUBSCRIPTIONS = (Subscription(BusinessDateAdvanced, on_business_date_advanced),)
