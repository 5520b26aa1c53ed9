"""The table on paper: a figure is never cut, whatever the width of the window."""

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from verify.labels import subject
from verify.render import WIDE, age, as_json, print_report, render
from verify.report import CheckResult, ConsistencyReport, RowFinding, TownLine, UnfinishedRestoration
from verify.towns_table import yuan


def report(**check: object) -> ConsistencyReport:
    """A report of a county of the real size."""
    figures = {
        "due_fen": 2_395_880_000,
        "paid_fen": 2_395_880_000,
        "aided_fen": 1_234_500,
        "treasury_fen": 2_300_000_000,
    }
    town = TownLine("411521101", "铁铺", 12_035, 12_035, 11_000, suspense_fen=-38_000, **figures)
    fields: dict[str, object] = {
        "code": "X",
        "zh": "某项核对",
        "en": "Some check",
        "compares": "甲 ↔ 乙",
        "examined": 3,
        "breaks": 0,
        "break_fen": 0,
        "in_flight": 0,
        "in_flight_fen": 0,
        "oldest_age_s": 0.0,
        "rows": (),
        "waiting": (),
        "named_count": 0,
        "named_fen": 0,
        "named": (),
    }
    result = CheckResult(**fields | check)  # type: ignore[arg-type]
    at = datetime(2024, 1, 10, tzinfo=UTC)
    return ConsistencyReport("local", "411521", "罗山县", 2024, at, 1.0, (town,), town, (result,), {}, {})


def printed(found: ConsistencyReport, width: int) -> str:
    """As it is printed in a window of that width."""
    file = StringIO()
    Console(file=file, width=width, no_color=True).print(render(found, width))
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120, 150, WIDE])
def test_no_figure_is_cut(width: int) -> None:
    text = printed(report(), width)
    assert "…" not in text
    assert "23,958,800.00" in text
    assert "23,000,000.00" in text


@pytest.mark.parametrize(("columns", "widest"), [(None, 100), ("", 100), ("80", 80), (str(WIDE), WIDE)])
def test_what_is_piped_fits_a_page_or_the_columns_asked_for(
    monkeypatch: pytest.MonkeyPatch, columns: str | None, widest: int
) -> None:
    """First use: lines of 155 columns in a pipe."""
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    file = StringIO()
    who = "enrolment 0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024"
    row = RowFinding(who, "411521101201", "a deposit slip or settlement", "OTHER_CURRENCY", -98_765_432_100)
    print_report(report(breaks=1, break_fen=38_000, rows=(row,)), Console(file=file))
    lines = file.getvalue().splitlines()
    assert max(cell_len(line.rstrip()) for line in lines) <= widest
    assert "-987,654,321.00" in file.getvalue(), "no amount is cut off"
    assert widest < 100 or " 0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024 " in file.getvalue(), "an identifier is not cut"
    assert ("COLUMNS=190" in file.getvalue()) == (widest < WIDE), "how to see the columns that were left out"


def test_a_wide_window_leaves_nothing_out() -> None:
    text = printed(report(), WIDE)
    assert "部分栏未列" not in text
    assert "collecting" in text


def test_the_verdict_is_the_last_line() -> None:
    assert "分文不差" in printed(report(), 120).splitlines()[-1]
    flying = report(in_flight=2, in_flight_fen=76_000, oldest_age_s=90.0)
    assert "在途 IN FLIGHT 2 · 760.00 元 (最久 oldest 1.5 min)" in printed(flying, WIDE)
    assert "2 处在途" in printed(flying, 120).splitlines()[-1]
    row = RowFinding("enrolment 1", "411521101201", "38000", "0", -38_000)
    broken = printed(report(breaks=1, break_fen=38_000, rows=(row,)), WIDE)
    assert "1 处不符" in broken.splitlines()[-1]
    assert "enrolment 1" in broken


def test_rows_are_named_in_chinese_too_and_as_they_are_in_json() -> None:
    row = RowFinding("quarantined notice wechat 42", "411521", "ours", "OTHER_CURRENCY")
    text = printed(report(named_count=1, named=(row,)), WIDE)
    assert "已隔离通知 quarantined notice wechat 42" in text
    assert "本单位的款项 ours" in text
    assert '"subject": "quarantined notice wechat 42"' in as_json(report(named_count=1, named=(row,)))
    assert subject("缺 unknown 1") == "缺 unknown 1"


def test_due_is_said_to_be_that_of_the_enrolled() -> None:
    assert "参保者应缴" in printed(report(), WIDE)
    assert "enrolled due" in printed(report(), WIDE)


def test_amounts_are_yuan_with_thousands() -> None:
    assert [yuan(fen) for fen in (0, 5, 38_000, -38_000, -5, 123_456_789)] == [
        "0.00",
        "0.05",
        "380.00",
        "-380.00",
        "-0.05",
        "1,234,567.89",
    ]


def test_ages_are_given_in_the_largest_fitting_unit() -> None:
    assert [age(seconds) for seconds in (0.5, 90, 7_200, 172_800)] == ["0.5 s", "1.5 min", "2.0 h", "2.0 d"]


def test_a_restoration_under_way_is_said_on_a_line_of_its_own_and_hides_no_break() -> None:
    """E1: `verify` showed breaks while a restored service caught up, and nobody was told why."""
    row = RowFinding("enrolment 0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024", "411521101201", "PAID", "OPEN")
    found = replace(
        report(breaks=1, rows=(row,)),
        unfinished=(UnfinishedRestoration("payment", 2, "缴费正在恢复", "payment is being made whole again"),),
    )
    lines = [line.strip() for line in printed(found, WIDE).splitlines()]
    assert "! 缴费正在恢复 · payment is being made whole again" in lines
    assert any("不符 BREAK 1" in line for line in lines)
    assert lines[-1].startswith("✗ 不一致：1 处不符")
    assert not found.consistent
    assert '"unfinished": [' in as_json(found)
    assert "正在恢复" not in printed(report(), WIDE)
