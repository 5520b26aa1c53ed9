"""Marked is not received: a publisher looks whether its topic still holds what it sent, and nothing that it lost."""

from __future__ import annotations

import pytest

from shared.domain.ids import new_id
from shared.messaging.outbox.own_topic import OthersAreAhead, OwnTopic
from shared.messaging.outbox.sending_again import send_again
from tests.shared.messaging.conformance.test_epochs import BEGIN, LOSE
from tests.shared.messaging.example_services import (
    REGION,
    RecordingHandlers,
    Stage,
    arrived,
    left,
    outgoing,
    partition_of,
    sent,
)


def own_topic(stage: Stage) -> OwnTopic:
    """The station's topic, as it sees it."""
    return OwnTopic(stage.publisher("station"), stage.bus(), "station", REGION)


async def test_a_topic_that_was_made_again_is_filled_again_by_its_publisher(stage: Stage) -> None:
    """E2: 20 events were marked, the topic was lost and made again before anybody had read it: all 20 arrive."""
    trains = [new_id() for _ in range(20)]
    await stage.announce(*(arrived(train) for train in trains))
    await stage.relayed("station")
    assert await own_topic(stage).look() == 0
    await stage.recreate_topic("station")
    assert await own_topic(stage).missing() != []
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        recorded = await stage.until_recorded(20)
        await stage.taken_up_to_the_end()
    assert {each.train_id for each in recorded} == set(trains)
    assert len(await stage.recorded()) == 20
    assert await own_topic(stage).missing() == []


async def test_a_topic_that_was_filled_beyond_where_it_was_is_known_by_its_records(stage: Stage) -> None:
    """E2: the topic is longer than it was, and still not the one that was sent to."""
    train = new_id()
    await stage.announce(arrived(train), left(train))
    await stage.relayed("station")
    await stage.recreate_topic("station")
    # Who relayed meanwhile did not look.
    await stage.sql("station", "UPDATE relay_lane SET seen_offset = 0, seen_event_id = NULL")
    await stage.announce(*(arrived(train) for _ in range(5)))
    await stage.relayed("station")
    lane = partition_of(arrived(train)).partition
    await stage.sql("station", "UPDATE relay_lane SET seen_offset = 2, seen_event_id = $1 WHERE lane = $2", train, lane)
    assert await own_topic(stage).look() == 7
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        recorded = await stage.until_recorded(7)
    assert [each.seq for each in recorded] == [1, 2, 3, 4, 5, 6, 7]


async def test_what_was_marked_from_then_on_is_sent_again_and_nobody_takes_it_in_twice(stage: Stage) -> None:
    """E2: canbao replay outbox --since, portion by portion."""
    trains = [new_id() for _ in range(5)]
    await stage.announce(*(arrived(train) for train in trains))
    await stage.relayed("station")
    await stage.sql(
        "station", "UPDATE outbox SET published_at = published_at - interval '2 days' WHERE key < $1", max(trains)
    )
    since = (await stage.sql("station", "SELECT now() - interval '1 day' AS at"))[0]["at"]
    assert await send_again(stage.publisher("station"), REGION, since=since, at_once=2) == 1
    assert await send_again(stage.publisher("station"), REGION, at_once=2) == 4
    await stage.relayed("station")
    bus = stage.bus()
    assert sum((await bus.ends(["station"])).values()) == 10
    async with stage.listening(RecordingHandlers()):
        await stage.taken_up_to_the_end()
    assert len(await stage.recorded()) == 5


async def test_a_publisher_that_was_restored_to_earlier_refuses_to_work_until_its_epoch_is_raised(stage: Stage) -> None:
    """E1: the topic holds events 3 and 4, which the restored database never announced."""
    train = new_id()
    await stage.announce(arrived(train), left(train))
    await stage.relayed("station")
    assert await own_topic(stage).look() == 0
    await stage.announce(arrived(train), left(train))
    relay = stage.relay("station")
    await relay.prepare()
    await relay.lanes.renew()
    assert await relay.step() == 2
    await relay.lanes.leave()
    await own_topic(stage).refuse_if_behind()
    for statement in LOSE:
        await stage.sql("station", statement)
    with pytest.raises(OthersAreAhead, match="canbao restore station"):
        await own_topic(stage).look()
    assert [(each.event, each.seq) for each, _ in await own_topic(stage).unknown()] == [
        ("station.train_arrived.v1", 3),
        ("station.train_left.v1", 4),
    ]
    await stage.sql("station", BEGIN)
    await own_topic(stage).refuse_if_behind()


async def test_what_is_old_and_was_purged_is_not_taken_for_lost(stage: Stage) -> None:
    """A number that was given here, of an event older than what the outbox keeps, is this database's own."""
    train, other = new_id(), new_id()
    bus = stage.bus()
    await bus.create_topics(["station"])
    await sent(bus, outgoing(arrived(train), 1, bus=bus))
    await stage.sql("station", "INSERT INTO aggregate (id, seq) VALUES ($1, 1)", train)
    await own_topic(stage).refuse_if_behind()
    await sent(bus, outgoing(arrived(other), 1, bus=bus))
    with pytest.raises(OthersAreAhead, match="1 or more events"):
        await own_topic(stage).refuse_if_behind()
