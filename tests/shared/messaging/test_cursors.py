"""Cursors decide what a record is: next, known, or too early."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.messaging.bus.envelope import Envelope
from shared.messaging.bus.protocol import Incoming, PartitionId
from shared.messaging.consumer.cursors import CursorState, plan
from shared.messaging.records.sequence import AggregateKey, SequencedRecord

TRAIN = UUID(int=1)
LINE = AggregateKey("station", TRAIN)


def step(seq: int, *, was_parked: bool = False) -> SequencedRecord:
    envelope = Envelope(
        new_id(),
        "station.x.v1",
        "station",
        TRAIN,
        seq,
        "411521",
        None,
        datetime(2024, 1, 1, tzinfo=UTC),
        Trace.start("t"),
    )
    return SequencedRecord(Incoming(PartitionId("station", 0), seq, None, {}, b""), envelope, was_parked)


def planned(
    seqs: Sequence[int], *, at: int = 0, dead: int | None = None, parked: Sequence[int] = ()
) -> tuple[list[int], list[int], list[int]]:
    waiting = {LINE: {seq: step(seq, was_parked=True) for seq in parked}}
    made = plan([step(seq) for seq in seqs], {LINE: CursorState(at, dead, bool(parked))}, waiting)
    return tuple([each.envelope.seq for each in part] for part in (made.take, made.park, made.duplicates))  # type: ignore[return-value]


def test_what_follows_the_cursor_is_taken_in() -> None:
    assert planned([3, 4], at=2) == ([3, 4], [], [])


def test_what_the_cursor_has_passed_is_a_duplicate() -> None:
    assert planned([1, 2, 2, 3], at=2) == ([3], [], [1, 2, 2])


def test_what_comes_too_early_is_parked_and_follows_when_the_gap_closes() -> None:
    assert planned([4, 5], at=2) == ([], [4, 5], [])
    assert planned([3], at=2, parked=[4, 5, 7]) == ([3, 4, 5], [], [])


def test_behind_a_dead_letter_everything_waits_and_its_own_return_is_a_duplicate() -> None:
    assert planned([3, 4], at=2, dead=3) == ([], [4], [3])


@given(st.permutations(range(1, 8)), st.lists(st.integers(1, 7)))
def test_whatever_the_order_and_the_repetitions_each_is_taken_in_once_in_order(
    order: Sequence[int], repeated: list[int]
) -> None:
    state = CursorState(0, None, parked=False)
    parked: dict[int, SequencedRecord] = {}
    taken: list[int] = []
    for seq in [*order, *repeated]:
        made = plan([step(seq)], {LINE: state}, {LINE: parked})
        taken += [each.envelope.seq for each in made.take]
        parked.update({each.envelope.seq: each for each in made.park})
    assert taken == list(range(1, 8))
