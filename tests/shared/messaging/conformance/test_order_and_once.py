"""Whatever carries the events: an aggregate's events arrive in order, and each counts once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Event, Received
from shared.domain.ids import new_id
from tests.shared.messaging.example_services import (
    Recorded,
    RecordingHandlers,
    Stage,
    arrived,
    left,
    outgoing,
    sent,
    serviced,
    whistle,
)


def in_order(recorded: Sequence[Recorded]) -> dict[tuple[str, UUID], list[int]]:
    """Per publisher and aggregate the sequence numbers as they were taken in."""
    lines: dict[tuple[str, UUID], list[int]] = defaultdict(list)
    for each in recorded:
        lines[each.publisher, each.train_id].append(each.seq)
    return lines


async def test_each_aggregates_events_arrive_in_order_and_once(stage: Stage) -> None:
    trains = [new_id() for _ in range(30)]
    handlers = RecordingHandlers()
    async with stage.relaying(), stage.listening(handlers):
        for visit in range(5):
            await stage.announce(*(arrived(train, visit) for train in trains), *(left(train) for train in trains))
            await stage.announce(*(serviced(train) for train in trains))
        recorded = await stage.until_recorded(30 * 15)
        await stage.taken_up_to_the_end()
    lines = in_order(recorded)
    assert {line: seqs for line, seqs in lines.items() if seqs != sorted(set(seqs))} == {}
    assert all(lines["station", train] == list(range(1, 11)) for train in trains)
    assert all(lines["depot", train] == list(range(1, 6)) for train in trains)


async def test_a_redelivered_event_changes_nothing(stage: Stage) -> None:
    train = new_id()
    bus = stage.bus()
    await bus.create_topics(["station"])
    first, second = outgoing(arrived(train), 1, bus=bus), outgoing(left(train), 2, bus=bus)
    await sent(bus, first, second, second)
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(2)
        # What a relay sends again after a crash, long after it was taken in.
        await sent(bus, first, second)
        await sent(bus, first)
        await stage.taken_up_to_the_end()
    assert [each.seq for each in await stage.recorded()] == [1, 2]


async def test_a_relay_that_crashed_between_sending_and_marking_sends_again_and_nobody_notices(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train), left(train))
    await stage.relayed("station")
    # What such a crash leaves behind: the records are on the bus, and the outbox does not know.
    await stage.sql("station", "UPDATE outbox SET published_at = NULL")
    await stage.announce(arrived(train))
    await stage.relayed("station")
    bus = stage.bus()
    assert sum((await bus.ends(["station"])).values()) == 5
    async with stage.listening(RecordingHandlers()):
        await stage.taken_up_to_the_end()
    assert [each.seq for each in await stage.recorded()] == [1, 2, 3]


async def test_a_fresh_consumer_starts_at_the_beginning(stage: Stage) -> None:
    trains = [new_id() for _ in range(700)]
    await stage.announce(*(arrived(train) for train in trains))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        recorded = await stage.until_recorded(700)
    assert {each.train_id for each in recorded} == set(trains)


async def test_a_consumer_goes_on_where_its_database_stands_not_where_the_bus_thinks(stage: Stage) -> None:
    """A crash between the database's commit and the bus's commit: the bus never learned of it."""
    train = new_id()
    await stage.announce(arrived(train), left(train))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(2)
    # Even if cursors were lost, offsets alone must not bring the events back.
    await stage.sql("listener", "DELETE FROM cursor")
    await stage.sql("listener", "INSERT INTO cursor (publisher, aggregate_id, seq) VALUES ('station', $1, 2)", train)
    handlers = RecordingHandlers()
    async with stage.listening(handlers):
        await stage.announce(arrived(train))
        await stage.relayed("station")
        await stage.until_recorded(3)
    assert [[received.seq for received in batch] for batch in handlers.batches] == [[3]]


async def test_the_cursor_advances_on_kinds_that_nobody_asked_for(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train), whistle(train), whistle(train), left(train))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(2)
        await stage.announce(whistle(train))
        await stage.relayed("station")
        await stage.taken_up_to_the_end()
    assert [each.seq for each in await stage.recorded()] == [1, 4]
    assert [row["seq"] for row in await stage.sql("listener", "SELECT seq FROM cursor")] == [5]
    assert await stage.count("listener", "parked_event") == 0


async def test_a_handler_never_sees_an_aggregate_twice_in_one_batch(stage: Stage) -> None:
    trains = [new_id() for _ in range(5)]
    await stage.announce(*(arrived(train, visit) for visit in range(6) for train in trains))
    await stage.relayed("station")
    handlers = RecordingHandlers()
    async with stage.listening(handlers):
        await stage.until_recorded(30)
    for batch in handlers.batches:
        keys = [received.event.key for received in batch]
        assert len(keys) == len(set(keys))
        assert keys == sorted(keys)


async def test_a_slow_consumer_gets_everything_in_portions(stage: Stage) -> None:
    trains = [new_id() for _ in range(1500)]
    await stage.announce(*(arrived(train) for train in trains))
    await stage.relayed("station")

    async def slowly(session: AsyncSession, events: Sequence[Received[Event]]) -> None:
        await asyncio.sleep(0.3)

    handlers = RecordingHandlers(before=slowly)
    async with stage.listening(handlers):
        recorded = await stage.until_recorded(1500)
    assert len(recorded) == len({each.train_id for each in recorded}) == 1500
    assert max(len(batch) for batch in handlers.batches) <= 500
