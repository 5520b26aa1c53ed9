"""The end of a season: nothing that differs between us, the channel and the bank is open any more."""

import asyncio
import time
from typing import Any

from simulator import clients
from simulator.world import World

_PATIENCE_S = 30.0
_DIFFERENCES = "/payment/v1/settlement-differences?limit=500&state="
_OPEN = {
    "differences": f"{_DIFFERENCES}OPEN",
    "bank_lines": "/payment/v1/bank-lines/unexplained?limit=500",
    "proposals": "/payment/v1/approvals?limit=500&state=WAITING",
}


async def close(world: World) -> None:
    """Wait until everything that differed is resolved, and remember what was and what is not."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        still = await _counts(world)
        if not any(still.values()) or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)
    closed = len(await _items(world, f"{_DIFFERENCES}CLOSED"))
    await world.journal.put("closing", "differences", {"open": still, "closed": closed})


async def _counts(world: World) -> dict[str, int]:
    return {what: len(await _items(world, path)) for what, path in _OPEN.items()}


async def _items(world: World, path: str) -> list[Any]:
    found = await world.endpoints[clients.BUREAU].get(path)
    items: list[Any] = found["items"]
    return items
