"""The books' sums, kept up to a horizon: stored sums below it and the transfers above it are always the whole.

A transfer knows the transaction that wrote it. Below the oldest transaction that still runs nothing can appear any
more, so that stretch is summed once. Nothing is written beside a transfer, so that no two payments wait for each other
over a total.
"""

from services.payment.ledger import repository
from shared.service import Job, ServiceContext


async def advance(context: ServiceContext[object]) -> int:
    """Sum what has become final since the last time."""
    async with context.database.transaction(context.settings.region) as session:
        await repository.advance_sums(session)
    return 0


JOBS = (Job("ledger sums", advance, interval_s=30.0),)
