"""Completion in whole numbers, judged by decimal arithmetic."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.quota.progress.completion import Counts
from shared.policy.institutions.completion import completion_percent, over, remaining

people = st.integers(min_value=0, max_value=1_000_000_000)


@given(enrolled=people, target=people.filter(bool))
@example(enrolled=1, target=20_000)  # exactly half of the last digit
@example(enrolled=642_655, target=642_656)
def test_completion_is_rounded_half_up_to_two_decimals(enrolled: int, target: int) -> None:
    exact = (Decimal(enrolled * 100) / Decimal(target)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert completion_percent(enrolled, target) == str(exact)


@pytest.mark.parametrize(
    ("enrolled", "target", "percent"),
    [(0, 7, "0.00"), (1, 20_000, "0.01"), (1, 20_001, "0.00"), (2, 3, "66.67"), (7, 7, "100.00"), (8, 7, "114.29")],
)
def test_a_target_is_never_a_cap(enrolled: int, target: int, percent: str) -> None:
    assert completion_percent(enrolled, target) == percent


def test_a_target_of_nobody_has_no_share() -> None:
    assert completion_percent(5, 0) is None


@given(enrolled=people, target=people)
def test_either_somebody_is_missing_or_somebody_is_over(enrolled: int, target: int) -> None:
    assert enrolled + remaining(enrolled, target) - over(enrolled, target) == target
    assert 0 in (remaining(enrolled, target), over(enrolled, target))


def test_the_total_of_no_villages_is_nobody() -> None:
    assert Counts.total([]) == Counts(0, 0, 0)
