"""Sealing: background work of every service with tables, at most a minute behind what was written."""

from collections.abc import Sequence

from prometheus_client import Gauge
from sqlalchemy import text

from shared.audit.repository import MOST_ROWS, begin_sealing, oldest_unsealed_s, seal_block
from shared.audit.table import AuditedTable
from shared.database.engine import Database

EVERY_S = 20.0

_NOW = text("SELECT clock_timestamp()")
_UNSEALED = Gauge(
    "canbao_unsealed_oldest_seconds", "Age of the oldest row that no sealed block holds", ["service", "table"]
)


async def seal(database: Database, region: str, service: str, tables: Sequence[AuditedTable]) -> int:
    """Seal the next block of each table by the database's clock; answers how many rows were in blocks that are full.

    What is left after a block that is not full comes with the next one, so that blocks do not become many.
    """
    full = 0
    if not tables:
        return full
    async with database.transaction(region) as session:
        if not await begin_sealing(session):
            return 0
        for table in tables:
            rows = await seal_block(session, service, table, (await session.execute(_NOW)).scalar_one())
            full += rows if rows == MOST_ROWS else 0
    return full


async def read_unsealed(database: Database, region: str, service: str, tables: Sequence[AuditedTable]) -> None:
    """Measure how far the sealing is behind."""
    async with database.transaction(region) as session:
        ages = await oldest_unsealed_s(session, tables)
    for table, age_s in ages.items():
        _UNSEALED.labels(service, table).set(age_s)
