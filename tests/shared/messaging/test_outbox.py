"""The outbox: events stand or fall with their transaction, and number each aggregate's events without a gap."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Event, Trace
from shared.database.engine import Database
from shared.domain.ids import new_id
from shared.messaging.bus.partition import partition_for
from shared.messaging.bus.protocol import MAX_EVENT_BYTES
from shared.messaging.outbox.publication import PublishedOutOfOrder, collected, publish, publish_portion
from shared.messaging.outbox.retention import purge
from shared.messaging.outbox.wake import woken
from tests.shared.messaging.example_services import PARTITIONS, REGION, Stage, arrived, left, serviced

pytestmark = pytest.mark.parametrize("open_bus", ["postgres"], indirect=True)


async def rows(stage: Stage) -> list[tuple[UUID, int]]:
    found = await stage.sql("station", "SELECT key, aggregate_seq FROM outbox ORDER BY position")
    return [(row["key"], row["aggregate_seq"]) for row in found]


async def test_events_are_numbered_per_aggregate_in_the_order_announced(stage: Stage) -> None:
    one, two = new_id(), new_id()
    await stage.announce(arrived(two), arrived(one), left(two))
    await stage.announce(left(one))
    assert await rows(stage) == [(two, 1), (one, 1), (two, 2), (one, 2)]


async def test_a_transaction_that_fails_announces_nothing_and_leaves_no_gap(stage: Stage) -> None:
    train = new_id()
    database = stage.publisher("station")
    with pytest.raises(LookupError):
        await _publish_in(database, arrived(train), then_fail=True)
    await stage.announce(left(train))
    assert await rows(stage) == [(train, 1)]


async def test_many_writers_about_the_same_aggregates_never_lock_each_other_out(stage: Stage) -> None:
    trains = [new_id() for _ in range(30)]
    dice = random.Random(3)
    database = stage.publisher("station")

    async def announce(times: int) -> None:
        for _ in range(times):
            some = dice.sample(trains, 10)
            async with database.transaction(REGION) as session:
                await publish(session, [(arrived(train), Trace.start("test")) for train in some])

    await asyncio.gather(*(announce(10) for _ in range(4)))
    seqs: dict[UUID, list[int]] = {}
    for key, seq in await rows(stage):
        seqs.setdefault(key, []).append(seq)
    assert sum(map(len, seqs.values())) == 400
    # In the order of position, which is the order in which a relay sends.
    assert all(line == list(range(1, len(line) + 1)) for line in seqs.values())


async def test_the_lane_is_the_partition_that_python_computes(stage: Stage) -> None:
    await stage.announce(*(arrived(new_id()) for _ in range(200)))
    found = await stage.sql("station", "SELECT key, lane FROM outbox")
    assert all(partition_for(row["key"], PARTITIONS) == row["lane"] for row in found)
    assert {row["lane"] for row in found} == set(range(PARTITIONS))


def test_a_key_never_changes_its_partition(open_bus: object) -> None:
    assert [partition_for(UUID(int=number), 12) for number in (0, 1, 2**127)] == [1, 7, 9]


async def test_a_commit_wakes_the_waiting_relay_and_a_rollback_does_not(stage: Stage) -> None:
    signal, database = asyncio.Event(), stage.publisher("station")
    # Another pool on the same database, as a relay has.
    with woken(stage.database("station"), signal):
        with pytest.raises(LookupError):
            await _publish_in(database, arrived(new_id()), then_fail=True)
        assert not signal.is_set()
        await stage.announce(arrived(new_id()))
        assert signal.is_set()


async def test_another_services_fact_cannot_be_announced(stage: Stage) -> None:
    with pytest.raises(exc.IntegrityError, match="outbox_own_fact_check"):
        await _publish_in(stage.publisher("station"), serviced(new_id()))


async def test_another_regions_fact_cannot_be_announced(stage: Stage) -> None:
    with pytest.raises(exc.ProgrammingError, match="row-level security"):
        await _publish_in(stage.publisher("station"), arrived(new_id()).model_copy(update={"region": "411522"}))


async def test_a_database_that_nobody_settled_announces_nothing(stage: Stage) -> None:
    await stage.sql("station", "ALTER TABLE messaging_installation DISABLE TRIGGER ALL")
    await stage.sql("station", "DELETE FROM messaging_installation")
    with pytest.raises(exc.IntegrityError, match='"lane"'):
        await _publish_in(stage.publisher("station"), arrived(new_id()))


async def test_an_event_that_is_too_big_is_refused_before_it_blocks_its_lane(stage: Stage) -> None:
    huge = left(new_id()).model_copy(update={"region": "4" * MAX_EVENT_BYTES})
    with pytest.raises(ValueError, match="at most"):
        await _publish_in(stage.publisher("station"), huge)


async def test_what_several_functions_announce_goes_out_together(stage: Stage) -> None:
    """A4: collected, the aggregates are locked in one order, whatever the order of the calls."""
    early, late = sorted((new_id(), new_id()))
    async with stage.publisher("station").transaction(REGION) as session, collected(session):
        await publish(session, [(arrived(late), Trace.start("test"))])
        await publish(session, [(arrived(early), Trace.start("test")), (left(late), Trace.start("test"))])
        async with collected(session):
            await publish(session, [(left(early), Trace.start("test"))])
    assert await rows(stage) == [(late, 1), (early, 1), (late, 2), (early, 2)]


async def test_what_is_collected_before_an_error_is_not_announced(stage: Stage) -> None:
    train = new_id()
    async with stage.publisher("station").transaction(REGION) as session:
        with pytest.raises(LookupError):
            await _collect_and_fail(session, train)
        await publish(session, [(left(train), Trace.start("test"))])
    assert await rows(stage) == [(train, 1)]


async def _collect_and_fail(session: AsyncSession, train: UUID) -> None:
    async with collected(session):
        await publish(session, [(arrived(train), Trace.start("test"))])
        raise LookupError


async def test_a_transaction_does_not_publish_twice(stage: Stage) -> None:
    """A4: a second call would lock aggregates that come before those of the first."""
    early, late = sorted((new_id(), new_id()))
    with pytest.raises(PublishedOutOfOrder):
        await _publish_each(stage, publish, early, late)
    with pytest.raises(PublishedOutOfOrder):
        await _publish_each(stage, publish_portion, late, early)
    await _publish_each(stage, publish_portion, early, late)
    assert await rows(stage) == [(early, 1), (late, 1)]


async def _publish_each(stage: Stage, announce: Callable[..., Awaitable[None]], *trains: UUID) -> None:
    async with stage.publisher("station").transaction(REGION) as session:
        for train in trains:
            await announce(session, [(arrived(train), Trace.start("test"))])


async def _publish_in(database: Database, event: Event, *, then_fail: bool = False) -> None:
    async with database.transaction(REGION) as session:
        await publish(session, [(event, Trace.start("test"))])
        if then_fail:
            raise LookupError


async def test_what_was_announced_is_neither_changed_nor_removed_unsent(stage: Stage) -> None:
    await stage.announce(arrived(new_id()))
    for statement in ("UPDATE outbox SET actor = 'nobody'", "DELETE FROM outbox"):
        with pytest.raises(Exception, match="neither changed nor removed"):
            await stage.sql("station", statement)


async def test_published_events_are_purged_after_thirty_days_unpublished_ones_never(stage: Stage) -> None:
    await stage.announce(*(arrived(new_id()) for _ in range(10)))
    await stage.relayed("station")
    await stage.announce(arrived(new_id()))
    database = stage.publisher("station")
    now = datetime.now(UTC)  # noqa: TID251 - the database stamped the rows with the machine's time
    for days, left_over in ((29, 11), (31, 1)):
        async with database.transaction(REGION) as session:
            purged = await purge(session, now + timedelta(days=days))
        assert purged == 11 - left_over
        assert await stage.count("station", "outbox") == left_over


async def test_an_aggregates_events_are_purged_from_the_first_one_on(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train), left(train))
    await stage.relayed("station")
    # The machine that announced the first was two days ahead of the one that announced the second.
    await stage.sql("station", "ALTER TABLE outbox DISABLE TRIGGER outbox_unchanged")
    await stage.sql("station", "UPDATE outbox SET id = uuidv7(interval '2 days') WHERE aggregate_seq = 1")
    database = stage.publisher("station")
    now = datetime.now(UTC)  # noqa: TID251 - the database stamped the rows with the machine's time
    for days, left_over in ((31, 2), (33, 0)):
        async with database.transaction(REGION) as session:
            await purge(session, now + timedelta(days=days))
        assert await stage.count("station", "outbox") == left_over
