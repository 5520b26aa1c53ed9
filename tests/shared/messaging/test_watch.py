"""A partition that stands still is found, however busy the others are."""

from __future__ import annotations

from shared.messaging.bus.protocol import Place
from shared.messaging.consumer.watchdog import LOOKS, Standstill

STUCK, BUSY = Place("station", 0), Place("station", 1)


def test_one_partition_that_stands_still_is_found_while_another_moves() -> None:
    standstill = Standstill()
    found = [standstill.look({STUCK: 5, BUSY: turn}, {STUCK: 6, BUSY: 100}) for turn in range(LOOKS + 1)]
    assert found == [[]] * LOOKS + [[STUCK]]


def test_a_partition_that_is_read_to_its_end_never_counts() -> None:
    standstill = Standstill()
    assert [standstill.look({STUCK: 5}, {STUCK: 5}) for _ in range(LOOKS + 2)] == [[]] * (LOOKS + 2)


def test_every_move_begins_the_count_anew() -> None:
    standstill = Standstill()
    for _ in range(LOOKS):
        assert standstill.look({STUCK: 5}, {STUCK: 9}) == []
    for _ in range(LOOKS):
        assert standstill.look({STUCK: 6}, {STUCK: 9}) == []
    assert standstill.look({STUCK: 6}, {STUCK: 9}) == [STUCK]
