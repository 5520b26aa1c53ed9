"""Orders whose time to be asked about has passed, and those about which nobody can be asked."""

from prometheus_client import Gauge

from services.payment.orders.questions import repository as questions
from services.payment.resources import PaymentResources
from shared.service import ServiceContext

_UNASKED = Gauge("canbao_orders_unasked", "Orders whose time to be asked about at their channel has come")
_OLDEST = Gauge("canbao_orders_unasked_oldest_seconds", "How long the longest of them has waited for it")
_WITHOUT_MERCHANT = Gauge("canbao_orders_without_merchant", "Orders to ask about whose merchant is not configured")


async def read_orders(context: ServiceContext[PaymentResources]) -> None:
    """Set the gauges."""
    async with context.database.transaction(context.settings.region) as session:
        found = await questions.unanswered(session, context.clock.now())
    known = context.resources.known_merchants
    asked = [each for each in found if (each.channel, each.merchant_id) in known]
    _UNASKED.set(sum(each.orders for each in asked))
    _OLDEST.set(max((each.oldest_s for each in asked), default=0))
    _WITHOUT_MERCHANT.set(sum(each.orders for each in found) - sum(each.orders for each in asked))
