"""What other machines may read: county totals in whole tens, no township, no small number."""

from typing import Any

import pytest

from services.console.figures import Figures
from services.console.page_renderer import PageRenderer, is_loopback
from services.console.translations import LANGUAGES, Lang, Translator
from shared.settings import Settings
from tests.services.console.county_summaries import quota_progress
from tests.services.console.test_view import snapshot
from tests.services.quota.targets_notice import TARGETS

OPEN = Settings(listen_host="0.0.0.0")


def html(settings: Settings, lang: Lang = "zh", **changes: Any) -> str:
    return PageRenderer(settings).whole(snapshot(**changes), lang)


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.0.0.53", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.20", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_only_a_loopback_address_is_this_machine_alone(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


@pytest.mark.parametrize("lang", LANGUAGES)
def test_elsewhere_no_township_is_on_the_page_and_the_county_is(lang: Lang) -> None:
    here, there = html(Settings(), lang), html(OPEN, lang)
    for name in TARGETS:
        assert (name in here, name in there) == (True, False), name
    assert "town-411521" not in there
    assert ("<b>642,656</b>" in there, "<b>642,650</b>" in there) == (False, True)
    assert "<b>575,820</b>" in there


def test_elsewhere_small_counts_and_sums_are_not_written() -> None:
    some = {"suspense": {"count": 3, "fen": 114_000}, "refunds": {"count": 40, "fen": 1_520_000}}
    here = html(Settings(), payment=some)
    there = html(OPEN, payment=some, registration={"states": {"HELD": 8}})
    assert "3 笔待查款项，共 1,140.00 元" in here
    assert "不足 10 笔待查款项，共 不足 10,000 元" in there
    assert "40 笔退款办理中，共 10,000 元" in there
    assert "不足 10 人暂缓核定" in there


def test_elsewhere_no_difference_of_two_amounts_says_what_one_person_paid() -> None:
    stray = {"count": 1, "fen": 38_000, "suspense_fen": 38_000, "channel_fen": 38_000}
    change = {"suspense": {"count": 1, "fen": 38_000}, "unattributed": stray}
    there = html(OPEN, payment=change)
    assert "380.00" not in there
    assert "合计 210,050,000 元，其中待查、待退或尚未导入 不足 10,000 元" in there
    assert "380.00" in html(Settings(), payment=change)


def test_elsewhere_a_notice_that_names_a_township_is_left_out_and_others_stay() -> None:
    notes = (
        {"document": "罗政办〔2023〕52号", "note": "任务数按比例缩小"},
        {"document": "罗政办〔2023〕53号", "note": "铁铺镇另行下达"},
        {"document": "关于丽水的通知", "note": "调整"},
        {"document": "罗政办〔2023〕54号", "note": "411521103 暂缺"},
    )
    towns = quota_progress()["towns"]
    towns[0]["name"] = "铁铺镇"
    towns[1]["name"] = "丽水街道"
    changes = {"notices": notes, "towns": towns}
    here, there = html(Settings(), quota=changes), html(OPEN, quota=changes)
    assert here.count('class="notice"') == 4
    assert there.count('class="notice"') == 1
    assert "罗政办〔2023〕52号：任务数按比例缩小" in there


def test_elsewhere_the_time_of_a_change_is_not_written() -> None:
    assert "数据变动于" in html(Settings())
    assert "数据变动于" not in html(OPEN)


def test_elsewhere_the_bar_of_the_money_is_drawn_from_the_amounts_as_they_are_written() -> None:
    def way(fen: int) -> str:
        town = {
            "region": "411521101",
            "taken_fen": 9_000_000,
            "pending_fen": 3_000_000 + fen,
            "treasury_fen": 6_000_000,
        }
        whole = html(OPEN, payment={"towns": [town]})
        return (
            whole.partition('id="flow-way"')[2].partition("</svg>")[0]
            + whole.partition("<ol>")[2].partition("</ol>")[0]
        )

    assert way(0) == way(999_999) != way(1_000_000)
    assert 'class="pending" x="0" width="333"' in way(38_000)


@pytest.mark.parametrize(
    ("count", "written"), [(0, "不足 10"), (1, "不足 10"), (9, "不足 10"), (10, "10"), (19, "10"), (1_234, "1,230")]
)
def test_counts_below_ten_are_not_written(count: int, written: str) -> None:
    assert Figures(Translator("zh"), exact=False).people(count) == written


@pytest.mark.parametrize(
    ("fen", "written"),
    [
        (0, "0.00"),
        (1, "不足 10,000"),
        (999_999, "不足 10,000"),
        (1_000_000, "10,000"),
        (39_999_999, "390,000"),
        (-100, "不足 10,000"),
        (-999_999, "不足 10,000"),
        (-1_000_000, "-10,000"),
        (-39_999_999, "-390,000"),
    ],
)
def test_amounts_are_written_in_whole_ten_thousands(fen: int, written: str) -> None:
    assert Figures(Translator("zh"), exact=False).yuan(fen) == written
