"""Suspended money that waits with each office, and for how long the oldest has."""

from prometheus_client import Gauge

from services.payment.dispositions import repository
from services.payment.suspense.offices import SuspenseOffice
from shared.database.business_date import business_date
from shared.service import ServiceContext

_COUNT = Gauge("canbao_suspense_cases", "Suspended sums that wait with an office", ["office"])
_FEN = Gauge("canbao_suspense_cases_fen", "What they are worth, in fen", ["office"])
_OLDEST = Gauge("canbao_suspense_oldest_days", "Days that the oldest of them has waited", ["office"])


async def read_cases(context: ServiceContext[object]) -> None:
    """Set the gauges of every office, those at nothing too."""
    async with context.database.transaction(context.settings.region) as session:
        today = await business_date(session, context.clock)
        waiting = {each.office: each for each in await repository.waiting(session)}
    for office in SuspenseOffice:
        found = waiting.get(office)
        _COUNT.labels(office.value).set(found.count if found else 0)
        _FEN.labels(office.value).set(found.fen if found else 0)
        _OLDEST.labels(office.value).set(max((today - found.since).days, 0) if found else 0)
