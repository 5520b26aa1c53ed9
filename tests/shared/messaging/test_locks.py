"""What is locked in which order, and who waits for whom: the locks that no deadlock and no lost event get past."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.messaging.bus.envelope import Envelope
from shared.messaging.bus.protocol import Incoming, PartitionId
from shared.messaging.consumer import cursors
from shared.messaging.consumer.ingestion import ingest
from shared.messaging.dead_letters import replay
from shared.messaging.dead_letters.replay import DeadLetterContext
from shared.messaging.records.sequence import SequencedRecord
from shared.messaging.topics import offsets
from shared.messaging.topics.offsets import OffsetAdvance
from tests.harness.eventually import eventually
from tests.shared.messaging.conformance.test_poison import refusing
from tests.shared.messaging.example_services import (
    LISTENER,
    REGION,
    RecordingHandlers,
    Stage,
    arrived,
    left,
    outgoing,
    partition_of,
    sent,
)

# What waits for a row waits for the transaction that holds it, which lies in no database.
_BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@asynccontextmanager
async def holding(stage: Stage, query: str, *arguments: Any) -> AsyncIterator[None]:
    """Another transaction that has these rows locked for the length of the block."""
    connection = await asyncpg.connect(stage.clones.url(LISTENER, "owner"))
    try:
        async with connection.transaction():
            await connection.execute(query, *arguments)
            yield
    finally:
        await connection.close()


async def blocked(stage: Stage, task: asyncio.Task[Any]) -> None:
    """Return when the task waits for a lock; one that has ended did not wait."""

    async def waits() -> bool:
        assert not task.done(), "it waited for nobody"
        return bool((await stage.sql(LISTENER, _BLOCKED))[0]["count"])

    await eventually(waits, message="somebody waits for a lock")


async def while_blocked(stage: Stage, work: Coroutine[Any, Any, Any], look: str, *arguments: Any) -> None:
    """While the work waits for its first row, its second is free: a look with NOWAIT gets it."""
    task = asyncio.create_task(work)
    await blocked(stage, task)
    try:
        await stage.sql(LISTENER, look, *arguments)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("open_bus", ["postgres"], indirect=True)
async def test_offsets_are_locked_in_order_whatever_order_they_come_in(stage: Stage) -> None:
    # Later first, also on disk, so that only sorting brings the earlier one to the front.
    await stage.sql(LISTENER, "INSERT INTO consumer_offset (topic, partition, next_offset) VALUES ('station', 1, 0)")
    await stage.sql(LISTENER, "INSERT INTO consumer_offset (topic, partition, next_offset) VALUES ('station', 0, 0)")
    moves = [OffsetAdvance(PartitionId("station", partition), 0, 1, new_id()) for partition in (1, 0)]

    async def move() -> None:
        async with stage.database(LISTENER).transaction(REGION) as session:
            await offsets.compare_and_set(session, moves)

    async with holding(stage, "SELECT FROM consumer_offset WHERE partition = 0 FOR UPDATE"):
        await while_blocked(stage, move(), "SELECT FROM consumer_offset WHERE partition = 1 FOR UPDATE NOWAIT")


def _step(aggregate: UUID) -> SequencedRecord:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    envelope = Envelope(new_id(), "station.x.v1", "station", aggregate, 2, REGION, None, at, Trace.start("t"))
    return SequencedRecord(Incoming(PartitionId("station", 0), 0, None, {}, None), envelope)


@pytest.mark.parametrize("open_bus", ["postgres"], indirect=True)
async def test_cursors_are_written_in_order_whatever_order_they_come_in(stage: Stage) -> None:
    earlier, later = UUID(int=1), UUID(int=2)
    await stage.sql(LISTENER, "INSERT INTO cursor VALUES ('station', $1, 1), ('station', $2, 1)", earlier, later)

    async def advance() -> None:
        async with stage.database(LISTENER).transaction(REGION) as session:
            await cursors.advance(session, [_step(later), _step(earlier)])

    async with holding(stage, "SELECT FROM cursor WHERE aggregate_id = $1 FOR UPDATE", earlier):
        look = "SELECT FROM cursor WHERE aggregate_id = $1 FOR UPDATE NOWAIT"
        await while_blocked(stage, advance(), look, later)


@pytest.mark.parametrize("open_bus", ["postgres"], indirect=True)
async def test_a_replay_waits_for_the_consumer_that_parks_an_event_behind_the_letter(stage: Stage) -> None:
    train, bus = new_id(), stage.bus()
    await bus.create_topics(["station"])
    await sent(bus, outgoing(arrived(train), 1, bus=bus))
    async with stage.listening(refusing(train)):
        await stage.taken_up_to_the_end()
    handlers = RecordingHandlers()
    context = DeadLetterContext(stage.database(LISTENER), REGION, handlers.subscriptions(), None)
    [letter] = await replay.waiting(context.database, REGION)
    at = partition_of(arrived(train))
    second = outgoing(left(train), 2, bus=bus)
    record = Incoming(at, 1, second.key, second.headers, second.value)

    async with stage.database(LISTENER).transaction(REGION) as session:
        assert await offsets.compare_and_set(session, [OffsetAdvance(at, 1, 2, second.id)]) == {at}
        await ingest(session, [record], subscriptions=handlers.subscriptions(), resources=None, region=REGION)
        replaying = asyncio.create_task(replay.replay(context, letter.id, "operator:li"))

        async def waits_or_went_ahead() -> bool:
            return replaying.done() or bool((await stage.sql(LISTENER, _BLOCKED))[0]["count"])

        await eventually(waits_or_went_ahead)

    assert await replaying == "DONE"
    assert [each.seq for each in await stage.recorded()] == [1, 2]
    assert await stage.count(LISTENER, "parked_event") == 0
