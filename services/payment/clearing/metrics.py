"""Gauges of what is in clearing: the age of the oldest of each kind, and how much has waited beyond its limit."""

from prometheus_client import Gauge

from services.payment.clearing.repository import clearing
from shared.database.business_date import business_date
from shared.service import ServiceContext

_OLDEST = Gauge("canbao_clearing_oldest_days", "Business days that the oldest has waited in clearing", ["kind"])
_TOO_OLD = Gauge("canbao_clearing_too_old", "What has waited in clearing beyond the limit of its kind", ["kind"])


async def read_clearing(context: ServiceContext[object]) -> None:
    """Set the gauges of every kind, those at nothing too."""
    async with context.database.transaction(context.settings.region) as session:
        today = await business_date(session, context.clock)
        found = await clearing(session, today, context.settings.clearing_days.model_dump())
    for each in found:
        _OLDEST.labels(each.kind).set((today - each.oldest_on).days if each.oldest_on else 0)
        _TOO_OLD.labels(each.kind).set(each.too_old)
