"""The books' sums, kept up to a horizon: stored sums below it and the transfers above it are always the whole.

A transfer knows the transaction that wrote it. Below the oldest transaction that still runs nothing can appear any
more, so that stretch is summed once. Nothing is written beside a transfer, so that no two payments wait for each other
over a total.
"""

from typing import Final

from sqlalchemy import text

from shared.service import Job, Running

# One statement sees one moment. If somebody else moved the horizon past that moment meanwhile, the stretch is empty and
# the horizon stays where it is.
_ADVANCE = text(
    """
    WITH stretch AS MATERIALIZED (
        SELECT below AS since, greatest(below, pg_snapshot_xmin(pg_current_snapshot())) AS until
        FROM transfer_horizon FOR UPDATE
    ), summed AS (
        INSERT INTO transfer_sum AS s (region, benefit_year, kind, debit, credit, fen, times)
        SELECT t.region, t.benefit_year, t.kind, t.debit, t.credit, sum(t.amount_fen), count(*)
        FROM transfer t JOIN stretch ON t.written_by >= stretch.since AND t.written_by < stretch.until
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (region, benefit_year, kind, debit, credit)
            DO UPDATE SET fen = s.fen + EXCLUDED.fen, times = s.times + EXCLUDED.times
    )
    UPDATE transfer_horizon SET below = stretch.until FROM stretch
    """
)
# To be read in one statement with whatever else belongs to the moment.
SUMMED: Final = """
    SELECT region, benefit_year, kind, debit, credit, fen, times FROM transfer_sum
    UNION ALL
    SELECT region, benefit_year, kind, debit, credit, sum(amount_fen)::bigint, count(*)
    FROM transfer WHERE written_by >= (SELECT below FROM transfer_horizon)
    GROUP BY 1, 2, 3, 4, 5
"""


async def advance(running: Running) -> int:
    """Sum what has become final since the last time."""
    async with running.database.transaction(running.settings.region) as session:
        await session.execute(_ADVANCE)
    return 0


JOB = Job("ledger sums", advance, interval_s=30.0)
