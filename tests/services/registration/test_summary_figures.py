"""Registration's figures alone: sums by state, town and day, without a database."""

from datetime import date

from services.registration.summary.figures import by_day, by_state, by_town
from services.registration.summary.repository import StateCount
from services.registration.summary.schemas import DayOut, TownEnrolments

LINGSHAN, QINGSHAN = "411521101", "411521102"
OCTOBER_8, OCTOBER_9 = date(2023, 10, 8), date(2023, 10, 9)
COUNTS = [
    StateCount(LINGSHAN, None, "PAID", 5, 0),
    StateCount(LINGSHAN, None, "REJECTED", 4, 3),
    StateCount(LINGSHAN, None, "TERMINATED", 2, 0),
    StateCount(QINGSHAN, None, "PAID", 1, 0),
    StateCount(QINGSHAN, None, "ACTIVE", 1, 0),
    StateCount(None, OCTOBER_8, "PAID", 4, 0),
    StateCount(None, OCTOBER_8, "ACTIVE", 1, 0),
    StateCount(None, OCTOBER_9, "PAID", 2, 0),
    StateCount(None, OCTOBER_9, "TERMINATED", 2, 0),
    StateCount(None, None, "REJECTED", 4, 0),
]


def test_states_are_summed_over_the_towns() -> None:
    assert by_state(COUNTS) == {"PAID": 6, "REJECTED": 4, "TERMINATED": 2, "ACTIVE": 1}


def test_a_town_counts_neither_who_ended_nor_who_is_out_of_scope_as_registered() -> None:
    assert by_town(COUNTS) == [
        TownEnrolments(region=LINGSHAN, states={"PAID": 5, "REJECTED": 4, "TERMINATED": 2}, registered=6, enrolled=5),
        TownEnrolments(region=QINGSHAN, states={"PAID": 1, "ACTIVE": 1}, registered=2, enrolled=2),
    ]


def test_a_day_counts_who_is_paid_or_beyond_and_nobody_twice() -> None:
    assert by_day(COUNTS) == [DayOut(day=OCTOBER_8, enrolled=5), DayOut(day=OCTOBER_9, enrolled=2)]


def test_of_nothing_there_is_nothing() -> None:
    assert (by_state([]), by_town([]), by_day([])) == ({}, [], [])
