"""``python -m bench.batch_lines LINES FOLDER``: a batch of so many lines takes every step, in a process of its own.

Prints one JSON object: seconds by step, the process's highest memory, and how long of the processor the event loop
took at most before it came to something else.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import cast
from uuid import UUID

import uvloop

from services.payment.batches import repository as batches
from services.payment.batches.lines import repository as batch_lines
from services.payment.remittance import service
from services.payment.remittance.detail import TaxDetail, compare
from services.payment.remittance.portions import go_on
from services.payment.remittance.tax_exchange import reference_of
from shared.contracts.event import Trace
from shared.database.engine import Database
from shared.service import ServiceContext
from shared.settings import Settings

BATCH = UUID(int=7)
DETAIL = "tax-detail.json"
_MB = 1024
_TICK_S = 0.001


class _Context:
    """What a job needs of a running service."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.service_url("payment"), pool_size=2)


async def measured(lines: int, folder: Path) -> dict[str, float]:
    """Take every step, one after the other."""
    context = _Context(Settings())
    longest = [0.0]
    ticking = asyncio.create_task(_tick(longest))
    trace = Trace("bench", BATCH)
    found: dict[str, float] = {}
    steps: dict[str, Callable[[], Awaitable[None]]] = {
        "detail": lambda: _confirmed(context, folder),
        "remit": lambda: _step(context, lambda session: service.remit(session, trace, BATCH, date(2023, 10, 8))),
        "treasury": lambda: _step(
            context, lambda session: service.confirm_treasury(session, trace, BATCH, date(2023, 10, 8))
        ),
        "certificate": lambda: _step(
            context, lambda session: service.issue_certificate(session, trace, BATCH, "WS-1", date(2023, 10, 8))
        ),
    }
    for name, take in steps.items():
        began = time.perf_counter()
        await take()
        found[f"{name} answer"] = time.perf_counter() - began
        while await go_on(cast("ServiceContext[object]", context)):
            pass
        found[name] = time.perf_counter() - began
    ticking.cancel()
    await context.database.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB
    return found | {"MB": peak, "longest ms": longest[0] * 1000, "lines": float(lines)}


async def _confirmed(context: _Context, folder: Path) -> None:
    with (folder / DETAIL).open("rb") as file:
        async with context.database.transaction(context.settings.region) as session:
            batch = await batches.find(session, BATCH)
            if batch is None:
                raise RuntimeError("no batch")
            compared = await compare(session, batch, reference_of(batch), TaxDetail(file))
            if compared.found:
                raise RuntimeError(f"{compared.found} differences")
            await batch_lines.number_lines(session, BATCH, compared.lines)


async def _step(context: _Context, take: Callable[..., Awaitable[object]]) -> None:
    async with context.database.transaction(context.settings.region) as session:
        await take(session)


async def _tick(longest: list[float]) -> None:
    """Look now and then how much of the processor the loop took since: what others took of it is not counted."""
    before = time.thread_time()
    while True:
        await asyncio.sleep(_TICK_S)
        now = time.thread_time()
        longest[0], before = max(longest[0], now - before), now


if __name__ == "__main__":
    print(json.dumps(uvloop.run(measured(int(sys.argv[1]), Path(sys.argv[2])))))
