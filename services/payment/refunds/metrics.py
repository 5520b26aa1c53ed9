"""Approved refunds that nobody can ask for, because the settings do not name their merchant."""

from prometheus_client import Gauge

from services.payment.refunds import repository
from services.payment.resources import PaymentResources
from shared.service import ServiceContext

_REFUNDS = Gauge("canbao_refunds_without_merchant", "Approved refunds whose merchant is not configured")
_FEN = Gauge("canbao_refunds_without_merchant_fen", "What they are worth, in fen")


async def read_refunds(context: ServiceContext[PaymentResources]) -> None:
    """Set the gauges."""
    async with context.database.transaction(context.settings.region) as session:
        found = await repository.unsettled(session)
    known = context.resources.known_merchants
    stuck = [each for each in found if (each.channel, each.merchant_id) not in known]
    _REFUNDS.set(sum(each.refunds for each in stuck))
    _FEN.set(sum(each.fen for each in stuck))
