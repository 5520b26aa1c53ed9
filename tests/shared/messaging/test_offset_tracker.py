"""A position knows its topic again, or says after a second look that it is another one."""

from __future__ import annotations

from uuid import UUID

from shared.domain.ids import new_id
from shared.messaging.bus.protocol import Incoming, PartitionId
from shared.messaging.topics.offset_tracker import OffsetTracker, fingerprint

PLACE = PartitionId("station", 0)
NOW = 1000.0


def record(offset: int, id_: UUID) -> Incoming:
    return Incoming(PLACE, offset, b"key", {"ce_id": str(id_)}, b"{}")


def test_a_partition_never_read_starts_at_the_beginning() -> None:
    positions = OffsetTracker()
    assert positions.assign({PLACE: (0, None)}) == {PLACE: 0}
    first = record(0, new_id())
    assert positions.accept([first], NOW).records == [first]


def test_the_end_of_a_fetch_whose_beginning_went_elsewhere_is_read_again_from_the_beginning() -> None:
    positions, records = OffsetTracker(), [record(offset, new_id()) for offset in range(4)]
    positions.assign({PLACE: (0, None)})
    assert positions.accept(records[2:], NOW).again == {PLACE: 0}
    assert positions.accept(records, NOW).records == records


def test_a_log_that_begins_later_by_itself_is_read_from_there() -> None:
    positions, records = OffsetTracker(), [record(offset, new_id()) for offset in range(7, 9)]
    positions.assign({PLACE: (0, None)})
    assert positions.accept(records, NOW).again == {PLACE: 0}
    assert positions.accept(records, NOW).records == records


def test_a_hole_amid_reading_is_looked_at_again() -> None:
    positions, ids = OffsetTracker(), [new_id() for _ in range(4)]
    positions.assign({PLACE: (0, None)})
    positions.accept([record(0, ids[0])], NOW)
    positions.advanced(PLACE, 1, ids[0])
    assert positions.accept([record(3, ids[3])], NOW).again == {PLACE: 0}
    whole = [record(offset, ids[offset]) for offset in range(4)]
    assert positions.accept(whole, NOW).records == whole[1:]


def test_reading_starts_at_the_record_that_was_taken_in_last_and_goes_on_after_it() -> None:
    positions, last = OffsetTracker(), new_id()
    assert positions.assign({PLACE: (5, last)}) == {PLACE: 4}
    following = record(5, new_id())
    assert positions.accept([record(4, last), following], NOW).records == [following]


def test_another_record_in_its_place_is_looked_at_twice_before_the_topic_counts_as_recreated() -> None:
    positions = OffsetTracker()
    positions.assign({PLACE: (5, new_id())})
    stranger = record(4, new_id())
    first = positions.accept([stranger], NOW)
    assert (first.records, first.again, first.recreated) == ([], {PLACE: 4}, [])
    second = positions.accept([stranger], NOW)
    assert (second.records, second.again, second.recreated) == ([], {}, [PLACE])


def test_offsets_that_go_back_while_reading_are_suspicious_too() -> None:
    positions = OffsetTracker()
    positions.assign({PLACE: (0, None)})
    positions.advanced(PLACE, 7, new_id())
    assert positions.accept([record(0, new_id())], NOW).again == {PLACE: 6}


def test_records_without_an_id_are_distinguished_by_where_and_what_they_are() -> None:
    broken = [Incoming(PLACE, offset, None, headers, None) for offset in (1, 2) for headers in ({}, {"ce_id": "x"})]
    prints = [fingerprint(each) for each in broken]
    assert prints[0] == prints[1] != prints[2] == prints[3]


def test_a_partition_that_ends_before_what_was_taken_in_was_recreated() -> None:
    positions = OffsetTracker()
    positions.assign({PLACE: (5, new_id())})
    assert positions.unproven == {"station"}
    assert positions.shortened({PLACE: 5}) == []
    assert positions.shortened({PLACE: 4}) == [PLACE]


def test_after_a_silence_the_record_before_must_show_that_the_topic_is_the_same() -> None:
    positions, ids = OffsetTracker(trusted_s=1.0), [new_id() for _ in range(3)]
    positions.assign({PLACE: (0, None)})
    positions.accept([record(0, ids[0])], NOW)
    positions.advanced(PLACE, 1, ids[0])
    assert positions.accept([record(1, ids[1])], NOW + 1.0).again == {}, "no silence yet"
    positions.advanced(PLACE, 2, ids[1])
    following = record(2, ids[2])
    assert positions.accept([following], NOW + 2.1).again == {PLACE: 1}
    assert positions.accept([record(1, ids[1]), following], NOW + 2.1).records == [following]


def test_a_topic_that_was_filled_past_our_offset_during_a_silence_counts_as_recreated() -> None:
    positions = OffsetTracker(trusted_s=1.0)
    positions.assign({PLACE: (0, None)})
    positions.accept([record(0, new_id())], NOW)
    positions.advanced(PLACE, 1, new_id())
    stranger, late = record(0, new_id()), NOW + 5
    assert positions.accept([record(1, new_id())], late).again == {PLACE: 0}
    assert positions.accept([stranger], late).recreated == []
    assert positions.accept([stranger], late).recreated == [PLACE]
