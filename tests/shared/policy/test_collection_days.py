"""The collection of a pack: from its first day to the last on which nobody pays late."""

from datetime import date

import pytest

from shared.policy.loader import load_pack
from shared.policy.payment_window import collection_days


@pytest.mark.parametrize(
    ("pack", "first", "last"),
    [
        ("luoshan-2024", date(2023, 10, 1), date(2023, 12, 31)),  # the collection itself ends on the 30th
        ("shantou-2022", date(2021, 9, 25), date(2021, 12, 31)),  # migrant workers alone have until February
    ],
)
def test_the_window_of_everybody_counts_and_those_of_some_or_of_the_late_do_not(
    pack: str, first: date, last: date
) -> None:
    assert collection_days(load_pack(pack)) == (first, last)
