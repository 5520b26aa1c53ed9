"""Several members share the work; they come, go, stop and wake up, and nothing is lost or counted twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Event, Received
from shared.domain.ids import new_id
from shared.messaging.bus.protocol import Incoming, Member, PartitionId, RebalanceListener
from tests.harness.eventually import eventually
from tests.shared.messaging.example_services import (
    PARTITIONS,
    POOL,
    REGION,
    Recorded,
    RecordingHandlers,
    Stage,
    arrived,
    left,
    outgoing,
    sent,
)


def assert_each_once_and_in_order(recorded: Sequence[Recorded], trains: Sequence[UUID], seqs: list[int]) -> None:
    """Every train's events are there, once, in order."""
    lines: dict[UUID, list[int]] = {train: [] for train in trains}
    for each in recorded:
        lines[each.train_id].append(each.seq)
    assert {train: line for train, line in lines.items() if line != seqs} == {}


async def test_two_members_share_the_partitions(stage: Stage) -> None:
    trains = [new_id() for _ in range(200)]
    await stage.announce(arrived(trains[0]))
    first, second = RecordingHandlers(), RecordingHandlers()
    async with stage.relaying("station"), stage.listening(first) as a, stage.listening(second) as b:
        await eventually(
            lambda: (
                len(a.partition_ids) + len(b.partition_ids) == PARTITIONS
                and len(a.partition_ids) == len(b.partition_ids)
            ),
            within_s=30,
        )
        await stage.announce(*(arrived(train) for train in trains[1:]), *(left(train) for train in trains))
        recorded = await stage.until_recorded(400)
        await stage.taken_up_to_the_end()
    assert first.batches
    assert second.batches
    assert_each_once_and_in_order(recorded, trains, [1, 2])


class _RebalancedWhilePolling:
    """A member whose partitions are taken away and given back while it fetches: only the end of the fetch arrives."""

    def __init__(self, member: Member, listener: RebalanceListener) -> None:
        self._member, self._listener, self.happened = member, listener, False

    async def poll(self, limit: int, wait_s: float) -> Sequence[Incoming]:
        """Poll; the first time that there is something, lose its first half."""
        records = await self._member.poll(limit, wait_s)
        if not records or self.happened:
            return records
        self.happened = True
        partition_ids = {record.partition_id for record in records}
        await self._listener.revoked(partition_ids)
        await self._listener.assigned(partition_ids)
        return records[len(records) // 2 :]

    async def seek(self, partition_id: PartitionId, offset: int) -> None:
        """As the bus does it."""
        await self._member.seek(partition_id, offset)

    async def commit_offsets(self, offsets: Mapping[PartitionId, int]) -> None:
        """As the bus does it."""
        await self._member.commit_offsets(offsets)

    async def ends(self) -> Mapping[PartitionId, int]:
        """As the bus does it."""
        return await self._member.ends()


async def test_what_was_fetched_across_a_rebalance_is_read_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    train, bus, joined = new_id(), stage.bus(), []
    await stage.announce(*(arrived(train, platform) for platform in range(10)))
    await stage.relayed("station")
    join = bus.join

    @asynccontextmanager
    async def rebalanced(group: str, topics: Collection[str], listener: RebalanceListener) -> AsyncIterator[Member]:
        async with join(group, topics, listener) as member:
            joined.append(_RebalancedWhilePolling(member, listener))
            yield joined[-1]

    monkeypatch.setattr(bus, "join", rebalanced)
    async with stage.listening(RecordingHandlers(), bus=bus):
        recorded = await stage.until_recorded(10)
    assert [each.happened for each in joined] == [True]
    assert [each.seq for each in recorded] == list(range(1, 11))


async def test_members_come_and_go_while_events_flow(stage: Stage) -> None:
    trains = [new_id() for _ in range(60)]
    visits = 12

    async def announce() -> None:
        for visit in range(visits):
            await stage.announce(*(arrived(train, visit) for train in trains))
            await asyncio.sleep(0.2)

    async def brief() -> None:
        for _ in range(3):
            async with stage.listening(RecordingHandlers()):
                await asyncio.sleep(0.8)

    async with stage.relaying("station"), stage.listening(RecordingHandlers()):
        await asyncio.gather(announce(), brief(), brief())
        await stage.until_recorded(60 * visits, within_s=60)
        await stage.taken_up_to_the_end()
    assert_each_once_and_in_order(await stage.recorded(), trains, list(range(1, visits + 1)))


async def test_of_two_who_think_they_hold_a_partition_only_one_counts(stage: Stage) -> None:
    """A member that was stopped and wakes up still believes in its old assignment. Here both believe for ever."""
    trains = [new_id() for _ in range(40)]
    await stage.announce(*(arrived(train) for train in trains))
    await stage.relayed("station")
    inside, both = [0], asyncio.Event()

    async def wait_for_the_other(session: AsyncSession, events: Sequence[Received[Event]]) -> None:
        inside[0] += 1
        if inside[0] > 1:
            both.set()
        try:
            await asyncio.wait_for(both.wait(), 1.0)
        except TimeoutError:
            # As it should be: the other one cannot get in.
            inside[0] -= 1

    handlers = RecordingHandlers(before=wait_for_the_other)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(stage.listening(handlers))
        await stack.enter_async_context(stage.listening(handlers, group="listener-that-was-stopped"))
        await stage.until_recorded(40)
        await stage.taken_up_to_the_end()
        await stage.announce(*(left(train) for train in trains))
        await stage.relayed("station")
        await stage.until_recorded(80)
        await stage.taken_up_to_the_end()
    assert_each_once_and_in_order(await stage.recorded(), trains, [1, 2])


async def test_a_member_that_was_stopped_with_a_batch_in_hand_counts_nothing_when_it_wakes_up(stage: Stage) -> None:
    early, trains = new_id(), [new_id() for _ in range(40)]
    bus = stage.bus()
    await bus.create_topics(["station", "depot"])
    async with AsyncExitStack() as stack:
        zombie = await stack.enter_async_context(
            stage.listening(RecordingHandlers(), group="listener-that-was-stopped")
        )
        await eventually(lambda: len(zombie.partition_ids) == 2 * PARTITIONS, within_s=30)
        await sent(bus, outgoing(arrived(early), 1, bus=bus))
        await stage.until_recorded(1)
        async with AsyncExitStack() as held:
            # It polls, and then cannot begin its transaction: its process stands still.
            for _ in range(POOL):
                await held.enter_async_context(zombie.database.transaction(REGION))
            await sent(bus, *(outgoing(arrived(train), 1, bus=bus) for train in trains))
            async with stage.listening(RecordingHandlers()):
                await stage.until_recorded(41)
                await stage.taken_up_to_the_end()
            # Even if the cursors were lost, the offsets alone keep the zombie out.
            await stage.sql("listener", "DELETE FROM cursor")
        await sent(bus, *(outgoing(arrived(train), 2, bus=bus) for train in trains))
        await stage.taken_up_to_the_end()
    assert_each_once_and_in_order(await stage.recorded(), [early, *trains], [1])
    assert await stage.count("listener", "parked_event") == 40


async def test_a_member_that_vanishes_hands_over_when_its_lease_ends(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train))
    await stage.relayed("station")
    async with stage.process_listening() as member:
        await stage.until_recorded(1)
        member.kill()
    async with stage.listening(RecordingHandlers()):
        await stage.announce(left(train))
        await stage.relayed("station")
        recorded = await stage.until_recorded(2, within_s=60)
    assert_each_once_and_in_order(recorded, [train], [1, 2])


async def test_nothing_is_revoked_under_a_running_transaction(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train))
    await stage.relayed("station")
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold(session: AsyncSession, events: Sequence[Received[Event]]) -> None:
        entered.set()
        await leave.wait()

    async with stage.listening(RecordingHandlers(before=hold)) as holder:
        await entered.wait()
        revoking = asyncio.create_task(holder.revoked(holder.partition_ids))
        done, _ = await asyncio.wait([revoking], timeout=0.3)
        leave.set()
        assert not done
        await revoking
        assert len(await stage.recorded()) == 1


@pytest.mark.expects_errors  # the client reports what it meets while the topic is away
async def test_a_topic_that_was_recreated_is_read_from_its_beginning(stage: Stage) -> None:
    trains = [new_id() for _ in range(20)]
    await stage.announce(*(arrived(train) for train in trains))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(20)
    await stage.recreate_topic("station")
    # Some of the old events come again, as after a restore, and as many new ones follow as it takes to look the same.
    await stage.sql("station", "UPDATE outbox SET published_at = NULL WHERE position > 10")
    await stage.announce(*(left(train) for train in trains))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(40)
        await stage.taken_up_to_the_end()
    assert_each_once_and_in_order(await stage.recorded(), trains, [1, 2])


@pytest.mark.expects_errors
async def test_a_topic_that_is_recreated_while_it_is_read_is_read_from_its_beginning(stage: Stage) -> None:
    trains = [new_id() for _ in range(20)]
    await stage.announce(*(arrived(train) for train in trains))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(20)
        await stage.recreate_topic("station")
        await stage.announce(*(left(train) for train in trains[:3]))
        await stage.relayed("station")
        await stage.until_recorded(23, within_s=60)
    offsets = await stage.sql("listener", "SELECT sum(next_offset)::int AS n FROM consumer_offset")
    assert offsets[0]["n"] <= 20
    assert sorted(each.seq for each in await stage.recorded()) == [1] * 20 + [2] * 3


@pytest.mark.expects_errors
async def test_a_topic_made_again_and_filled_past_what_was_read_is_read_from_its_beginning(stage: Stage) -> None:
    trains = [new_id() for _ in range(20)]
    await stage.announce(*(arrived(train) for train in trains))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers(), trusted_s=0.2):
        await stage.until_recorded(20)
        await stage.recreate_topic("station")
        for _ in range(10):
            await stage.announce(*(left(train) for train in trains))
        await stage.relayed("station")
        await stage.until_recorded(220, within_s=60)
        await stage.taken_up_to_the_end()
    assert_each_once_and_in_order(await stage.recorded(), trains, list(range(1, 12)))


@pytest.mark.expects_errors
async def test_a_recreated_topic_that_ends_where_reading_starts_is_noticed_without_another_record(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train), left(train))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(2)
    await stage.recreate_topic("station")
    await stage.announce(arrived(train))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        recorded = await stage.until_recorded(3)
    assert_each_once_and_in_order(recorded, [train], [1, 2, 3])


async def test_a_topic_that_appears_later_is_joined(stage: Stage) -> None:
    train = new_id()
    bus = stage.bus()
    await bus.create_topics(["depot"])
    async with stage.listening(RecordingHandlers()):
        await eventually(lambda: stage.offsets_of("depot"), within_s=30)
        await stage.announce(arrived(train))
        await stage.relayed("station")
        recorded = await stage.until_recorded(1)
    assert recorded[0].publisher == "station"
