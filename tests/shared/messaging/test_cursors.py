"""Cursors decide what a record is: next, known, or too early."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.messaging.bus.envelope import BEFORE_ALL, Envelope, Place
from shared.messaging.bus.protocol import Incoming, PartitionId
from shared.messaging.consumer.cursors import CursorState, plan
from shared.messaging.records.sequence import AggregateKey, SequencedRecord

TRAIN = UUID(int=1)
LINE = AggregateKey("station", TRAIN)
RECORDED = datetime(2024, 1, 1, tzinfo=UTC)


def step(
    seq: int,
    *,
    was_parked: bool = False,
    epoch: int = 1,
    after: int | None = None,
    event_id: UUID | None = None,
    at: datetime = RECORDED,
) -> SequencedRecord:
    envelope = Envelope(
        event_id or new_id(),
        "station.x.v1",
        "station",
        TRAIN,
        seq,
        "411521",
        None,
        at,
        Trace.start("t"),
        epoch,
        after,
    )
    return SequencedRecord(Incoming(PartitionId("station", 0), seq, None, {}, b""), envelope, was_parked)


def planned(
    seqs: Sequence[int], *, at: int = 0, dead: int | None = None, parked: Sequence[int] = ()
) -> tuple[list[int], list[int], list[int]]:
    waiting = {LINE: {(1, seq): step(seq, was_parked=True) for seq in parked}}
    state = CursorState((1, at) if at else BEFORE_ALL, None if dead is None else (1, dead), bool(parked))
    made = plan([step(seq) for seq in seqs], {LINE: state}, waiting)
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
    state = CursorState()
    parked: dict[Place, SequencedRecord] = {}
    taken: list[int] = []
    for seq in [*order, *repeated]:
        made = plan([step(seq)], {LINE: state}, {LINE: parked})
        taken += [each.envelope.seq for each in made.take]
        parked.update({each.place: each for each in made.park})
    assert taken == list(range(1, 8))


def places(items: Sequence[SequencedRecord]) -> list[Place]:
    """Where these stand."""
    return [item.place for item in items]


def test_a_later_epoch_counts_on_from_where_its_publisher_was_restored_to() -> None:
    """E1: a consumer that took in more of the epoch before follows at once, one with less waits for the rest."""
    first = step(6, epoch=2, after=1)
    for known in (5, 6, 8):
        made = plan([first, step(7, epoch=2)], {LINE: CursorState((1, known))}, {})
        assert (places(made.take), made.park, made.duplicates) == ([(2, 6), (2, 7)], [], [])
    made = plan([first, step(5)], {LINE: CursorState((1, 4))}, {})
    assert (places(made.park), places(made.take)) == ([(2, 6)], [(1, 5)])


def test_an_epoch_is_not_entered_in_its_middle() -> None:
    """E1: a consumer that took in more of the epoch before still waits for the first of the next."""
    made = plan([step(7, epoch=2)], {LINE: CursorState((1, 8))}, {})
    assert places(made.park) == [(2, 7)]
    made = plan([step(7, epoch=3, after=2)], {LINE: CursorState((1, 8))}, {})
    assert places(made.park) == [(3, 7)]


def test_what_is_left_of_an_epoch_that_ended_is_dropped_where_it_waited() -> None:
    """E1: a gap of the epoch that was abandoned never closes; the new epoch goes on without it."""
    waiting = {LINE: {(1, 7): step(7, was_parked=True), (2, 7): step(7, was_parked=True, epoch=2)}}
    made = plan([step(6, epoch=2, after=1)], {LINE: CursorState((1, 5), parked=True)}, waiting)
    assert (places(made.take), places(made.duplicates)) == ([(2, 6), (2, 7)], [(1, 7)])
    assert waiting == {LINE: {}}


def test_what_is_first_in_a_later_epoch_follows_on_nothing() -> None:
    """E1: an aggregate that was first announced in the lost window begins again at 1."""
    for known in (BEFORE_ALL, (1, 1), (1, 3)):
        assert places(plan([step(1, epoch=2)], {LINE: CursorState(known)}, {}).take) == [(2, 1)]


def test_a_known_number_with_another_id_is_no_duplicate() -> None:
    """E1: the last event's id stands beside the cursor; another one under its number contradicts it, and blocks."""
    known = new_id()
    state = CursorState((1, 2), last_event_id=known, last_recorded_at=RECORDED)
    made = plan([step(2, event_id=known), step(2), step(3)], {LINE: state}, {})
    assert (places(made.duplicates), places(made.contradicting), places(made.park)) == ([(1, 2)], [(1, 2)], [(1, 3)])


def test_a_lower_number_recorded_long_after_the_last_is_no_duplicate() -> None:
    """E1: of earlier events no id is kept, but none of them was recorded long after the last one."""
    state = CursorState((1, 5), last_event_id=new_id(), last_recorded_at=RECORDED)
    again = step(4, at=RECORDED + timedelta(minutes=9))
    other = step(4, at=RECORDED + timedelta(minutes=11))
    made = plan([again, other], {LINE: state}, {})
    assert (made.duplicates, made.contradicting) == ([again], [other])
