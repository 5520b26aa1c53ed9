"""Two checkouts are compared by processor time per unit, pair by pair, and judged by the median."""

import json
from pathlib import Path

from bench.compare import processor_lines, report
from bench.results import line
from bench.table import save

CALLBACK = ("P1", "processor per callback")


def test_lines_in_processor_time_are_read_from_a_saved_table(tmp_path: Path) -> None:
    lines = [
        line("P1", "processor per callback", "ms", [0.2, 0.4, 0.3]),
        line("P1", "latency at half load, p50", "ms", [2]),
        line("P6", "processor, large / small", "×", [1]),
    ]
    _, data = save(lines, {}, tmp_path / "table")
    assert processor_lines(json.loads(data.read_text(encoding="utf-8"))) == {CALLBACK: 0.3}


def test_one_slow_round_is_not_worse() -> None:
    table, not_worse = report({CALLBACK: [1.0, 0.5, 0.96]})
    assert not_worse
    assert "| P1 processor per callback | 0.96 | 1.00 0.50 0.96 | not worse |" in table


def test_the_share_of_one_process_is_shown_and_not_judged() -> None:
    table, not_worse = report(
        {("P2", "processor per enrolment: kafka"): [0.5], ("P2", "processor per enrolment"): [1.0]}
    )
    assert not_worse
    assert "| P2 processor per enrolment: kafka | 0.50 | 0.50 |  |" in table


def test_a_median_below_the_limit_is_worse() -> None:
    table, not_worse = report({CALLBACK: [0.94, 0.9, 1.0], ("P2", "processor per enrolment"): [1.0, 1.0, 1.0]})
    assert not not_worse
    assert "| P1 processor per callback | 0.94 | 0.94 0.90 1.00 | worse |" in table
