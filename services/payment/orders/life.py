"""How long an order lives, and when the channel is asked about it. Pure; both follow real time.

The business date may stand on another day than the clock, where a season is rehearsed. Then only an advance of it ends
a day, and an order ends with its life or with its price's last business date, whichever comes first.
"""

from datetime import date, datetime, time, timedelta
from typing import Final

from services.payment.orders.state import Order, OrderState
from shared.domain.clock import SHANGHAI, business_date_of

# What the channel itself advises for an order whose notice does not come.
_ASKED_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 3, 5, 10))
_THEN_EVERY = timedelta(minutes=10)
# An order that was written and not opened is left to the process that writes it for so long.
_PATIENCE = timedelta(seconds=15)
# Where the channel gave no final answer, or none at all.
RETRY = timedelta(minutes=1)
# A payment may have crossed our closing of its order.
_CANCELLED_ASKED_AFTER = timedelta(minutes=5)
# The channel opens no order that would end sooner.
SHORTEST: Final = timedelta(minutes=1)
_A_SECOND = timedelta(seconds=1)


def expiry(opened_at: datetime, life: timedelta, today: date, last_day: date) -> datetime:
    """Until when an order opened now can be paid, that second included: never past its price's last day."""
    ends = (opened_at + life).replace(microsecond=0)
    if business_date_of(opened_at) != today:
        return ends
    return min(ends, datetime.combine(last_day, time(23, 59, 59), SHANGHAI))


def next_question(opened_at: datetime, expires_at: datetime, now: datetime) -> datetime:
    """When an open order is asked about next: 1, 3, 5 and 10 minutes after it was opened, every 10, and at its end."""
    since = now - opened_at
    after = next((each for each in _ASKED_AFTER if each > since), None)
    if after is None:
        after = (since // _THEN_EVERY + 1) * _THEN_EVERY
    return opened_at + after if opened_at + after <= expires_at else max(expires_at, now) + _A_SECOND


def ask_next(order: Order, into: OrderState, now: datetime) -> datetime | None:
    """When the channel is to be asked about an order that has just turned; never again where all is known."""
    match into:
        case OrderState.CREATED | OrderState.UNKNOWN:
            return now + _PATIENCE
        case OrderState.AWAITING:
            return next_question(order.opened_at, order.expires_at, now)
        case OrderState.EXPIRED:
            return now
        case OrderState.CANCELLED:
            return now + _CANCELLED_ASKED_AFTER
        case _:
            return None


def ask_again(order: Order, now: datetime, today: date) -> datetime:
    """When an order is asked about again that is being asked now, if nothing else is learnt, or the asking dies."""
    waits = order.state is OrderState.AWAITING and not order.is_over(now, today)
    return next_question(order.opened_at, order.expires_at, now) if waits else now + RETRY
