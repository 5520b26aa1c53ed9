"""Money at risk: payments whose notices we have acknowledged and not yet credited, parked or suspended."""

from dataclasses import dataclass

from prometheus_client import Gauge
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.service import Running

_COUNT = Gauge("canbao_money_at_risk_notices", "Payments acknowledged to the channel and not yet credited")
_FEN = Gauge("canbao_money_at_risk_fen", "What they are worth, in fen")
_OLDEST = Gauge("canbao_money_at_risk_oldest_seconds", "Age of the oldest of them")

# Two branches, so that each has its partial index: the table holds every notice ever taken.
_AT_RISK = text(
    """
    SELECT count(*) AS notices, coalesce(sum(amount_fen), 0)::bigint AS fen,
           coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8 AS oldest_s
    FROM (
        SELECT amount_fen, recorded_at FROM raw_notice WHERE state = 'RECEIVED' AND kind = 'PAYMENT'
        UNION ALL
        SELECT amount_fen, recorded_at FROM raw_notice WHERE state = 'PARKED' AND kind = 'PAYMENT'
    ) AS waiting
    """
)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Payments by their notices, worth how many fen, the oldest for how many seconds by the database's clock."""

    notices: int
    fen: int
    oldest_s: float


async def money_at_risk(session: AsyncSession) -> AtRisk:
    """What the session's region has taken and not yet credited."""
    row = (await session.execute(_AT_RISK)).one()
    return AtRisk(row.notices, row.fen, max(0.0, row.oldest_s))


async def read_money_at_risk(running: Running) -> None:
    """Set the gauges."""
    async with running.database.transaction(running.settings.region) as session:
        found = await money_at_risk(session)
    _COUNT.set(found.notices)
    _FEN.set(found.fen)
    _OLDEST.set(found.oldest_s)
