"""A partition that stands still is found, however busy the others are."""

from __future__ import annotations

from shared.messaging.bus.protocol import PartitionId
from shared.messaging.consumer.watchdog import OBSERVATIONS, StallDetector

STUCK, BUSY = PartitionId("station", 0), PartitionId("station", 1)


def test_one_partition_that_stands_still_is_found_while_another_moves() -> None:
    standstill = StallDetector()
    found = [standstill.observe({STUCK: 5, BUSY: turn}, {STUCK: 6, BUSY: 100}) for turn in range(OBSERVATIONS + 1)]
    assert found == [[]] * OBSERVATIONS + [[STUCK]]


def test_a_partition_that_is_read_to_its_end_never_counts() -> None:
    standstill = StallDetector()
    assert [standstill.observe({STUCK: 5}, {STUCK: 5}) for _ in range(OBSERVATIONS + 2)] == [[]] * (OBSERVATIONS + 2)


def test_every_move_begins_the_count_again() -> None:
    standstill = StallDetector()
    for _ in range(OBSERVATIONS):
        assert standstill.observe({STUCK: 5}, {STUCK: 9}) == []
    for _ in range(OBSERVATIONS):
        assert standstill.observe({STUCK: 6}, {STUCK: 9}) == []
    assert standstill.observe({STUCK: 6}, {STUCK: 9}) == [STUCK]
