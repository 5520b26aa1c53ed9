"""A publisher that was restored to earlier gives numbers again: no fact is lost by it or taken for another."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.ids import new_id
from tests.shared.messaging.example_services import (
    EPOCH,
    RecordingHandlers,
    Stage,
    arrived,
    left,
    outgoing,
    sent,
)

# What a restored publisher's database has lost, and the epoch that its restoration begins.
LOSE = (
    "ALTER TABLE outbox DISABLE TRIGGER USER",
    "DELETE FROM outbox WHERE aggregate_seq > 2",
    "ALTER TABLE outbox ENABLE TRIGGER USER",
    "UPDATE aggregate SET seq = 2",
)
BEGIN = "INSERT INTO epoch (epoch, began_by, because, restored_to) VALUES (2, 'test', 'disk lost', now())"


async def test_a_restored_publishers_facts_are_taken_in_under_numbers_that_were_given_before(stage: Stage) -> None:
    """E1: numbers 3 and 4 of the first epoch were taken in; 3 of the second is another fact, and counts."""
    train = new_id()
    async with stage.listening(RecordingHandlers()):
        await stage.announce(arrived(train), left(train), arrived(train), left(train))
        await stage.relayed("station")
        await stage.until_recorded(4)
        for statement in (*LOSE, BEGIN):
            await stage.sql("station", statement)
        await stage.announce(arrived(train, 7), left(train))
        await stage.relayed("station")
        recorded = await stage.until_recorded(6)
        await stage.taken_up_to_the_end()
    assert [(each.seq, each.event) for each in recorded[4:]] == [
        (3, "station.train_arrived.v1"),
        (4, "station.train_left.v1"),
    ]
    rows = await stage.sql("listener", "SELECT epoch, seq, last_event_id FROM cursor")
    last = await stage.sql("station", "SELECT id FROM outbox WHERE epoch = 2 AND aggregate_seq = 4")
    assert [tuple(row) for row in rows] == [(2, 4, last[0]["id"])]
    assert await stage.count("listener", "dead_letter") == await stage.count("listener", "parked_event") == 0


async def test_who_is_behind_waits_for_the_rest_of_the_epoch_before(stage: Stage) -> None:
    """E1: the new epoch follows on number 2 of the first; who has not taken it in waits for it."""
    train = new_id()
    bus = stage.bus()
    await bus.create_topics(["station"])
    async with stage.listening(RecordingHandlers()):
        await sent(
            bus,
            outgoing(arrived(train), 1, bus=bus),
            outgoing(arrived(train), 3, bus=bus, epoch=2, previous_epoch=1),
            outgoing(left(train), 4, bus=bus, epoch=2),
        )
        await stage.taken_up_to_the_end()
        assert [each.seq for each in await stage.recorded()] == [1]
        await sent(bus, outgoing(left(train), 2, bus=bus))
        await stage.until_recorded(4)
    assert [each.seq for each in await stage.recorded()] == [1, 2, 3, 4]
    assert await stage.count("listener", "parked_event") == 0


async def test_another_fact_under_a_known_number_becomes_a_dead_letter(stage: Stage) -> None:
    """E1: without a new epoch it differs from a duplicate by its id, or by when it was recorded; never dropped."""
    train, other = new_id(), new_id()
    bus = stage.bus()
    await bus.create_topics(["station"])
    later = EPOCH + timedelta(hours=1)
    async with stage.listening(RecordingHandlers()):
        await sent(bus, *(outgoing(arrived(each), seq, bus=bus) for each in (train, other) for seq in (1, 2, 3)))
        await stage.until_recorded(6)
        await sent(
            bus,
            outgoing(left(train), 3, bus=bus),
            outgoing(left(other), 2, bus=bus, occurred_at=later),
            outgoing(left(other), 4, bus=bus, occurred_at=later),
        )
        await stage.taken_up_to_the_end()
    letters = await stage.sql("listener", "SELECT reason, epoch, seq, state FROM dead_letter ORDER BY seq")
    assert [tuple(row) for row in letters] == [
        ("NUMBER_REUSED", 1, 2, "WAITING"),
        ("NUMBER_REUSED", 1, 3, "WAITING"),
    ]
    # What follows on a fact that contradicts what is known waits for a person.
    assert [row["seq"] for row in await stage.sql("listener", "SELECT seq FROM parked_event")] == [4]


async def test_events_of_before_there_were_epochs_are_of_the_first(stage: Stage) -> None:
    """What lies on a topic from before has no header for it; a cursor of before knows no id."""
    train = new_id()
    bus = stage.bus()
    await bus.create_topics(["station"])
    first = outgoing(arrived(train), 1, bus=bus)
    assert not {"ce_epoch", "ce_previousepoch"} & first.headers.keys()
    await stage.sql("listener", "INSERT INTO cursor (publisher, aggregate_id, seq) VALUES ('station', $1, 1)", train)
    async with stage.listening(RecordingHandlers()):
        await sent(bus, first, outgoing(left(train), 2, bus=bus))
        await stage.until_recorded(1)
    rows = await stage.sql("listener", "SELECT epoch, seq FROM cursor")
    assert [tuple(row) for row in rows] == [(1, 2)]
    assert await stage.count("listener", "dead_letter") == 0
