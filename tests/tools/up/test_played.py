"""What is said of a season at its end."""

from typing import Any

from simulator.happened import Happened
from tools.up.played import all_closed, happened, still_open


def books(**still: int) -> dict[str, Any]:
    """Books of a season in which everything happened once."""
    counts = {"differences": 0, "bank_lines": 0, "proposals": 0} | still
    noted = [{"what": what.value, "times": 1, "first": "2023-10-18", "fen": 38_000} for what in Happened]
    return {"happened": noted, "closing": {"open": counts, "closed": 2}}


def test_whatever_the_simulator_can_note_has_a_sentence() -> None:
    said = happened(books())
    assert len(said) == len(Happened)
    assert said[0] == ("重复缴费，当日退回 · paid twice, given back on the same day: 2023-10-18，380.00 元 yuan（1）")


def test_what_is_open_is_named_and_counted() -> None:
    assert still_open(books()) == []
    assert "（2）" in all_closed(books())
    assert still_open(books(bank_lines=1, proposals=3)) == [
        "无法解释的银行流水未了结 · still open, unexplained lines of the bank: 1",
        "待审批事项未了结 · still open, proposals that wait: 3",
    ]
