"""An event that cannot be taken in is kept apart with what must wait for it; everybody else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from shared.contracts.event import Event, Received
from shared.domain.ids import new_id
from shared.messaging.bus.errors import Transient
from shared.messaging.dead_letters import replay
from shared.messaging.dead_letters.replay import DeadLetterContext
from shared.messaging.records import unhandled_records
from shared.messaging.topics.stats import bus_stats
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
    serviced,
)


def refusing(*trains: UUID, event: str = "station.train_arrived.v1") -> RecordingHandlers:
    """Handlers that fail on these trains' arrivals until ``refused`` is cleared."""
    handlers = RecordingHandlers()
    refused = set(trains)

    def check(session: AsyncSession, events: Sequence[Received[Event]]) -> None:
        if any(received.event.key in refused and received.event.name == event for received in events):
            raise ValueError("cannot bear it")

    handlers.before = check
    return handlers


async def letters(stage: Stage) -> list[dict[str, Any]]:
    rows = await stage.sql(LISTENER, "SELECT * FROM dead_letter ORDER BY recorded_at, id")
    return [dict(row) for row in rows]


async def recorded_of(stage: Stage, train: UUID) -> list[tuple[str, int]]:
    return [(each.publisher, each.seq) for each in await stage.recorded() if each.train_id == train]


async def test_a_poison_event_stops_only_its_own_aggregate(stage: Stage) -> None:
    trains = [new_id() for _ in range(60)]
    poison = trains[17]
    await stage.announce(
        *(arrived(train) for train in trains),
        *(left(train) for train in trains),
        *(serviced(train) for train in trains),
    )
    await stage.relayed()
    async with stage.listening(refusing(poison)):
        await stage.taken_up_to_the_end()
    assert len(await stage.recorded()) == 59 * 3 + 1
    # The station's second event about it waits; what the depot says about it does not.
    assert await recorded_of(stage, poison) == [("depot", 1)]
    [letter] = await letters(stage)
    assert (letter["aggregate_id"], letter["seq"], letter["reason"], letter["state"]) == (
        poison,
        1,
        "NOT_HANDLED",
        "WAITING",
    )
    assert letter["error"] == "ValueError"  # its text may hold what it was about
    assert letter["actor"] == "test"
    waiting = await stage.sql(LISTENER, "SELECT aggregate_id, seq FROM parked_event")
    assert [(row["aggregate_id"], row["seq"]) for row in waiting] == [(poison, 2)]


async def test_each_dead_letter_is_a_line_with_its_id_and_the_trace_that_caused_it(stage: Stage) -> None:
    train, other = new_id(), new_id()
    await stage.announce(arrived(train), arrived(other), left(train))
    await stage.relayed("station")
    with capture_logs() as captured:
        async with stage.listening(refusing(train, other)):
            await stage.taken_up_to_the_end()
    lines = [line for line in captured if line["event"] == "an event cannot be handled"]
    said = {(line["event_id"], line["trace_id"], line["event_name"], line["reason"], line["error"]) for line in lines}
    assert len(lines) == 2
    assert said == {
        (str(row["event_id"]), str(row["correlation_id"]), row["event"], "NOT_HANDLED", "ValueError")
        for row in await letters(stage)
    }
    causes = await stage.sql("station", "SELECT correlation_id FROM outbox WHERE event = 'station.train_arrived.v1'")
    assert {trace_id for _, trace_id, *_ in said} == {str(row["correlation_id"]) for row in causes}


async def test_what_waits_behind_a_dead_letter_is_visible_but_not_unready(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train), left(train))
    await stage.relayed("station")
    async with stage.listening(refusing(train)):
        await stage.taken_up_to_the_end()
    await stage.sql(LISTENER, "UPDATE parked_event SET parked_at = parked_at - interval '10 minutes'")
    seen = await bus_stats(stage.database(LISTENER), REGION)
    assert (seen.dead_letters, seen.parked, seen.gaps) == (1, 1, 0)
    assert seen.ready


async def test_a_replay_takes_in_the_dead_letter_and_what_waits_behind_it(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train), left(train), arrived(train, 2))
    await stage.relayed("station")
    async with stage.listening(refusing(train)):
        await stage.taken_up_to_the_end()
    assert await stage.recorded() == []
    context = DeadLetterContext(stage.database(LISTENER), REGION, RecordingHandlers().subscriptions(), None)
    [letter] = await replay.waiting(context.database, REGION)
    assert letter.behind == 2
    assert await replay.replay(context, letter.id, "operator:li") == "DONE"
    assert await recorded_of(stage, train) == [("station", 1), ("station", 2), ("station", 3)]
    assert await replay.waiting(context.database, REGION) == []
    [kept] = await letters(stage)
    assert (kept["state"], kept["settled_by"], kept["attempts"]) == ("REPLAYED", "operator:li", 1)
    assert await stage.count(LISTENER, "parked_event") == 0


async def test_a_second_replay_changes_nothing_also_at_the_same_time(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train), left(train))
    await stage.relayed("station")
    async with stage.listening(refusing(train)):
        await stage.taken_up_to_the_end()
    context = DeadLetterContext(stage.database(LISTENER), REGION, RecordingHandlers().subscriptions(), None)
    [letter] = await replay.waiting(context.database, REGION)
    outcomes = await asyncio.gather(*(replay.replay(context, letter.id, "operator:li") for _ in range(4)))
    assert sorted(outcomes) == ["DONE", "NOT_WAITING", "NOT_WAITING", "NOT_WAITING"]
    assert await recorded_of(stage, train) == [("station", 1), ("station", 2)]


async def test_a_replay_that_fails_again_leaves_the_letter_waiting(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train), left(train))
    await stage.relayed("station")
    async with stage.listening(refusing(train)):
        await stage.taken_up_to_the_end()
    context = DeadLetterContext(stage.database(LISTENER), REGION, refusing(train).subscriptions(), None)
    [letter] = await replay.waiting(context.database, REGION)
    assert await replay.replay(context, letter.id, "operator:li") == "STILL_DEAD"
    [kept] = await letters(stage)
    assert (kept["state"], kept["attempts"], kept["last_tried_by"], kept["settled_by"]) == (
        "WAITING",
        1,
        "operator:li",
        None,
    )
    assert await stage.count(LISTENER, "parked_event") == 1


async def test_a_letter_given_up_lets_the_rest_go_on(stage: Stage) -> None:
    train = new_id()
    await stage.announce(arrived(train), left(train), left(train))
    await stage.relayed("station")
    async with stage.listening(refusing(train)):
        await stage.taken_up_to_the_end()
    context = DeadLetterContext(stage.database(LISTENER), REGION, RecordingHandlers().subscriptions(), None)
    [letter] = await replay.waiting(context.database, REGION)
    with pytest.raises(ValueError, match="needs a reason"):
        await replay.discard(context, letter.id, "operator:li", " ")
    assert await replay.discard(context, letter.id, "operator:li", "a rehearsal's train") == "DONE"
    assert await recorded_of(stage, train) == [("station", 2), ("station", 3)]
    [kept] = await letters(stage)
    assert (kept["state"], kept["settled_because"]) == ("DISCARDED", "a rehearsal's train")


async def test_an_error_that_passes_is_waited_out_and_nothing_becomes_a_dead_letter(stage: Stage) -> None:
    trains = [new_id() for _ in range(20)]
    await stage.announce(*(arrived(train) for train in trains))
    await stage.relayed("station")
    failures = [3]

    async def three_times_not_now(session: AsyncSession, events: Sequence[Received[Event]]) -> None:
        if failures[0] > 0:
            failures[0] -= 1
            if failures[0] == 1:
                await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            raise Transient("not now")

    async with stage.listening(RecordingHandlers(before=three_times_not_now)):
        await stage.until_recorded(20)
        await stage.taken_up_to_the_end()
    assert len(await stage.recorded()) == 20
    assert await letters(stage) == []


TOO_LONG = arrived(UUID(int=1)).model_dump_json()[:-1].encode() + b', "x": "' + b"x" * 5 * 1024 * 1024 + b'"}'


BROKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "bad JSON": ("UNREADABLE", {"value": b"{not json"}),
    "wrong type": ("UNREADABLE", {"value": b'{"region": "411521", "train_id": 7}'}),
    "not text": ("UNREADABLE", {"value": b"\xff\x00"}),
    "null": ("UNREADABLE", {"value": cast("bytes", None)}),
    # Whole but for its size: a field that nobody reads makes it too long.
    "5 MB": ("UNREADABLE", {"value": TOO_LONG}),
    "unknown version": ("UNREADABLE", {"headers": {"ce_type": "station.train_arrived.v2"}}),
    "another envelope": ("MALFORMED", {"headers": {"ce_specversion": "2.0"}}),
    "bad sequence": ("MALFORMED", {"headers": {"ce_sequence": "soon"}}),
    "wrong publisher": ("MALFORMED", {"headers": {"ce_source": "/canbao/elsewhere/depot"}}),
    "no id": ("MALFORMED", {"headers": {"ce_id": ""}}),
}


async def test_records_that_cannot_be_read_stop_nobody(stage: Stage) -> None:
    neighbours = {kind: new_id() for kind in BROKEN}
    bus = stage.bus()
    await bus.create_topics(["station"])
    for kind, (_, changes) in BROKEN.items():
        broken = outgoing(arrived(new_id()), 1, bus=bus, **changes)
        # In the same partition, so that the neighbour's event comes behind the broken one.
        await sent(bus, broken, outgoing(arrived(neighbours[kind]), 1, bus=bus, partition_id=broken.partition_id))
    async with stage.listening(RecordingHandlers()):
        recorded = await stage.until_recorded(len(BROKEN))
        await stage.taken_up_to_the_end()
    assert {each.train_id for each in recorded} == set(neighbours.values())
    found = await letters(stage)
    assert sorted(letter["reason"] for letter in found) == sorted(reason for reason, _ in BROKEN.values())
    assert {letter["region"] for letter in found} == {REGION}


@pytest.mark.parametrize("open_bus", ["kafka"], indirect=True)  # jsonb takes no NUL, so the other bus never carries one
async def test_a_header_that_no_column_takes_stops_nobody(stage: Stage) -> None:
    train = new_id()
    bus = stage.bus()
    await bus.create_topics(["station"])
    await sent(
        bus,
        outgoing(arrived(train), 1, bus=bus, headers={"ce_actor": "half\x00hidden", "x\x00y": "z"}),
        outgoing(arrived(train), 1, bus=bus),
    )
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(1)
    assert [letter["reason"] for letter in await letters(stage)] == ["MALFORMED"]


async def test_a_kind_that_nobody_knows_is_passed_over(stage: Stage) -> None:
    train = new_id()
    bus = stage.bus()
    await bus.create_topics(["station"])
    unheard_of = outgoing(left(train), 2, bus=bus, headers={"ce_type": "station.bridge_built.v1"})
    await sent(bus, outgoing(arrived(train), 1, bus=bus), unheard_of, outgoing(left(train), 3, bus=bus))
    async with stage.listening(RecordingHandlers()):
        await stage.taken_up_to_the_end()
    assert await recorded_of(stage, train) == [("station", 1), ("station", 3)]
    assert await letters(stage) == []


async def test_an_event_that_comes_too_early_is_parked_until_the_gap_closes(stage: Stage) -> None:
    train, other = new_id(), new_id()
    bus = stage.bus()
    await bus.create_topics(["station"])
    early = [outgoing(arrived(train, seq), seq, bus=bus) for seq in (3, 4, 2)]
    await sent(bus, *early, outgoing(arrived(other), 1, bus=bus, partition_id=partition_of(arrived(train))))
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(1)
        assert await recorded_of(stage, other) == [("station", 1)]
        assert await stage.count(LISTENER, "parked_event") == 3
        await sent(bus, outgoing(arrived(train, 1), 1, bus=bus))
        await stage.until_recorded(5)
    assert await recorded_of(stage, train) == [("station", seq) for seq in (1, 2, 3, 4)]
    assert await stage.count(LISTENER, "parked_event") == 0


async def test_a_gap_that_stays_open_for_a_minute_is_unready(stage: Stage) -> None:
    train = new_id()
    bus = stage.bus()
    await bus.create_topics(["station"])
    await sent(bus, outgoing(arrived(train), 2, bus=bus))
    async with stage.listening(RecordingHandlers()):
        await stage.taken_up_to_the_end()
    assert (await bus_stats(stage.database(LISTENER), REGION)).ready
    await stage.sql(LISTENER, "UPDATE parked_event SET parked_at = parked_at - interval '61 seconds'")
    seen = await bus_stats(stage.database(LISTENER), REGION)
    assert (seen.gaps, seen.dead_letters) == (1, 0)
    assert not seen.ready


async def test_a_damaged_envelope_stands_in_its_lines_way_until_it_is_given_up(stage: Stage) -> None:
    bus, train = stage.bus(), new_id()
    await bus.create_topics(["station"])
    damaged = outgoing(arrived(train), 1, bus=bus, headers={"ce_time": "yesterday"})
    await sent(bus, damaged, outgoing(left(train), 2, bus=bus), outgoing(arrived(train), 3, bus=bus))
    async with stage.listening(RecordingHandlers()):
        await stage.taken_up_to_the_end()
    seen = await bus_stats(stage.database(LISTENER), REGION)
    assert (seen.dead_letters, seen.parked, seen.gaps) == (1, 2, 0)
    context = DeadLetterContext(stage.database(LISTENER), REGION, RecordingHandlers().subscriptions(), None)
    [letter] = await replay.waiting(context.database, REGION)
    assert (letter.aggregate_id, letter.seq, letter.behind) == (train, 1, 2)
    assert await replay.replay(context, letter.id, "operator:li") == "STILL_DEAD"
    assert await replay.discard(context, letter.id, "operator:li", "its time is unreadable") == "DONE"
    assert await recorded_of(stage, train) == [("station", 2), ("station", 3)]


async def test_a_damaged_copy_of_what_was_taken_in_stands_in_nobodys_way(stage: Stage) -> None:
    bus, train = stage.bus(), new_id()
    await bus.create_topics(["station"])
    far_ahead = outgoing(arrived(train), 999, bus=bus, headers={"ce_time": "some day"})
    await sent(
        bus,
        outgoing(arrived(train), 1, bus=bus),
        outgoing(arrived(train), 1, bus=bus, headers={"ce_time": "yesterday"}),
        far_ahead,
        outgoing(left(train), 2, bus=bus),
    )
    async with stage.listening(RecordingHandlers()):
        await stage.taken_up_to_the_end()
    assert await recorded_of(stage, train) == [("station", 1), ("station", 2)]
    assert len(await letters(stage)) == 2
    context = DeadLetterContext(stage.database(LISTENER), REGION, RecordingHandlers().subscriptions(), None)
    for letter in await replay.waiting(context.database, REGION):
        assert await replay.discard(context, letter.id, "operator:li", "damaged") == "DONE"
    await sent(bus, outgoing(arrived(train), 3, bus=bus))
    async with stage.listening(RecordingHandlers()):
        await stage.taken_up_to_the_end()
    assert await recorded_of(stage, train) == [("station", 1), ("station", 2), ("station", 3)]


@pytest.mark.parametrize("order", [1, -1], ids=["first first", "last first"])
async def test_two_damaged_envelopes_in_a_row_can_be_given_up_in_any_order(stage: Stage, order: int) -> None:
    bus, train = stage.bus(), new_id()
    await bus.create_topics(["station"])
    damaged = [outgoing(arrived(train), seq, bus=bus, headers={"ce_time": "x"}) for seq in (1, 2)]
    await sent(bus, *damaged, outgoing(left(train), 3, bus=bus))
    async with stage.listening(RecordingHandlers()):
        await stage.taken_up_to_the_end()
    context = DeadLetterContext(stage.database(LISTENER), REGION, RecordingHandlers().subscriptions(), None)
    for letter in (await replay.waiting(context.database, REGION))[::order]:
        await replay.discard(context, letter.id, "operator:li", "damaged")
    assert await recorded_of(stage, train) == [("station", 3)]
    assert await stage.count(LISTENER, "parked_event") == 0


async def test_much_that_waits_on_many_lines_is_all_taken_in_once_the_gaps_close(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unhandled_records, "RELEASED_AT_ONCE", 2)
    bus, trains = stage.bus(), [new_id() for _ in range(3)]
    await bus.create_topics(["station"])
    later = [outgoing(arrived(train), seq, bus=bus) for train in trains for seq in range(2, 9)]
    await sent(bus, *later)
    async with stage.listening(RecordingHandlers()):
        await stage.taken_up_to_the_end()
        assert await stage.count(LISTENER, "parked_event") == 21
        await sent(bus, *(outgoing(arrived(train), 1, bus=bus) for train in trains))
        await stage.until_recorded(24)
    assert await stage.count(LISTENER, "parked_event") == 0
