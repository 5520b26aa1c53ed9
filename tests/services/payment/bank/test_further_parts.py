"""A further part of a payout: its money is that of the payout's line of the bank, and it follows the same days."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import breaks
from tests.services.payment.bank.stepped_days import SteppedPayment, stepped_payment
from tests.services.payment.bank.test_payouts import differing, part, settle
from tests.services.payment.bank.test_unasked_refunds import reported, twice_paid

LATE = "4200008888"


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[SteppedPayment]:
    async with stepped_payment(installation, tmp_path) as opened:
        yield opened


async def further_part(payment: SteppedPayment) -> dict[str, Any]:
    """The part of a payment whose notice came when its payout had been met, by a line that the bank booked THIRD."""
    days = BilledDays(payment)
    await days.pay(f"{FIRST} 10:00:00")
    (person,) = await payment.bill()
    order = await payment.order(person)
    days.bill_payment(f"{FIRST} 11:00:00", LATE, order["order_no"])
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN)
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    await settle(payment, 2 * DUE_FEN, on=THIRD)
    await payment.worked()
    await payment.paid(order, transaction_id=LATE, success_time=f"{FIRST}T11:00:00+08:00")
    return await part(payment, "READY_TO_REMIT", number=2)


async def test_a_further_part_is_not_remitted_before_its_payout_was_settled(payment: SteppedPayment) -> None:
    """D1: it has no line of the bank, so the endpoint took any day, and the auditor broke what it had accepted."""
    further = await further_part(payment)
    # As the tax bureau's detail confirms it.
    confirmed = "UPDATE remittance_batch SET state = 'DETAIL_CONFIRMED' WHERE id = $1 RETURNING id"
    await payment.sql(confirmed, UUID(further["id"]))
    early = await payment.post(f"remittances/{further['id']}/remit", {"remitted_on": SECOND})
    assert (early.status_code, early.json()["code"]) == (409, "DATE_BEFORE_PREVIOUS_STEP"), early.text
    assert (await payment.post(f"remittances/{further['id']}/remit", {"remitted_on": THIRD})).status_code == 200
    remitted = "SELECT remitted_on FROM remittance_batch WHERE id = $1"
    assert await payment.one(remitted, UUID(further["id"])) == date.fromisoformat(THIRD)


async def parts_of_first(payment: SteppedPayment) -> list[tuple[int, str]]:
    """The parts of the first day and their states."""
    rows = await payment.sql("SELECT part, state FROM remittance_batch ORDER BY part")
    return [(row["part"], row["state"]) for row in rows]


async def test_a_console_refund_of_another_amount_than_the_bill_has_begins_no_part(payment: SteppedPayment) -> None:
    """C1: a refund of 380 of which the bill moved 375 was tried for ever, a batch and a step each time."""
    days = BilledDays(payment)
    await days.pay(f"{FIRST} 10:00:00")
    await days.pay(f"{FIRST} 11:00:00")
    transaction = days.trades[FIRST][0].transaction
    assert await reported(payment, transaction, f"{FIRST}T12:00:00+08:00") == ("APPLIED", None)
    number = await payment.one("SELECT channel_refund_id FROM unasked_refund")
    days.bill_refund(f"{FIRST} 12:00:00", transaction, number, "CONSOLE0001", DUE_FEN - 500)
    days.payout(f"{SECOND} 05:00:00", DUE_FEN + 500)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, DUE_FEN + 500)
    await payment.worked()
    assert await parts_of_first(payment) == [(1, "READY_TO_REMIT")]
    differences = (await payment.get("settlement-differences"))["items"]
    assert sorted((one["difference_class"], one["theirs_fen"]) for one in differences) == [
        (4, DUE_FEN - 500),
        (4, DUE_FEN),
    ]
    assert await payment.one("SELECT count(*) FROM unasked_refund WHERE deducted_by IS NULL") == 1


async def test_a_refund_of_ours_that_only_a_voucher_names_begins_no_part(payment: SteppedPayment) -> None:
    """C1: sought by its voucher, and deducted by the trade bill, which lacks it: it was tried for ever."""
    days = BilledDays(payment)
    transaction = await twice_paid(payment, days)
    assert await reported(payment, transaction, f"{FIRST}T12:00:00+08:00") == ("APPLIED", None)
    days.flow(f"{FIRST} 12:00:00", "5030000009", "退款", -DUE_FEN, voucher="CONSOLE0001")
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, DUE_FEN)
    await payment.worked()
    assert await parts_of_first(payment) == [(1, "READY_TO_REMIT")]
    await differing(payment, (3, "REFUND", None))
    # The channel's own number becomes known: the refund is what the payout lacked.
    await payment.sql("UPDATE refund SET channel_refund_id = '5030000009' RETURNING id")
    await payment.worked()
    assert await parts_of_first(payment) == [(1, "READY_TO_REMIT"), (2, "CLOSED_EMPTY")]
    await differing(payment, (3, "REFUND", "COUNTED"))
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


async def test_what_a_payout_may_lack_is_looked_for_once_and_begins_no_part(payment: SteppedPayment) -> None:
    """C1: a refund of a payment that came later, and that it does not fit: its payout got an empty part."""
    days = BilledDays(payment)
    (person,) = await payment.bill()
    order = await payment.order(person)
    await days.pay(f"{FIRST} 10:00:00")
    days.bill_refund(f"{FIRST} 12:00:00", LATE, "5030000001", "CONSOLE0001", 2 * DUE_FEN)
    days.bill_payment(f"{FIRST} 10:30:00", "4200006666", "ELSEWHERE", 2 * DUE_FEN)
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, DUE_FEN)
    await payment.worked()
    await payment.paid(order, transaction_id=LATE, success_time=f"{FIRST}T11:00:00+08:00")
    assert await parts_of_first(payment) == [(1, "READY_TO_REMIT")]
    asked = "SELECT asked FROM settlement_difference WHERE kind = 'REFUND'"
    assert await payment.one(asked) == 1


async def test_a_mistyped_payout_names_what_the_bills_say_of_the_day(payment: SteppedPayment) -> None:
    """C1: the payout of the bank's day was met by it when it agreed, and read as 0 when it did not."""
    days = BilledDays(payment)
    await days.pay(f"{FIRST} 10:00:00")
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    await settle(payment, DUE_FEN - 100, SECOND, on=THIRD)
    await payment.worked()
    held = await part(payment, "HELD", SECOND)
    assert [(one["ours_fen"], one["theirs_fen"]) for one in held["differences"]] == [(DUE_FEN, DUE_FEN - 100)]
