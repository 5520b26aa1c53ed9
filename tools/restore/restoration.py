"""Restoring one service: its epoch begins, what it lost is written down, and what is unsent counts from there.

Every step may be repeated. What was lost is written down first; a restoration that was interrupted after it finds the
same once more, because nothing is sent and nothing is looked past before the epoch has begun.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.orders.questions import repository as questions
from services.subsidy.assessment.lost import take_up_lost
from shared.database.engine import Database
from shared.messaging.bus.protocol import Bus
from shared.messaging.outbox import epochs
from shared.messaging.outbox.epochs import Beginning, LostEvent
from shared.messaging.outbox.lanes import LEASE_S, Lanes
from shared.messaging.outbox.own_topic import OwnTopic
from shared.messaging.topics.offset_tracker import fingerprint
from shared.settings import Settings
from tools.restore.rosters import roster_tasks
from tools.restore.tasks import Task, kind_of, tasks_of
from verify.anchor import AnchorLine, AnchorRefused, Head, read_anchor

# The lanes come free by themselves where the command dies before it gives them back.
_HELD_S = 120.0
# One batch of a relay may have been sent and not marked when the database was copied.
_BACK = 1_000
# What is done at once about the lost window: the channel is asked, and what others know is taken up again.
_ASKED_AGAIN: Mapping[str, Callable[[AsyncSession], Awaitable[int]]] = {
    "payment": questions.ask_all_open,
    "subsidy": take_up_lost,
}
_UNSENT = text("SELECT id FROM outbox WHERE published_at IS NULL")
_HEADS = text("SELECT encode(hash, 'hex'), sealed_at FROM sealed_block WHERE table_name = :table AND block = :block")


@dataclass
class Restoration:
    """What was found, and what was done about it."""

    service: str
    began: int | None = None
    epoch: int = 1
    restored_to: datetime | None = None
    lost: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    moved: int = 0
    asked: int = 0
    abandoned: dict[str, list[dict[str, str | int]]] = field(default_factory=dict)


@dataclass
class Left:
    """What is still to be made good: entries that people make again, and events that follow by themselves."""

    tasks: list[Task] = field(default_factory=list)
    following: Counter[str] = field(default_factory=Counter)


class Restorer:
    """Restores one service's database, as the owner of its tables."""

    def __init__(
        self, settings: Settings, service: str, bus: Bus, database: Database, *, lease_s: float = LEASE_S
    ) -> None:
        """Restore ``service``; a relay that works has sent what it had in hand after ``lease_s``."""
        self._settings, self._service, self._database, self._lease_s = settings, service, database, lease_s
        self._topic = OwnTopic(database, bus, service, settings.region)

    async def examine(self, anchor: Path | None = None) -> Restoration:
        """What a restoration would find; nothing is changed."""
        return await self._look(anchor, keep=False)

    async def restore(
        self, *, began_by: str, because: str, anchor: Path | None = None, anyway: bool = False
    ) -> Restoration:
        """Begin an epoch where others are ahead, or ``anyway`` where the bus was lost too; else change nothing."""
        found = await self._look(anchor, keep=True)
        if not found.lost and not anyway:
            return found
        async with self._nothing_sent():
            return await self._begin(found, began_by, because)

    async def _begin(self, found: Restoration, began_by: str, because: str) -> Restoration:
        on_the_bus = await self._sent()
        async with self._database.transaction(self._settings.region) as session:
            await epochs.lock_announcing(session)
            epoch = await epochs.current_epoch(session)
            if epoch != found.epoch:
                found.epoch = epoch
                return found  # another process began it meanwhile
            restored_to = await epochs.last_recorded(session)
            found.began = await epochs.begin_epoch(
                session, Beginning(began_by, because, found.restored_to or restored_to, found.abandoned)
            )
            found.moved = await epochs.move_unsent(session, found.began, on_the_bus)
            if (ask := _ASKED_AGAIN.get(self._service)) is not None:
                found.asked = await ask(session)
        return found

    async def left(self) -> Left:
        """What is still to be made good: by people, oldest first, and what follows by itself."""
        lost: list[LostEvent] = []
        async with self._database.transaction(self._settings.region) as session:
            await epochs.settle_made_good(session)
            while page := await epochs.waiting_lost(session, after=lost[-1].id if lost else UUID(int=0)):
                lost += page
            rosters = await roster_tasks(session) if self._service == "subsidy" else []
        by_itself = Counter(each.event for each in lost if not kind_of(each.event, each.payload).zh)
        return Left([*tasks_of(lost), *rosters], by_itself)

    async def _look(self, anchor: Path | None, *, keep: bool) -> Restoration:
        found = Restoration(self._service)
        async with self._database.transaction(self._settings.region) as session:
            found.epoch = await epochs.current_epoch(session)
            found.restored_to = await epochs.last_recorded(session)
        found.abandoned = await self._abandoned(anchor, found.restored_to)
        async for records in self._topic.pages():
            lost = [LostEvent.of(*each) for each in await self._topic.not_announced(records)]
            found.lost.update(each.event for each in lost)
            waiting = [each for each in lost if kind_of(each.event, each.payload).kept]
            found.kept += len(waiting)
            if keep and waiting:
                async with self._database.transaction(self._settings.region) as session:
                    await epochs.keep_lost(session, found.epoch + 1, waiting)
        return found

    @asynccontextmanager
    async def _nothing_sent(self) -> AsyncIterator[None]:
        """Let no relay send or mark anything meanwhile, also where the service runs: what lies on the bus stays so."""
        lanes = Lanes(self._database, self._settings.region, _HELD_S)
        if await lanes.seize():
            await asyncio.sleep(self._lease_s)
        try:
            yield
        finally:
            await lanes.leave()

    async def _sent(self) -> set[UUID]:
        """The unmarked events that lie on the bus all the same."""
        async with self._database.transaction(self._settings.region) as session:
            unsent = set((await session.execute(_UNSENT)).scalars())
        sent: set[UUID] = set()
        if unsent:
            async for records in self._topic.pages(back=_BACK):
                sent |= unsent & {fingerprint(record) for record in records}
        return sent

    async def _abandoned(self, anchor: Path | None, restored_to: datetime) -> dict[str, list[dict[str, str | int]]]:
        """The heads that an anchor holds and that the restored database does not have.

        Raises AnchorRefused for one that no restoration can have lost: it was anchored before the moment to which the
        database was restored, or in its place stands another one that had been sealed by then.
        """
        lines = read_anchor(anchor, self._settings.installation) if anchor is not None else ()
        gone: dict[str, dict[int, str]] = {}
        async with self._database.transaction(self._settings.region) as session:
            for line, table, head in _heads_of(lines, self._service):
                found = (await session.execute(_HEADS, {"table": table, "block": head.block})).one_or_none()
                if found is not None and found[0] == head.hash:
                    continue
                if line.written_at < restored_to or (found is not None and found[1] <= line.written_at):
                    raise AnchorRefused(_never_lost(self._service, table, head, line.written_at))
                gone.setdefault(table, {})[head.block] = head.hash
        return {
            table: [{"block": block, "hash": hash_} for block, hash_ in sorted(heads.items())]
            for table, heads in sorted(gone.items())
        }


def _never_lost(service: str, table: str, head: Head, written_at: datetime) -> str:
    return (
        f"{service}.{table} 第 {head.block} 块已于 {written_at.isoformat()} 写入锚点，库中却没有或不同，"
        "并非恢复所致：锚点或数据库被改动，未作更改"
        f" · block {service}.{table} {head.block}, anchored at {written_at.isoformat()}, is gone or another one, and "
        "no restoration has lost it: the anchor or the database was changed; nothing was done"
    )


def _heads_of(lines: Sequence[AnchorLine], service: str) -> list[tuple[AnchorLine, str, Head]]:
    return [(line, table, head) for line in lines for table, head in line.heads.get(service, {}).items()]
