"""Townships in the order of their gap, with the last three marked."""

from collections.abc import Sequence

from services.console.summaries import TownQuota
from services.console.towns import last_three
from tests.services.console.county_summaries import quota_progress
from tests.services.console.test_view import shown, snapshot


def town(code: str, enrolled: int, target: int = 100) -> TownQuota:
    return TownQuota(
        region=code,
        name=code,
        target=target,
        registered=enrolled,
        enrolled=enrolled,
        percent=None,
        remaining=max(target - enrolled, 0),
        over=max(enrolled - target, 0),
    )


def marked(towns: Sequence[TownQuota]) -> set[str]:
    return set(last_three(towns))


class TestOrder:
    def test_the_least_complete_stands_first_and_the_first_three_are_marked(self) -> None:
        rows = shown(snapshot()).towns
        shares = [float(row.percent or 0) for row in rows]
        assert shares == sorted(shares)
        assert [row.last for row in rows] == [True] * 3 + [False] * 17

    def test_a_small_township_is_judged_by_its_share_and_not_by_its_people(self) -> None:
        assert marked([town("a", 10, 20), *(town(each, 900, 1000) for each in "bcde"), town("f", 5, 10)]) == {"a", "f"}

    def test_the_distance_to_the_target_has_its_unit(self) -> None:
        row = shown(snapshot()).towns[0]
        assert row.distance == "2,648 人"
        progress = quota_progress()
        progress["towns"][0] |= {"enrolled": 12_035, "remaining": 0, "over": 0}
        reached = [row.distance for row in shown(snapshot(quota=progress)).towns if row.key == "411521101"]
        assert reached == ["已完成"]


class TestLastThree:
    def test_three_townships_or_fewer_have_no_last_three(self) -> None:
        assert marked([town(each, 50) for each in "abc"]) == set()

    def test_who_has_reached_the_target_is_never_marked(self) -> None:
        assert marked([town("a", 90), *(town(each, 100) for each in "bcde")]) == {"a"}
        assert marked([town(each, 100) for each in "abcde"]) == set()

    def test_where_equals_stand_on_both_sides_of_the_third_place_none_of_them_is_marked(self) -> None:
        assert marked([town("a", 10), *(town(each, 50) for each in "bcd")]) == {"a"}
        assert marked([town(each, 0) for each in "abcdef"]) == set()

    def test_equals_within_the_three_are_marked_together(self) -> None:
        assert marked([town("a", 10), town("b", 20), town("c", 20), town("d", 30)]) == {"a", "b", "c"}
