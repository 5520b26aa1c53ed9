"""Money is exact to the fen and never passes through a float."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.money import InvalidAmount, format_yuan, parse_percent, parse_yuan, part_of

AMOUNTS = st.integers(min_value=-(10**14), max_value=10**14)


@given(AMOUNTS)
def test_every_amount_survives_being_written_and_read(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == fen


@pytest.mark.parametrize(
    ("text", "fen"), [("380.00", 38000), ("380", 38000), ("0.5", 50), ("0.05", 5), ("-12.34", -1234), ("0", 0)]
)
def test_an_amount_of_yuan_is_read_as_fen(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text", ["", "380.001", "3,800", "1e3", " 1", "1 ", "01", ".5", "5.", "+1", "**", "３８０", "1\n", "--1"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount):
        parse_yuan(text)


@pytest.mark.parametrize("value", [380.0, 380, None, True])
def test_only_text_is_an_amount(value: object) -> None:
    with pytest.raises(InvalidAmount, match="quoted text"):
        parse_yuan(value)  # type: ignore[arg-type]
    with pytest.raises(InvalidAmount, match="quoted text"):
        parse_percent(value)  # type: ignore[arg-type]


def test_a_percentage_is_read_as_basis_points_and_never_passes_one_hundred() -> None:
    assert [parse_percent(text) for text in ("0", "60", "12.5", "33.33", "100")] == [0, 6000, 1250, 3333, 10000]
    for text in ("100.01", "-1", "1.234", "60%"):
        with pytest.raises(InvalidAmount):
            parse_percent(text)


@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_a_part_is_the_nearest_fen_and_half_a_fen_rounds_up(amount: int, points: int) -> None:
    difference = Fraction(amount * points, 10_000) - part_of(amount, points)
    assert Fraction(-1, 2) <= difference < Fraction(1, 2)


def test_a_part_of_a_debt_is_refused() -> None:
    with pytest.raises(InvalidAmount):
        part_of(-1, 100)
