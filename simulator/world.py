"""Everything an actor needs at hand, and how many things happen at once."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from simulator.day import SeasonDay
from simulator.journal import Journal
from simulator.localities.locality import Locality
from simulator.peer_endpoint import PeerEndpoint
from simulator.plan import Plan
from simulator.tax import TaxPeer
from simulator.wechat.account import ChannelAccount
from simulator.wechat.notices import NoticeSender

Item = TypeVar("Item")
AT_ONCE = 12


def report_progress(event: str, **facts: Any) -> None:
    """Print one line of progress for the process that started the season."""
    sys.stdout.write(json.dumps({"event": event, **facts}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@dataclass(slots=True)
class World:
    """The county, the peers, the endpoints and the journal of one season."""

    plan: Plan
    journal: Journal
    day: SeasonDay
    endpoints: dict[str, PeerEndpoint]
    account: ChannelAccount
    notice_sender: NoticeSender
    tax: TaxPeer
    notify_base: str
    seen_paid: int = 0  # people whom canbao has shown as paid since this process began

    @property
    def locality(self) -> Locality:
        """The place that is played."""
        return self.plan.county.locality

    async def complain(self, key: str, what: str) -> None:
        """Note that canbao did something else than the document says; the season goes on, the comparison fails."""
        await self.journal.put("complaint", key, what)
        report_progress("complaint", key=key, what=what)

    async def once(self, key: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do something unless the journal says that it was done."""
        if self.journal.get("done", key) is None:
            await act()
            await self.journal.put("done", key, self.day.today.isoformat())

    def done(self, key: str) -> bool:
        """Whether the journal says that it was done."""
        return self.journal.get("done", key) is not None


async def each(items: Iterable[Item], act: Callable[[Item], Awaitable[None]], *, at_once: int = AT_ONCE) -> None:
    """Act on every item, a few at a time; the first error stops the rest."""
    queue = iter(items)

    async def worker() -> None:
        for item in queue:
            await act(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker())
