"""Money at risk: payments whose notices we have acknowledged and not yet credited, parked or suspended."""

from prometheus_client import Gauge

from services.payment.notices import repository as notices
from shared.service import ServiceContext

_COUNT = Gauge("canbao_money_at_risk_notices", "Payments acknowledged to the channel and not yet credited")
_FEN = Gauge("canbao_money_at_risk_fen", "What they are worth, in fen")
_OLDEST = Gauge("canbao_money_at_risk_oldest_seconds", "Age of the oldest of them")


async def read_money_at_risk(context: ServiceContext[object]) -> None:
    """Set the gauges."""
    async with context.database.transaction(context.settings.region) as session:
        found = await notices.money_at_risk(session)
    _COUNT.set(found.notices)
    _FEN.set(found.fen)
    _OLDEST.set(found.oldest_s)
