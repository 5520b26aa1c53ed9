"""The table says what was measured, and judges medians only."""

import json
from pathlib import Path

import pytest

from bench.results import at_least, at_most, line, quantile, ratio
from bench.table import markdown, save


def test_a_ratio_compares_what_was_measured_side_by_side() -> None:
    compared = ratio("P1", "ours / theirs", [10, 30, 20], [10, 10, 40], at_least(1))
    assert list(compared.values) == [1, 3, 0.5]
    assert (compared.median, compared.met) == (1, True)
    with pytest.raises(ValueError, match="zip"):
        ratio("P1", "ours / theirs", [10, 30], [10])


def test_nothing_measured_is_no_line() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        line("P1", "callbacks", "1/s", [])


def test_goals_are_held_against_the_median() -> None:
    assert line("P1", "latency", "ms", [1, 60, 2], at_most(50)).met is True
    assert line("P1", "latency", "ms", [60, 60, 2], at_most(50)).met is False
    assert line("P1", "latency", "ms", [60]).met is None


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile(list(range(100)), 0.99) == 99
    assert quantile([7], 0.5) == 7


def test_the_table_shows_rounds_goal_and_verdict_and_is_saved_twice(tmp_path: Path) -> None:
    lines = [line("P1", "callbacks", "1/s", [1234.4, 2000]), line("P1", "× empty", "×", [0.5123], at_least(0.6))]
    shown = markdown(lines, {"processors": "2"})
    assert "- processors: 2" in shown
    assert "1,234 2,000" in shown
    assert "0.512" in shown
    assert "not met" in shown
    document, data = save(lines, {"processors": "2"}, tmp_path / "deep" / "table")
    assert document.read_text(encoding="utf-8") == shown
    assert [each["met"] for each in json.loads(data.read_text(encoding="utf-8"))["lines"]] == [None, False]
