"""What a bill shows as due on a day, without a database."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import orjson
import pytest

from services.payment.bills.display import display
from services.payment.bills.models import BillDetails

FIRST = date(2023, 9, 1)
CHANGES = date(2024, 1, 1)
LAST = date(2024, 2, 29)


def _row(pay_from: date, pay_until: date, due_fen: int) -> dict[str, object]:
    return {
        "pay_from": pay_from,
        "pay_until": pay_until,
        "standard_fen": 38_000,
        "due_fen": due_fen,
        "identity": None,
        "shares": [],
        "wait": {"code": "NONE", "days": 0, "months": 0},
        "benefit": {"start": "YEAR_START", "starts_on": "2024-01-01", "ends_on": "2024-12-31"},
    }


SCHEDULE = [_row(FIRST, CHANGES - timedelta(1), 38_000), _row(CHANGES, LAST, 102_000)]
OPEN = BillDetails(
    id=UUID(int=1),
    enrolment_id=UUID(int=2),
    benefit_year=2024,
    region="411521101201",
    version=1,
    state="OPEN",
    schedule=orjson.dumps(SCHEDULE).decode(),
    reasons="[[], []]",
    superseded_because=None,
    review=None,
    row_no=None,
    due_fen=None,
    paid_on=None,
    paid_through=None,
)


@pytest.mark.parametrize(
    ("today", "due_fen"),
    [
        (FIRST - timedelta(1), None),
        (FIRST, 38_000),
        (CHANGES - timedelta(1), 38_000),
        (CHANGES, 102_000),
        (LAST, 102_000),
        (LAST + timedelta(1), None),
    ],
    ids=str,
)
def test_an_open_bill_owes_what_the_row_of_today_says(today: date, due_fen: int | None) -> None:
    shown = display(OPEN, today)
    assert shown.due_fen == due_fen
    assert (shown.row is None) == (due_fen is None)
    assert len(shown.rows) == 2


def test_a_paid_bill_shows_the_row_and_sum_under_which_it_was_paid() -> None:
    paid = replace(OPEN, state="PAID", row_no=0, due_fen=38_000, paid_on=FIRST)
    shown = display(paid, LAST)
    assert shown.due_fen == 38_000
    assert shown.row is shown.rows[0]


def test_a_bill_without_anything_due_says_nought_and_a_superseded_one_nothing() -> None:
    assert display(replace(OPEN, state="NOTHING_DUE", row_no=0), FIRST).due_fen == 0
    assert display(replace(OPEN, state="SUPERSEDED"), FIRST).due_fen is None
