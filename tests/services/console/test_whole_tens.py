"""No two figures of a page that other machines can read say more than counts in whole tens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from services.console.figures import permille, tens
from services.console.page_renderer import PageRenderer
from services.console.summaries import EnrolledDay
from services.console.translations import LANGUAGES, Lang
from services.console.whole_tens import rounded_days
from shared.settings import Settings
from tests.services.console.county_summaries import quota_progress
from tests.services.console.test_view import snapshot

OPEN = Settings(listen_host="0.0.0.0")
FIRST = date(2023, 10, 1)
DAYS = 79  # from the first day of the window to the business date
counts = st.integers(min_value=0, max_value=130) | st.integers(min_value=0, max_value=3_000)
units = st.integers(min_value=0, max_value=9)


@dataclass(frozen=True)
class County:
    """What a small county counts; people by day stand as sums up to the end of some days."""

    target: int
    registered: int
    enrolled: int
    here_registered: int  # as registration counts them, before quota's counters follow
    here_enrolled: int
    paid: int
    sums: tuple[int, ...]
    sums_before: tuple[int, ...]


def counties() -> st.SearchStrategy[County]:
    """Small counties, whatever a service may report of them."""
    sums = st.lists(counts, min_size=1, max_size=12).map(lambda found: tuple(sorted(found)))
    return st.builds(County, counts, counts, counts, counts, counts, counts, sums, sums)


def with_units(county: County, unit: Sequence[int]) -> County:
    """The same county with other last digits."""
    digits = iter(unit)

    def other(count: int) -> int:
        return tens(count) + next(digits)

    return County(
        target=other(county.target),
        registered=other(county.registered),
        enrolled=other(county.enrolled),
        here_registered=other(county.here_registered),
        here_enrolled=other(county.here_enrolled),
        paid=other(county.paid),
        sums=tuple(sorted(map(other, county.sums))),
        sums_before=tuple(sorted(map(other, county.sums_before))),
    )


def _by_day(sums: tuple[int, ...], first: date) -> list[dict[str, Any]]:
    befores = (0, *sums)
    return [
        {"day": (first + timedelta(days=number * DAYS // len(sums))).isoformat(), "enrolled": summed - before}
        for number, (summed, before) in enumerate(zip(sums, befores, strict=False))
    ]


def open_page(county: County, lang: Lang = "zh") -> str:
    """The page of a county on an address that other machines reach."""
    standing = {
        "target": county.target,
        "registered": county.registered,
        "enrolled": county.enrolled,
        "percent": f"{county.enrolled * 100 / county.target:.2f}" if county.target else None,
        "remaining": max(county.target - county.enrolled, 0),
        "over": max(county.enrolled - county.target, 0),
    }
    town = {"region": "411521101", "registered": county.here_registered, "enrolled": county.here_enrolled}
    given = snapshot(
        quota={"county": standing, "towns": quota_progress()["towns"][:1]},
        registration={
            "towns": [town],
            "enrolled_by_day": _by_day(county.sums, FIRST),
            "enrolled_by_day_year_before": _by_day(county.sums_before, FIRST - timedelta(days=365)),
        },
        payment={"towns": [{"region": "411521101", "paid_count": county.paid, "taken_fen": 5_000_000}]},
    )
    return PageRenderer(OPEN).whole(given, lang)


def people_on(page: str) -> list[int]:
    """Every number of people in the Chinese page: in sentences, tiles, the chart's words and its table."""
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    cells = re.findall(r'<td class="number"[^>]*>([\d,-]+)</td>', page)
    heights = re.findall(r"<li>([\d,]+)</li>", page)
    found = [*re.findall(r"([\d,]+) (?:人|条|笔|个上解)", text), *cells, *heights]
    return [int(each.replace(",", "")) for each in found]


@example(County(100, 50, 40, 50, 40, 40, (40,), (40,)), [0, 5, 0, 0, 0, *[9] * 25], "zh")
@given(counties(), st.lists(units, min_size=30, max_size=30), st.sampled_from(list(LANGUAGES)))
def test_counties_that_differ_in_last_digits_alone_have_the_same_page(
    county: County, unit: list[int], lang: Lang
) -> None:
    """Texts, cells, bars and points: what is the same page for either county says nothing of their last digits."""
    assert open_page(county, lang) == open_page(with_units(county, unit), lang)


@given(counties())
def test_every_number_of_people_is_a_multiple_of_ten(county: County) -> None:
    people = people_on(open_page(county))
    assert [each for each in people if each % 10] == []
    assert len(people) >= 5  # the heights of the chart, or more


@given(st.lists(counts, max_size=40))
def test_the_sum_up_to_any_day_is_the_true_sum_in_whole_tens(by_day: list[int]) -> None:
    days = [EnrolledDay(day=FIRST + timedelta(days=place), enrolled=count) for place, count in enumerate(by_day)]
    rounded = rounded_days(list(reversed(days)))
    for place in range(len(by_day) + 1):
        assert sum(each.enrolled for each in rounded[:place]) == tens(sum(by_day[:place]))


def test_registered_less_enrolled_does_not_say_how_many_wait() -> None:
    page = open_page(County(642, 55, 46, 55, 46, 46, (46,), (0,)))
    assert "<b>50</b>" in page
    assert "<b>40</b>" in page
    assert "未参保 10 人" in page
    assert not {"55", "46", "9", "642"} & set(re.findall(r"\d+", re.sub(r"<[^>]+>", " ", page)))


def test_the_distance_to_a_target_does_not_say_how_many_have_come() -> None:
    page = open_page(County(642_656, 3, 3, 3, 3, 3, (3,), (0,)))
    assert "距任务 642,650 人" in page
    assert "落后时序进度 550,840 人" in page
    assert "642,653" not in page
    assert 'class="fill" width="0"' in page


def test_a_week_adds_the_difference_of_rounded_sums() -> None:
    page = open_page(County(2_000, 1_003, 1_003, 1_003, 1_003, 1_003, (1_000, 1_003), (995, 1_004)))
    rows = re.findall(r'<td class="number" data-label="[^"]+">([^<]+)</td>', page)
    weeks = [tuple(rows[place : place + 4]) for place in range(0, len(rows), 4)]
    assert weeks[0][:2] == ("1,000", "1,000")
    assert {week[0] for week in weeks[1:]} == {"不足 10"}
    assert {week[1] for week in weeks} == {"1,000"}
    assert {week[3] for week in weeks} == {"990", "1,000"}


def test_a_bar_is_as_long_as_the_written_numbers_say() -> None:
    page = open_page(County(99, 90, 57, 90, 57, 57, (57,), (0,)))
    assert f'class="fill" width="{permille(50, 90)}"' in page
    assert "完成率 55.56%" in page


def test_a_target_that_is_missed_by_less_than_ten_is_not_called_reached() -> None:
    assert "距任务 不足 10 人" in open_page(County(105, 104, 104, 104, 104, 104, (104,), (0,)))
    assert "任务数已完成" in open_page(County(105, 114, 114, 114, 114, 114, (114,), (0,)))


def test_what_waits_in_a_sentence_is_counted_in_tens_and_still_there() -> None:
    given = snapshot(
        payment={"refunds": {"count": 47, "fen": 1_786_000}, "messages": {"dead_letters": 3}},
        registration={"states": {"HELD": 18}},
        quota={"unattributed": {"registered": 7, "enrolled": 1}},
    )
    page = PageRenderer(OPEN).whole(given, "zh")
    for sentence in ("40 笔退款办理中", "不足 10 条消息无法处理", "10 人暂缓核定", "已登记的 不足 10 人不在任何"):
        assert sentence in page
