"""Which days of one money must follow which, alone and without a database."""

from datetime import date, timedelta
from itertools import combinations

import pytest

from services.payment.chronology import MoneyDay, MoneyPath, contradiction, entered_late

DAY = date(2023, 10, 8)
PAIRS = [(path, *pair) for path in MoneyPath for pair in combinations(path.value, 2)]


@pytest.mark.parametrize(("path", "first", "second"), PAIRS, ids=str)
def test_of_two_days_on_a_path_the_second_is_never_the_earlier(
    path: MoneyPath, first: MoneyDay, second: MoneyDay
) -> None:
    found = contradiction(path, {first: DAY, second: DAY - timedelta(days=1)})
    assert found is not None
    assert str(found) == (
        f"{second.zh} 2023-10-07 早于{first.zh} 2023-10-08 · {second.en} 2023-10-07 < {first.en} 2023-10-08"
    )
    assert contradiction(path, {first: DAY, second: DAY}) is None


def test_the_tax_bureaus_certificate_comes_with_the_payment() -> None:
    paid, certified = MoneyDay.PAID, MoneyDay.CERTIFIED
    later = DAY + timedelta(days=1)
    assert contradiction(MoneyPath.TAX_BUREAU, {paid: DAY, certified: later}) is not None
    assert contradiction(MoneyPath.CHANNEL, {paid: DAY, certified: later}) is None


def test_a_day_that_is_not_on_the_path_contradicts_nothing() -> None:
    assert contradiction(MoneyPath.REFUND, {MoneyDay.REFUNDED: DAY, MoneyDay.BOOKED: DAY + timedelta(days=9)}) is None
    assert contradiction(MoneyPath.CHANNEL, {}) is None


def test_a_receipt_is_late_the_day_after_the_limit() -> None:
    assert not entered_late(DAY, DAY + timedelta(days=30), 30)
    assert entered_late(DAY, DAY + timedelta(days=31), 30)
