"""A wait counts as the Civil Code counts: from the day after its anchor; cover begins the day after its last day."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.benefit import CoverPeriod, CoverRule, benefit_rule, covered_days
from shared.policy.pack import Basis, BenefitYear, CoverFrom, Wait, Window


def rule(start: str, year: int) -> CoverRule:
    return CoverRule(CoverFrom(start), date(year, 1, 1), date(year, 12, 31))


@pytest.mark.parametrize(
    ("paid_on", "wait", "first"),
    [
        (date(2023, 1, 15), Wait("LATE_PAYMENT", days=30), date(2023, 2, 15)),
        (date(2025, 3, 10), Wait("FIXED_WAIT_LATE", months=3), date(2025, 6, 11)),
        (date(2023, 11, 30), Wait("MONTHS", months=3), date(2024, 3, 1)),
        (date(2024, 11, 30), Wait("MONTHS", months=3), date(2025, 3, 1)),
        (date(2024, 8, 31), Wait("MONTHS", months=1), date(2024, 10, 1)),  # September has no 31st: its last day
        (date(2024, 1, 31), Wait("MONTHS", months=1), date(2024, 3, 1)),  # a leap year's February
    ],
)
def test_cover_begins_the_day_after_the_wait(paid_on: date, wait: Wait, first: date) -> None:
    year = first.year
    assert covered_days(rule("DAY_AFTER_WAIT", year), wait, paid_on) == CoverPeriod(first, date(year, 12, 31))


_YEAR = BenefitYear(date(2025, 1, 1), date(2025, 12, 31), Basis("default 14", "test"))
_BROKEN, _LATE = Wait("NOT_CONTINUOUS", months=4), Wait("LATE_PAYMENT", days=30)


@pytest.mark.parametrize(
    ("late", "own", "wait", "first"),
    [
        (False, Wait(), _BROKEN, date(2025, 5, 1)),  # paid in time: from the eve of the year, whatever the day
        (True, Wait(), _BROKEN, date(2025, 3, 11)),
        (False, _LATE, _LATE, date(2025, 1, 1)),  # a window's own wait is one for late payers
        (False, Wait(), Wait(), date(2025, 1, 1)),
    ],
)
def test_a_wait_is_anchored_by_whether_the_payment_was_late(late: bool, own: Wait, wait: Wait, first: date) -> None:
    window = Window(date(2024, 9, 1), date(2024, 12, 31), _YEAR.basis, wait=own, late=late)
    found = benefit_rule(window, _YEAR, date(1980, 1, 1), wait)
    assert covered_days(found, wait, date(2024, 11, 10)) == CoverPeriod(first, date(2025, 12, 31))
    if not (late or own.code):
        assert covered_days(found, wait, date(2024, 9, 1)) == CoverPeriod(first, date(2025, 12, 31))


def test_a_wait_in_time_that_passes_the_year_covers_nothing() -> None:
    window = Window(date(2024, 9, 1), date(2024, 12, 31), _YEAR.basis)
    for months, first in ((11, date(2025, 12, 1)), (12, None)):
        wait = Wait("NOT_CONTINUOUS", months=months)
        covered = covered_days(benefit_rule(window, _YEAR, date(1980, 1, 1), wait), wait, date(2024, 9, 1))
        assert (covered and covered.first) == first


def test_without_a_wait_the_whole_year_is_covered_whenever_it_was_paid() -> None:
    assert covered_days(rule("YEAR_START", 2024), Wait(), date(2024, 2, 29)) == CoverPeriod(
        date(2024, 1, 1), date(2024, 12, 31)
    )


def test_a_wait_that_passes_the_year_covers_nothing() -> None:
    assert covered_days(rule("DAY_AFTER_WAIT", 2023), Wait("LATE_PAYMENT", days=30), date(2023, 12, 10)) is None


@given(st.dates(date(2023, 9, 1), date(2024, 12, 30)), st.integers(0, 400), st.integers(0, 12), st.integers(0, 90))
def test_a_later_payment_never_begins_earlier(paid_on: date, later: int, months: int, days: int) -> None:
    wait, year = Wait("WAIT", days, months), rule("DAY_AFTER_WAIT", 2024)
    early = covered_days(year, wait, paid_on)
    late = covered_days(year, wait, date.fromordinal(paid_on.toordinal() + later))
    assert late is None or (early is not None and early.first <= late.first)
