"""D3: whole receipts in the order of collection, those whose cash goes back first, and never more than there is."""

from datetime import date

import pytest

from services.payment.receipts.receipt import StoredReceipt
from services.payment.shortages.coverage import cover, pieces
from shared.domain.ids import new_id


def receipt(number: str, fen: int = 380, day: int = 8) -> StoredReceipt:
    return StoredReceipt(
        id=new_id(),
        receipt_no=number,
        region="411521101201",
        enrolment_id=new_id(),
        person_token="T",
        benefit_year=2024,
        amount_fen=fen,
        received_on=date(2023, 10, day),
        state="USED",
        recall_reason=None,
        batch_id=None,
        deposited_on=None,
        actor="clerk",
        correlation_id=new_id(),
    )


LATE, FIRST, SECOND = receipt("R1", day=9), receipt("R2"), receipt("R3")
ALL = (LATE, FIRST, SECOND)


@pytest.mark.parametrize(
    ("fen", "covered", "surplus"),
    [
        (0, (), 0),
        (379, (), 379),
        (380, (FIRST,), 0),
        (860, (FIRST, SECOND), 100),
        (1139, (FIRST, SECOND), 379),
    ],
)
def test_money_covers_whole_receipts_in_the_order_of_collection(
    fen: int, covered: tuple[StoredReceipt, ...], surplus: int
) -> None:
    found = cover(ALL, (), fen)
    assert (found.covered, found.surplus_fen) == (covered, surplus)
    assert set(found.waiting) == set(ALL) - set(covered)


def test_cash_that_goes_back_to_people_is_covered_first() -> None:
    found = cover(ALL, (LATE,), 380)
    assert (found.covered, found.waiting) == ((LATE,), (FIRST, SECOND))


def test_a_small_receipt_never_overtakes_one_that_waits() -> None:
    small = receipt("R4", fen=50)
    assert cover((FIRST, SECOND, small), (), 500).covered == (FIRST,)


def test_what_comes_in_pieces_adds_up_to_each_receipt() -> None:
    waiting = (FIRST, SECOND)
    assert pieces(waiting, 0, 100) == [(FIRST, 100)]
    assert pieces(waiting, 100, 300) == [(FIRST, 280), (SECOND, 20)]
    assert pieces(waiting, 400, 360) == [(SECOND, 360)]
    assert pieces(waiting, 760, 100) == []
