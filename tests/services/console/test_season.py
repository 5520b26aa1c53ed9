"""The season on the page: deadline, pace, and a chart whose table says the same."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.console.season import Season
from services.console.summaries import CollectionWindow
from services.console.trend import HEIGHT, ceiling, straight_line, week_ends
from tests.services.console.county_summaries import enrolled_by_day, quota_progress
from tests.services.console.test_view import shown, snapshot

WINDOW = CollectionWindow(first=date(2023, 10, 1), last=date(2023, 12, 31))


def season(**changes: Any) -> Season:
    found = shown(snapshot(**changes)).season
    assert found is not None
    return found


def on(day: str) -> dict[str, Any]:
    return {"business_date": day}


class TestDeadline:
    @pytest.mark.parametrize(
        ("day", "label", "days"),
        [
            ("2023-09-21", "距开始", "10"),
            ("2023-10-01", "距缴费截止", "91"),
            ("2023-12-18", "距缴费截止", "13"),
            ("2023-12-31", "距缴费截止", "0"),
            ("2024-01-05", "截止后", "5"),
        ],
    )
    def test_days_count_to_the_beginning_then_to_the_deadline_then_from_it(
        self, day: str, label: str, days: str
    ) -> None:
        found = season(registration=on(day))
        assert (found.days_label, found.days) == (label, days)
        assert found.window == "集中征缴期 2023-10-01 至 2023-12-31"

    def test_without_a_window_nothing_is_said_of_a_season(self) -> None:
        assert shown(snapshot(subsidy={"collection_window": None})).season is None


class TestPace:
    def test_people_to_go_and_people_a_day_have_their_unit(self) -> None:
        found = season()
        assert found.missing == "距任务 66,836 人"
        assert found.daily == "此后平均每天需参保 4,774 人"  # 14 days, the business date among them

    def test_the_straight_line_reaches_the_target_on_the_deadline_and_stays_there(self) -> None:
        days = [date(2023, 9, 1), WINDOW.first, date(2023, 11, 15), WINDOW.last, date(2024, 2, 1)]
        assert [straight_line(WINDOW, 910, day) for day in days] == [0, 0, 450, 910, 910]

    @pytest.mark.parametrize(
        ("change", "pace", "behind"),
        [(1, "超时序进度 1 人", False), (0, "与时序进度持平", False), (-1, "落后时序进度 1 人", True)],
    )
    def test_being_ahead_or_behind_is_said_in_people(self, change: int, pace: str, behind: bool) -> None:
        progress = quota_progress()
        progress["county"]["enrolled"] = (
            straight_line(WINDOW, progress["county"]["target"], date(2023, 12, 18)) + change
        )
        found = season(quota=progress)
        assert (found.pace, found.behind) == (pace, behind)

    def test_a_target_that_is_reached_needs_nobody_more(self) -> None:
        progress = quota_progress()
        progress["county"]["enrolled"] = progress["county"]["target"] + 5
        found = season(quota=progress)
        assert (found.missing, found.daily, found.behind) == ("任务数已完成", None, False)

    def test_after_the_deadline_nobody_is_asked_for_people_a_day(self) -> None:
        assert season(registration=on("2024-01-05")).daily is None

    def test_without_targets_there_is_no_pace(self) -> None:
        progress = quota_progress()
        progress["county"] |= {"target": 0, "percent": None}
        found = season(quota=progress | {"towns": []})
        assert (found.pace, found.missing, found.trend) == (None, None, None)


class TestTrend:
    def test_the_table_beside_the_chart_ends_where_the_county_stands(self) -> None:
        trend = season().trend
        assert trend is not None
        assert [week.days for week in trend.weeks[:2]] == ["10-01 – 10-07", "10-08 – 10-14"]
        assert trend.weeks[-1].days == "12-17 – 12-18"
        added = sum(int(week.added.replace(",", "")) for week in trend.weeks)
        assert f"{added:,}" == trend.weeks[-1].enrolled == "575,820"

    def test_who_was_enrolled_before_the_window_opened_was_not_added_in_its_first_week(self) -> None:
        days = [
            {"day": "2023-03-01", "enrolled": 4_000},
            {"day": "2023-09-30", "enrolled": 70},
            {"day": "2023-10-01", "enrolled": 5},
            {"day": "2023-10-07", "enrolled": 20},
            {"day": "2023-10-08", "enrolled": 300},
        ]
        trend = season(registration=on("2023-10-10") | {"enrolled_by_day": days}).trend
        assert trend is not None
        assert [(week.added, week.enrolled) for week in trend.weeks] == [("25", "4,095"), ("300", "4,395")]

    def test_the_chart_draws_the_numbers_of_the_table(self) -> None:
        trend = season().trend
        assert trend is not None
        assert trend.enrolled is not None
        assert trend.heights == ("800,000", "600,000", "400,000", "200,000", "0")
        drawn = [int(point.split(",")[1]) for point in trend.enrolled.points.split()[1:]]
        counted = [int(week.enrolled.replace(",", "")) for week in trend.weeks]
        assert drawn == [HEIGHT - HEIGHT * count // 800_000 for count in counted]
        assert trend.straight.points == f"0,{HEIGHT} 1000,{HEIGHT - HEIGHT * 642_656 // 800_000}"
        assert (trend.days[0], trend.days[-1]) == ("10-01", "12-31")

    def test_the_year_before_joins_when_two_years_stand_side_by_side(self) -> None:
        assert season().trend is not None
        assert season().trend.year_before is None  # type: ignore[union-attr]
        before = [
            each | {"day": (date.fromisoformat(each["day"]) - timedelta(days=365)).isoformat()}
            for each in enrolled_by_day(600_000)
        ]
        trend = season(registration={"enrolled_by_day_year_before": before}).trend
        assert trend is not None
        assert trend.year_before is not None
        assert trend.weeks[-1].year_before == "600,000"

    def test_before_the_first_day_there_is_the_straight_line_alone(self) -> None:
        trend = season(registration=on("2023-09-21") | {"enrolled_by_day": []}).trend
        assert trend is not None
        assert (trend.enrolled, trend.weeks) == (None, ())

    def test_a_registration_that_reports_no_days_has_no_chart(self) -> None:
        assert season(registration={"enrolled_by_day": None}).trend is None

    def test_a_week_ends_after_seven_days_and_the_last_one_today(self) -> None:
        first = WINDOW.first
        assert week_ends(first, first) == [first]
        assert week_ends(first, date(2023, 10, 7)) == [date(2023, 10, 7)]
        assert week_ends(first, date(2023, 10, 8)) == [date(2023, 10, 7), date(2023, 10, 8)]
        assert week_ends(first, date(2023, 9, 30)) == []

    @pytest.mark.parametrize(
        ("most", "top"), [(0, 4), (4, 4), (5, 8), (37, 40), (2_000, 2_000), (2_001, 2_400), (642_656, 800_000)]
    )
    def test_the_axis_ends_at_a_round_number_that_four_divides(self, most: int, top: int) -> None:
        assert ceiling(most) == top
        assert top % 4 == 0
