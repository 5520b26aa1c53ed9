"""On which day a channel's money is settled: when the bank has all of it, by the last line that stands."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import (
    BOOKED_ON,
    DAY,
    book,
    breaks,
    day_in,
    line,
    lines_of,
    pay,
    reverse,
)
from tests.services.payment.bank.stepped_days import SteppedPayment, stepped_payment

LATER = "2023-10-13"


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[SteppedPayment]:
    # The days of these tests lie before the channel's first bill.
    async with stepped_payment(installation, tmp_path, today=date(2023, 10, 20)) as opened:
        yield opened


@pytest.mark.parametrize(("right_on", "mistyped_on"), [(BOOKED_ON, LATER), (LATER, BOOKED_ON)])
async def test_money_is_settled_on_the_day_of_the_line_that_stands(
    payment: SteppedPayment, right_on: str, mistyped_on: str
) -> None:
    """C1: reversing a mistyped line settled the day on the mistyped line's day and by its cause."""
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    await book(payment, line(1, amount_fen=100), number="WRONG", booked_on=mistyped_on)
    await payment.worked()
    await day_in(payment, "HELD", DAY)
    await book(payment, line(1), number="RIGHT", booked_on=right_on)
    await payment.worked()
    (mistyped,), (right,) = await lines_of(payment, "WRONG"), await lines_of(payment, "RIGHT")
    await reverse(payment, mistyped["id"])
    await payment.worked()
    ready = await day_in(payment, "READY_TO_REMIT", DAY)
    (settled,) = await payment.sql("SELECT effective_on, caused_by FROM transfer WHERE kind = 'settled'")
    assert (str(settled["effective_on"]), str(settled["caused_by"])) == (right_on, right["id"])
    assert str(await payment.one("SELECT settled_on FROM payment_line")) == right_on
    matched = "SELECT effective_on FROM remittance_step WHERE to_state = 'READY_TO_REMIT' AND batch_id = $1"
    assert str(await payment.one(matched, UUID(ready["id"]))) == right_on
    assert await breaks(payment) == []


async def test_money_is_settled_when_the_bank_has_all_of_it_whichever_line_is_entered_last(
    payment: SteppedPayment,
) -> None:
    """C1, D1: a part of the money that was typed later, though booked earlier, settled the whole on its own day."""
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    await book(payment, line(1, amount_fen=DUE_FEN - 100), number="LATER", booked_on=LATER)
    await payment.worked()
    await day_in(payment, "HELD", DAY)
    await book(payment, line(1, amount_fen=100), number="EARLIER")
    await payment.worked()
    await day_in(payment, "READY_TO_REMIT", DAY)
    assert str(await payment.one("SELECT effective_on FROM transfer WHERE kind = 'settled'")) == LATER
    assert await breaks(payment) == []


async def test_no_payout_is_met_by_a_line_that_was_reversed(installation: Installation, tmp_path: Path) -> None:
    """C1: a payout of nothing was met by the line that two people had just reversed."""
    async with stepped_payment(installation, tmp_path) as payment:
        days = BilledDays(payment)
        await days.pay(f"{FIRST} 10:00:00")
        transaction = await payment.one("SELECT transaction_id FROM payment")
        days.bill_refund(f"{FIRST} 12:00:00", transaction, "5030000001", "CONSOLE0001")
        days.payout(f"{SECOND} 05:00:00", 0)
        await days.over(FIRST)
        await days.over(SECOND)
        await payment.worked()
        await book(payment, line(1, amount_fen=100, day=FIRST), booked_on=THIRD)
        await payment.worked()
        (mistyped,) = await lines_of(payment)
        await reverse(payment, mistyped["id"])
        await payment.worked()
        await day_in(payment, "CLOSED_EMPTY", FIRST)
        assert await payment.one("SELECT state FROM payout") == "AWAITED"
        await book(payment, line(1, amount_fen=0, day=FIRST), number="B2", booked_on=THIRD)
        await payment.worked()
        assert await payment.one("SELECT state FROM payout") == "MET"
        assert await breaks(payment) == []
