"""Regions are prefixes; a business date is a date in Shanghai; identifiers sort by time."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from shared.domain.clock import SystemClock, business_date_of
from shared.domain.ids import new_id
from shared.domain.region import InvalidRegion, county_of, covers, is_village, parse_region
from tests.harness.fixed_clock import FixedClock


@pytest.mark.parametrize("code", ["411521", "411521101", "411521101201"])
def test_county_town_and_village_codes_are_regions(code: str) -> None:
    assert parse_region(code) == code
    assert county_of(code) == "411521"


@pytest.mark.parametrize(
    "code", ["", "4115", "41152110", "4115211012011", "011521", "41152A", "４１１５２１", "411521\n", "411521%"]
)
def test_other_texts_are_no_region(code: str) -> None:
    with pytest.raises(InvalidRegion):
        parse_region(code)


def test_a_region_covers_itself_and_what_lies_below_it() -> None:
    assert covers("411521", "411521101201")
    assert covers("411521101", "411521101")
    assert not covers("411521101", "411521102201")
    assert not covers("411521101", "411521")
    assert not covers("", "411521")


def test_only_twelve_digits_name_a_village() -> None:
    assert is_village("411521101201")
    assert not is_village("411521101")


def test_the_business_date_turns_at_midnight_in_shanghai() -> None:
    assert business_date_of(datetime(2023, 12, 31, 15, 59, 59, tzinfo=UTC)) == date(2023, 12, 31)
    assert business_date_of(datetime(2023, 12, 31, 16, 0, tzinfo=UTC)) == date(2024, 1, 1)
    with pytest.raises(ValueError, match="time zone"):
        business_date_of(datetime(2023, 12, 31, tzinfo=UTC).replace(tzinfo=None))


def test_clocks_give_utc() -> None:
    noon = datetime(2023, 11, 5, 12, 0, tzinfo=timezone(timedelta(hours=8)))
    assert FixedClock(noon).now() == noon
    assert FixedClock(noon).now().utcoffset() == timedelta(0)
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_identifiers_made_later_sort_later() -> None:
    made = [new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert {identifier.version for identifier in made} == {7}
