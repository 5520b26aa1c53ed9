"""Open differences by class and owner, and how long the oldest has been open."""

from prometheus_client import Gauge

from services.payment.differences import repository
from shared.database.business_date import business_date
from shared.service import ServiceContext

_CLASSES = (2, 3, 4, 5, 6)
_OWNERS = ("CHANNEL", "OFFICE")
_COUNT = Gauge(
    "canbao_settlement_differences", "Open differences from the channels' bills", ["difference_class", "owner"]
)
_OLDEST = Gauge(
    "canbao_settlement_difference_oldest_days", "Days since which the oldest of them has been open", ["owner"]
)


async def read_differences(context: ServiceContext[object]) -> None:
    """Set the gauges of every class and owner, those at nothing too."""
    async with context.database.transaction(context.settings.region) as session:
        today = await business_date(session, context.clock)
        found = await repository.open_figures(session)
    counts = {(each.difference_class, each.owner): each.count for each in found}
    for owner in _OWNERS:
        for each in _CLASSES:
            _COUNT.labels(str(each), owner).set(counts.get((each, owner), 0))
        days = [(today - each.since).days for each in found if each.owner == owner]
        _OLDEST.labels(owner).set(max(days, default=0))
