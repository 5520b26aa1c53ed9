"""An order's life as a test lives it: time is what the service's clock says; nothing waits for it."""

from datetime import date, datetime, timedelta
from typing import Any

from prometheus_client import REGISTRY

from services.payment.crediting.worker import work_notices
from services.payment.orders.channel_query import query_orders
from services.payment.orders.expiry import end_unreachable, hurry_lapsed, on_business_date_advanced
from shared.contracts.event import Received, Trace
from shared.contracts.registration import BusinessDateAdvanced
from shared.domain.clock import SystemClock
from shared.domain.ids import new_id
from shared.metrics_collector import read_gauges
from tests.harness.fixed_clock import FixedClock
from tests.harness.installation import COUNTY
from tests.services.payment.running_payment import RunningPayment

OTHER = "1900000222"
LIFE = timedelta(hours=2, seconds=1)
_BEGAN = {"at": SystemClock().now()}


def begin() -> None:
    """Begin now: a notice that is minutes old is refused."""
    _BEGAN["at"] = SystemClock().now()


def began() -> datetime:
    """When this test began."""
    return _BEGAN["at"]


def at(payment: RunningPayment, after: timedelta) -> None:
    """Let it be so long after the beginning."""
    payment.running.clock = FixedClock(began() + after)


def questions(payment: RunningPayment, order: dict[str, Any] | None = None) -> int:
    """How often the channel was asked about an order, or about any."""
    number = order["order_no"] if order else ""
    return len([call for call in payment.peer.calls if call.startswith("GET") and f"/out-trade-no/{number}" in call])


async def state(payment: RunningPayment, order: dict[str, Any]) -> str:
    return str((await payment.get(f"orders/{order['order_no']}"))["state"])


async def asked(payment: RunningPayment, after: timedelta) -> None:
    """The jobs come by so long after the beginning, and what they learn is credited."""
    at(payment, after)
    for _ in range(3):
        await hurry_lapsed(payment.running)
        await end_unreachable(payment.running)
        await query_orders(payment.running)
        await work_notices(payment.running)


async def advanced(payment: RunningPayment, day: date) -> None:
    """The business date moves, as registration announces it."""
    fact = BusinessDateAdvanced(region=COUNTY, installation_id=new_id(), business_date=day)
    event = Received(fact, new_id(), 1, "registration", SystemClock().now(), Trace.start("operator"))
    async with payment.running.database.transaction(COUNTY) as session:
        await on_business_date_advanced(session, [event], payment.running.resources)


async def measured(payment: RunningPayment) -> dict[str, float | None]:
    """What monitoring would read of orders and refunds whose merchant is not configured."""
    await read_gauges(payment.running)
    names = {
        "orders": "orders_without_merchant",
        "refunds": "refunds_without_merchant",
        "refunds_fen": "refunds_without_merchant_fen",
    }
    return {name: REGISTRY.get_sample_value(f"canbao_{gauge}") for name, gauge in names.items()}
