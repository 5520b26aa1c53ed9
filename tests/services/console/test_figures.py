"""Numbers as they are written on the page."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console import figures

amounts = st.integers(min_value=0, max_value=10**12)


@given(st.integers(min_value=-(10**14), max_value=10**14))
def test_yuan_are_exact_to_the_fen(fen: int) -> None:
    assert Decimal(figures.yuan(fen).replace(",", "")) * 100 == fen


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (38_000, "380.00"), (24_420_928_000, "244,209,280.00")]
)
def test_yuan_have_grouped_thousands(fen: int, text: str) -> None:
    assert figures.yuan(fen) == text


@given(part=amounts, whole=amounts)
def test_only_the_whole_fills_a_bar_and_anything_at_all_is_seen(part: int, whole: int) -> None:
    filled = figures.permille(part, whole)
    assert 0 <= filled <= 1000
    assert (filled == 1000) == (part >= whole > 0 and part > 0)
    assert (filled == 0) == (part == 0 or whole == 0)


@given(part=amounts, whole=amounts.filter(bool))
def test_shares_are_rounded_half_up(part: int, whole: int) -> None:
    exact = (Decimal(part * 100) / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert figures.percent(part, whole) == str(exact)


def test_a_share_of_nothing_is_nothing() -> None:
    assert figures.percent(0, 0) == "0.00"
