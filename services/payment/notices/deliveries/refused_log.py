"""Refused callbacks as counts per minute: an attacker writes no row of their own, and a request waits for none.

Channel and outcome are our words and the merchant is one of ours, so that a minute has only so many rows.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.payment.notices.deliveries import repository
from services.payment.notices.deliveries.repository import RefusedKey
from shared.database.engine import Database

_WRITES_EVERY_S: Final = 5.0
log = structlog.get_logger(__name__)


class RefusedCallbacks:
    """Counts refusals in memory, and adds them to the table some seconds later and when the service ends.

    What cannot be written is dropped: the metric counts it too, and no refusal holds up the service.
    """

    def __init__(self, database: Database, region: str, *, every_s: float = _WRITES_EVERY_S) -> None:
        """Write into ``database`` as ``region``, at most once in ``every_s``."""
        self._database = database
        self._region = region
        self._every_s = every_s
        self._counts: Counter[RefusedKey] = Counter()
        self._ending = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    def add(self, channel: str, merchant_id: str, outcome: str, now: datetime) -> None:
        """Count one refusal; ``merchant_id`` is empty where the caller named none of ours."""
        self._counts[RefusedKey(now.replace(second=0, microsecond=0), channel, merchant_id, outcome)] += 1
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="refused callbacks")

    async def aclose(self) -> None:
        """Write what is still counted."""
        self._ending.set()
        if self._writer is not None:
            await self._writer

    async def _write(self) -> None:
        try:
            while self._counts:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), self._every_s)
                counts, self._counts = self._counts, Counter()
                await self._add(counts)
        finally:
            self._writer = None

    async def _add(self, counts: Counter[RefusedKey]) -> None:
        try:
            async with self._database.transaction(self._region) as session:
                await repository.add_refused(session, self._region, counts)
                await repository.drop_old(session, max(key.minute for key in counts))
        except (SQLAlchemyError, OSError) as failure:
            log.warning("refused callbacks were not logged", error=type(failure).__name__)
