"""Relays: one holder per lane, marking only what was acknowledged, and nobody waits for another's trouble."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from shared.domain.ids import new_id
from shared.messaging.bus.protocol import MAX_RECORD_BYTES, BusRefused
from shared.messaging.topics.installation import record_installation
from shared.messaging.topics.stats import bus_stats, lag
from tests.harness.eventually import eventually
from tests.shared.messaging.example_services import (
    PARTITIONS,
    REGION,
    RecordingHandlers,
    Stage,
    arrived,
    left,
    partition_of,
)


async def unpublished(stage: Stage) -> int:
    return (await bus_stats(stage.publisher("station"), REGION)).unpublished


async def test_a_running_relay_sends_what_is_committed(stage: Stage) -> None:
    async with stage.relaying("station"):
        for _ in range(3):
            await stage.announce(arrived(new_id()))

            async def all_published() -> bool:
                return await unpublished(stage) == 0

            await eventually(all_published)


async def test_a_relay_whose_lanes_were_taken_over_can_no_longer_mark(stage: Stage) -> None:
    train = new_id()
    stopped, successor = stage.relay("station"), stage.relay("station")
    await stopped.prepare()
    await stopped.lanes.renew()
    await stage.announce(arrived(train), left(train))
    # As if it had been stopped for longer than its lease, without noticing.
    await stage.sql("station", "UPDATE relay_lane SET expires_at = now() - interval '1 second'")
    await stage.sql("station", "UPDATE relay_member SET expires_at = now() - interval '1 second'")
    await successor.lanes.renew()
    assert len(successor.lanes.held) == PARTITIONS
    assert await stopped.step() == 0
    assert await unpublished(stage) == 2
    assert await successor.step() == 2
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(2)
        await stage.taken_up_to_the_end()
    assert [each.seq for each in await stage.recorded()] == [1, 2]


async def test_a_relay_that_lost_its_lanes_and_won_them_again_marks_nothing_under_the_old_lease(stage: Stage) -> None:
    relay = stage.relay("station")
    await relay.prepare()
    await relay.lanes.renew()
    await stage.announce(arrived(new_id()))
    await stage.sql("station", "UPDATE relay_lane SET token = token + 1")
    assert (await relay.step(), await unpublished(stage)) == (0, 1)
    await relay.lanes.renew()
    assert (await relay.step(), await unpublished(stage)) == (1, 0)


async def test_what_was_fetched_too_late_to_be_sent_within_the_lease_is_not_sent(stage: Stage) -> None:
    relay = stage.relay("station", lease_s=1.0)
    await relay.prepare()
    await relay.lanes.renew()
    await stage.announce(arrived(new_id()))
    # The fetch takes half the lease, because somebody has locked the whole outbox.
    connection = await asyncpg.connect(stage.clones.url("station", "owner"))
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
            step = asyncio.create_task(relay.step())
            await eventually(lambda: relay.lanes.age_s > 0.5)
    finally:
        await connection.close()
    assert await step == 0
    assert set((await stage.bus().ends(["station"])).values()) == {0}
    assert await relay.step() == 1


async def test_relays_share_the_lanes_evenly_and_give_them_back(stage: Stage) -> None:
    first, second = stage.relay("station"), stage.relay("station")
    await first.prepare()
    await first.lanes.renew()
    assert len(first.lanes.held) == PARTITIONS
    await second.lanes.renew()
    assert len(second.lanes.held) == 0
    await first.lanes.renew()
    await second.lanes.renew()
    assert len(first.lanes.held) == len(second.lanes.held) == PARTITIONS // 2
    assert not set(first.lanes.held) & set(second.lanes.held)
    await first.lanes.leave()
    await second.lanes.renew()
    assert len(second.lanes.held) == PARTITIONS


@pytest.mark.expects_errors
async def test_a_record_that_the_bus_refuses_blocks_only_its_lane(stage: Stage) -> None:
    trains = [new_id() for _ in range(40)]
    stuck = trains[0]
    lane = partition_of(arrived(stuck)).partition
    others = [train for train in trains if partition_of(arrived(train)).partition != lane]
    await stage.announce(arrived(stuck))
    # No publisher can announce this much; a record that no bus takes must stop nobody all the same.
    await stage.sql("station", "ALTER TABLE outbox DISABLE TRIGGER outbox_unchanged")
    await stage.sql(
        "station", "UPDATE outbox SET payload = to_json(repeat('x', $1::int))", MAX_RECORD_BYTES + 1_000_000
    )
    await stage.announce(*(arrived(train) for train in trains[1:]))
    handlers = RecordingHandlers()
    async with stage.relaying("station"), stage.listening(handlers):
        recorded = await stage.until_recorded(len(others))
        assert {each.train_id for each in recorded} == set(others)
        await stage.sql("station", "UPDATE outbox SET payload = $1::json WHERE key = $2", _small(stuck), stuck)
        recorded = await stage.until_recorded(len(trains), within_s=60)
    assert {each.train_id for each in recorded} == set(trains)


def _small(train: object) -> str:
    return f'{{"region": "{REGION}", "train_id": "{train}", "platform": 1}}'


async def test_lag_counts_what_lies_on_the_bus_and_was_not_taken_in(stage: Stage) -> None:
    await stage.announce(*(arrived(new_id()) for _ in range(7)))
    await stage.relayed("station")
    listener, bus = stage.database("listener"), stage.bus()
    assert await lag(listener, bus, REGION, ["station", "depot"]) == {"station": 7, "depot": 0}
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(7)
    assert await lag(listener, bus, REGION, ["station"]) == {"station": 0}


async def test_a_changed_partition_count_is_refused_everywhere(stage: Stage) -> None:
    bus = stage.bus()
    await bus.create_topics(["station"])
    other = stage.bus()
    other.partitions = PARTITIONS * 2
    with pytest.raises(BusRefused, match="partitions"):
        await other.create_topics(["station"])
    with pytest.raises(BusRefused, match="fixed at installation"):
        await stage.relay("station", other).prepare()
    with pytest.raises(BusRefused, match="partitions"):
        await stage.consumer(RecordingHandlers(), other).run(asyncio.Event())
    assert (await bus.topics())["station"] == PARTITIONS


async def test_topics_of_another_installation_are_left_alone(stage: Stage) -> None:
    mine = stage.bus()
    theirs = stage.bus_of("neighbour-" + mine.installation)
    await theirs.create_topics(["station", "depot"])
    await stage.announce(arrived(new_id()))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(1)
    assert sum((await theirs.ends(["station", "depot"])).values()) == 0
    assert set(await theirs.topics()) == {"station", "depot"}
    assert set(await mine.topics()) == {"station"}


async def test_a_topic_of_our_name_that_this_database_never_made_is_refused(stage: Stage) -> None:
    """Somebody reinstalled beside an old broker: its topic holds other people's events."""
    bus = stage.bus()
    await bus.create_topics(["station"])
    with pytest.raises(BusRefused, match="another installation"):
        await stage.relay("station").prepare()
    async with stage.publisher("station").transaction(REGION) as session:
        await record_installation(session, service="station", installation=bus.installation, partitions=PARTITIONS)
    with pytest.raises(BusRefused, match="another installation"):
        await stage.relay("station").prepare()


async def test_a_topic_that_we_made_is_ours_after_a_restart(stage: Stage) -> None:
    await stage.relay("station").prepare()
    await stage.relay("station").prepare()
    assert set(await stage.bus().topics()) == {"station"}
