"""How long the channel's bills have been waited for, and what is wrong with those that came."""

from prometheus_client import Gauge

from services.payment.channel_bills import repository
from services.payment.channels.bills import PASSING, BillFault
from shared.service import ServiceContext

_WANTED = Gauge("canbao_channel_bills_wanted", "Daily bills of channels that are not read yet")
_OLDEST = Gauge("canbao_channel_bill_oldest_seconds", "How long the oldest of them has been wanted")
_FAULTY = Gauge("canbao_channel_bills_faulty", "Daily bills of channels that cannot be used, by fault", ["fault"])


async def read_channel_bills(context: ServiceContext[object]) -> None:
    """Set the gauges, those of faults that no bill has too."""
    async with context.database.snapshot(context.settings.region) as session:
        late = await repository.late(session)
        found = {each.fault: each.bills for each in await repository.faults(session)}
    _WANTED.set(late.wanted)
    _OLDEST.set(late.oldest_s)
    for fault in BillFault:
        if fault not in PASSING:
            _FAULTY.labels(fault.value).set(found.get(fault.value, 0))
