"""Two schedules are held against each other on one day of payment: who pays how much."""

from datetime import date

import pytest

from shared.contracts.subsidy import BenefitRule, ScheduleRow, Share, row_for, same_price_on

_BENEFIT = BenefitRule(start="YEAR_START", starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31))


def _row(first: date, last: date, due_fen: int, *shares: Share) -> ScheduleRow:
    return ScheduleRow(
        pay_from=first, pay_until=last, standard_fen=38_000, due_fen=due_fen, shares=shares, benefit=_BENEFIT
    )


AID = Share(funder="medical_assistance_fund", amount_fen=20_000)
AUTUMN = (
    _row(date(2023, 10, 1), date(2023, 11, 19), 38_000),
    _row(date(2023, 11, 20), date(2023, 12, 31), 18_000, AID),
)
PLAIN = (_row(date(2023, 10, 1), date(2023, 12, 31), 38_000),)


@pytest.mark.parametrize(
    ("day", "same"), [(date(2023, 11, 19), True), (date(2023, 11, 20), False), (date(2024, 2, 1), False)]
)
def test_only_the_price_of_the_day_counts(day: date, same: bool) -> None:
    assert same_price_on(day, AUTUMN, PLAIN) is same
    assert same_price_on(day, PLAIN, AUTUMN) is same


def test_the_same_amount_from_another_funder_is_another_price() -> None:
    other = (_row(date(2023, 10, 1), date(2023, 12, 31), 18_000, Share(funder="county_finance", amount_fen=20_000)),)
    assert not same_price_on(date(2023, 12, 1), AUTUMN, other)


def test_a_row_that_only_begins_after_the_day_has_its_price_already() -> None:
    assert row_for(AUTUMN, date(2023, 9, 1)) == AUTUMN[0]
    assert same_price_on(date(2023, 9, 1), AUTUMN, PLAIN)


def test_without_rows_there_is_no_price() -> None:
    assert same_price_on(date(2023, 12, 1), (), ())
    assert not same_price_on(date(2023, 12, 1), PLAIN, ())
    assert not same_price_on(date(2023, 12, 1), (), PLAIN)
