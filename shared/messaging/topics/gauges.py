"""Gauges of messaging: read from the database now and then, so that a scrape costs no query and no wait."""

from collections.abc import Collection

from prometheus_client import Gauge

from shared.database.engine import Database
from shared.messaging.bus.protocol import Bus
from shared.messaging.topics.stats import bus_stats, lag

_UNPUBLISHED = Gauge("canbao_outbox_unpublished", "Events that wait to be sent", ["service"])
_OLDEST_UNPUBLISHED = Gauge("canbao_outbox_oldest_seconds", "Age of the oldest event that waits", ["service"])
_DEAD_LETTERS = Gauge("canbao_dead_letters", "Events that could not be taken in and wait for a person", ["service"])
_PARKED = Gauge("canbao_parked_events", "Events that wait for one before them", ["service"])
_GAPS = Gauge("canbao_gap_events", "Parked events that no dead letter explains", ["service"])
_OLDEST_GAP = Gauge("canbao_gap_oldest_seconds", "Age of the oldest such event", ["service"])
_LAG = Gauge("canbao_consumer_lag_records", "Records on the bus not yet taken in", ["service", "topic"])


async def read_stats(service: str, database: Database, region: str) -> None:
    """What waits in the service's database."""
    found = await bus_stats(database, region)
    for gauge, value in (
        (_UNPUBLISHED, found.unpublished),
        (_OLDEST_UNPUBLISHED, found.oldest_unpublished_s),
        (_DEAD_LETTERS, found.dead_letters),
        (_PARKED, found.parked),
        (_GAPS, found.gaps),
        (_OLDEST_GAP, found.oldest_gap_s),
    ):
        gauge.labels(service).set(value)


async def read_lag(service: str, database: Database, bus: Bus, region: str, topics: Collection[str]) -> None:
    """How many records the service has not yet consumed, per topic."""
    for topic, records in (await lag(database, bus, region, topics)).items():
        _LAG.labels(service, topic).set(records)
