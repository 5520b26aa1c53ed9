"""Money at risk, which we have acknowledged and credited to nobody yet, and what is in quarantine."""

from prometheus_client import Gauge

from services.payment.crediting.decision import Quarantine
from services.payment.notices import repository as notices
from services.payment.notices.quarantine import repository as quarantine
from shared.service import ServiceContext

_COUNT = Gauge("canbao_money_at_risk_notices", "Payments acknowledged to the channel and not yet credited")
_FEN = Gauge("canbao_money_at_risk_fen", "What they are worth, in fen")
_OLDEST = Gauge("canbao_money_at_risk_oldest_seconds", "Age of the oldest of them")
_QUARANTINED = Gauge("canbao_quarantined_notices", "Authentic notices in quarantine, by reason", ["reason"])
_QUARANTINED_FEN = Gauge("canbao_quarantined_fen", "What they are worth as far as it is known, in fen", ["reason"])


async def read_money_at_risk(context: ServiceContext[object]) -> None:
    """Set the gauges."""
    async with context.database.transaction(context.settings.region) as session:
        found = await notices.money_at_risk(session)
    _COUNT.set(found.notices)
    _FEN.set(found.fen)
    _OLDEST.set(found.oldest_s)


async def read_quarantine(context: ServiceContext[object]) -> None:
    """Set the gauges of every reason, those at nothing too."""
    async with context.database.transaction(context.settings.region) as session:
        found = {each.reason: each for each in await quarantine.quarantined_figures(session)}
    for reason in {*(each.value for each in Quarantine), *found}:
        each = found.get(reason)
        _QUARANTINED.labels(reason).set(each.notices if each else 0)
        _QUARANTINED_FEN.labels(reason).set(each.fen if each else 0)
