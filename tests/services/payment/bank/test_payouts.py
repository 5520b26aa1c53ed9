"""A merchant with bills: each payout meets the bank's line, what agrees goes on alone, only what differs is held."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.wechat_peer import refund_notice
from tests.services.payment.bank.billed_days import FIRST, FOURTH, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import (
    attribute,
    book,
    breaks,
    decide,
    line,
    lines_of,
    refund_of,
    reverse,
)
from tests.services.payment.running_payment import RunningPayment, running_payment


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    async with running_payment(installation, tmp_path) as opened:
        yield opened


@pytest.fixture
def days(payment: RunningPayment) -> BilledDays:
    return BilledDays(payment)


async def part(payment: RunningPayment, state: str, day: str = FIRST, number: int = 1) -> dict[str, Any]:
    """A part of a day, once it is in that state."""

    async def there() -> dict[str, Any]:
        batches = (await payment.get("remittances?kind=ONLINE"))["items"]
        found = [one for one in batches if (one["settlement_day"], one["part"]) == (day, number)]
        assert [one["state"] for one in found] == [state], batches
        only: dict[str, Any] = found[0]
        return only

    return await eventually(there)


async def differing(payment: RunningPayment, *expected: tuple[int, str, str | None]) -> list[dict[str, Any]]:
    """The open differences by class and kind, once they are so; a closed one's reason is the third."""

    async def so() -> tuple[list[dict[str, Any]]]:
        items: list[dict[str, Any]] = (await payment.get("settlement-differences"))["items"]
        assert [(one["difference_class"], one["kind"], one["closed_because"]) for one in items] == list(expected)
        return (items,)

    found: list[dict[str, Any]] = (await eventually(so))[0]
    return found


async def settle(payment: RunningPayment, fen: int, day: str = FIRST, number: str = "B1", on: str = SECOND) -> None:
    """The bank books a payout."""
    assert (await book(payment, line(1, amount_fen=fen, day=day), number=number, booked_on=on)).status_code == 201


async def test_a_payout_meets_the_banks_line_and_what_agrees_goes_on(payment: RunningPayment, days: BilledDays) -> None:
    await days.pay(f"{FIRST} 10:00:00")
    await days.pay(f"{FIRST} 11:00:00")
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN)
    await days.over(FIRST)
    # The bank's line is there before the bill that has its payout: it waits for it.
    await settle(payment, 2 * DUE_FEN)
    assert await payment.balances() == {"channel:WECHAT": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    await days.over(SECOND)
    ready = await part(payment, "READY_TO_REMIT")
    assert (ready["by_bill"], ready["amount_fen"], ready["line_count"]) == (True, 2 * DUE_FEN, 2)
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    await differing(payment)
    assert await breaks(payment) == []


async def test_a_payment_of_the_last_second_is_in_the_payout_that_its_booking_is_in(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C1: paid 23:59:59 and settled with the next day; the bill says so, and nothing is held."""
    await days.pay(f"{FIRST} 10:00:00")
    late = await days.pay(f"{FIRST} 23:59:59", booked=f"{SECOND} 00:00:01")
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    days.payout(f"{THIRD} 05:00:00", DUE_FEN)
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    await settle(payment, DUE_FEN)
    await settle(payment, DUE_FEN, SECOND, "B2", THIRD)
    await part(payment, "READY_TO_REMIT")
    second = await part(payment, "READY_TO_REMIT", SECOND)
    lines = (await payment.get(f"remittances/{second['id']}"))["lines"]
    assert [one["enrolment_id"] for one in lines] == [str(late)]
    await differing(payment)
    assert await breaks(payment) == []


async def test_a_day_paid_out_in_two_parts_is_two_payouts(payment: RunningPayment, days: BilledDays) -> None:
    """C1: a day paid out in two parts; each of the bank's lines meets its payout."""
    await days.pay(f"{FIRST} 10:00:00")
    await days.pay(f"{FIRST} 11:00:00")
    await days.pay(f"{FIRST} 12:00:00")
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    days.payout(f"{SECOND} 06:00:00", 2 * DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, 2 * DUE_FEN, number="B2")
    assert (await part(payment, "READY_TO_REMIT"))["line_count"] == 2
    await settle(payment, DUE_FEN)
    assert (await part(payment, "READY_TO_REMIT", number=2))["line_count"] == 1
    assert await payment.balances() == {"pending": 3 * DUE_FEN, "premium": -3 * DUE_FEN}
    assert await breaks(payment) == []


async def test_a_bank_line_that_differs_holds_its_payout_only(payment: RunningPayment, days: BilledDays) -> None:
    """C1: a mistyped statement held everybody; the other day goes on, and the right line meets the payout."""
    await days.pay(f"{FIRST} 10:00:00")
    await days.pay(f"{SECOND} 10:00:00")
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    days.payout(f"{THIRD} 05:00:00", DUE_FEN)
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    await settle(payment, DUE_FEN - 100)
    await settle(payment, DUE_FEN, SECOND, "B2", THIRD)
    held = await part(payment, "HELD")
    assert [(one["kind"], one["ours_fen"], one["theirs_fen"]) for one in held["differences"]] == [
        ("SETTLEMENT_SHORT", DUE_FEN, DUE_FEN - 100)
    ]
    await part(payment, "READY_TO_REMIT", SECOND)
    clearing = {one["kind"]: one for one in (await payment.get("clearing"))["items"]}
    assert clearing["payouts_unsettled"]["oldest_on"] == SECOND, "D3: what the bank has not met has an age"
    (mistyped,) = await lines_of(payment, "B1")
    await reverse(payment, mistyped["id"])
    await part(payment, "CLOSED_EMPTY")
    await settle(payment, DUE_FEN, number="B3")
    await part(payment, "READY_TO_REMIT", number=2)
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    assert await breaks(payment) == []


async def test_a_matched_payouts_line_is_reversed_and_the_payout_waits_for_the_right_one(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C1: the reversal of a matched line of a merchant with bills."""
    await days.pay(f"{FIRST} 10:00:00")
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, DUE_FEN)
    await part(payment, "READY_TO_REMIT")
    (entered,) = await lines_of(payment, "B1")
    await reverse(payment, entered["id"])
    await part(payment, "REVERSED")
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}
    await settle(payment, DUE_FEN, number="B2")
    await part(payment, "READY_TO_REMIT", number=2)
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


async def test_a_payment_that_only_the_bill_has_is_asked_for_and_goes_on_as_soon_as_its_channel_says_so(
    payment: RunningPayment, days: BilledDays
) -> None:
    """Class 4: its notice was lost; what agrees does not wait for it."""
    await days.pay(f"{FIRST} 10:00:00")
    (person,) = await payment.bill()
    order = await payment.order(person)
    paid = payment.peer.pay(order["order_no"], success_time=f"{FIRST}T11:00:00+08:00")
    days.bill_payment(f"{FIRST} 11:00:00", paid["transaction_id"], order["order_no"])
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, 2 * DUE_FEN)
    assert (await part(payment, "READY_TO_REMIT"))["line_count"] == 1
    assert (await part(payment, "READY_TO_REMIT", number=2))["line_count"] == 1
    (difference,) = await differing(payment, (4, "PAYMENT", "COUNTED"))
    assert (difference["owner"], difference["theirs_fen"], difference["ours_fen"]) == ("OFFICE", DUE_FEN, None)
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    assert await payment.states(person) == ["PAID"]
    assert await breaks(payment) == []


async def test_a_payment_that_nobody_knows_is_suspended_by_the_bills_word(
    payment: RunningPayment, days: BilledDays
) -> None:
    """Class 4: no order of ours, and the channel knows none under that number either."""
    await days.pay(f"{FIRST} 10:00:00")
    days.bill_payment(f"{FIRST} 11:00:00", "4200009999", "LOSTORDER1")
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, 2 * DUE_FEN)
    await part(payment, "READY_TO_REMIT")
    await differing(payment, (4, "PAYMENT", None))
    for _ in range(3):
        await payment.sql("UPDATE settlement_difference SET asked_at = NULL WHERE state = 'OPEN' RETURNING id")
        before = await payment.one("SELECT asked FROM settlement_difference")

        async def asked(before: int = before) -> bool:
            return bool(await payment.one("SELECT asked > $1 FROM settlement_difference", before))

        if before < 3:
            await eventually(asked, within_s=15)
    await differing(payment, (4, "PAYMENT", "COUNTED"))
    await part(payment, "CLOSED_EMPTY", number=2)
    (held,) = await payment.get("suspense")
    assert (held["reason"], held["state"], held["order_no"]) == ("ORDER_LOST", "HELD", "LOSTORDER1")
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}
    assert await breaks(payment) == []


async def test_a_payment_of_another_amount_is_held_alone(payment: RunningPayment, days: BilledDays) -> None:
    """Class 2: the amounts differ; two people close it."""
    await days.pay(f"{FIRST} 10:00:00")
    await days.pay(f"{FIRST} 11:00:00", in_bill=False)
    other = await payment.one("SELECT transaction_id FROM payment ORDER BY paid_at DESC LIMIT 1")
    days.bill_payment(f"{FIRST} 11:00:00", other, "ORDER-OTHER", DUE_FEN - 500)
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN - 500)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, 2 * DUE_FEN - 500)
    assert (await part(payment, "READY_TO_REMIT"))["line_count"] == 1
    (difference,) = await differing(payment, (2, "PAYMENT", None))
    assert (difference["owner"], difference["ours_fen"], difference["theirs_fen"]) == (
        "CHANNEL",
        DUE_FEN,
        DUE_FEN - 500,
    )
    assert difference["transaction_id"] == other
    path = f"settlement-differences/{difference['id']}/closing"
    proposal = (await payment.post(path, {"reason": "渠道已补足"}, client="bank")).json()
    own = await decide(payment, proposal["id"], "approval", "bank")
    assert own.json()["code"] == "APPROVAL_OF_OWN_ACT"
    assert (await decide(payment, proposal["id"], "approval", "tax")).status_code == 200
    (closed,) = await differing(payment, (2, "PAYMENT", "DECIDED"))
    assert closed["closed_by"] == proposal["id"]
    assert (await payment.get("settlement-differences?state=OPEN"))["items"] == []
    again = await payment.post(path, {"reason": "渠道已补足"}, client="bank")
    assert (again.status_code, again.json()["code"]) == (409, "DIFFERENCE_CLOSED")


async def test_a_payment_that_no_bill_has_stays_at_the_channel_with_owner_and_age(
    payment: RunningPayment, days: BilledDays
) -> None:
    """Class 6: ours only; it is closed by the bill that brings it."""
    await days.pay(f"{FIRST} 10:00:00")
    await days.pay(f"{FIRST} 11:00:00", in_bill=False)
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, DUE_FEN)
    assert (await part(payment, "READY_TO_REMIT"))["line_count"] == 1
    (difference,) = await differing(payment, (6, "PAYMENT", None))
    assert (difference["owner"], difference["since"], difference["age_days"]) == ("CHANNEL", SECOND, 1)
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "pending": DUE_FEN, "premium": -2 * DUE_FEN}
    missing = await payment.sql("SELECT transaction_id, order_no FROM payment ORDER BY paid_at DESC LIMIT 1")
    days.bill_payment(f"{THIRD} 09:00:00", missing[0]["transaction_id"], missing[0]["order_no"])
    days.payout(f"{FOURTH} 05:00:00", DUE_FEN)
    await days.over(THIRD)
    await days.over(FOURTH)
    await settle(payment, DUE_FEN, THIRD, "B2", FOURTH)
    await part(payment, "READY_TO_REMIT", THIRD)
    await differing(payment, (6, "PAYMENT", "COUNTED"))
    assert await breaks(payment) == []


async def test_a_day_with_bills_is_attributed_by_nobody(payment: RunningPayment, days: BilledDays) -> None:
    await days.pay(f"{FIRST} 10:00:00")
    await days.over(FIRST)
    transaction = await payment.one("SELECT transaction_id FROM payment")
    refused = await attribute(payment, transaction, SECOND)
    assert (refused.status_code, refused.json()["code"]) == (409, "SETTLED_BY_BILL")


async def test_a_refund_is_deducted_by_the_payout_that_the_bill_says_though_its_word_comes_later(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C5: the day of deduction comes from the bill, and a late word changes nothing of it."""
    (person,) = await payment.bill()
    order = await payment.order(person)
    for hour in (10, 11):
        await payment.paid(order, success_time=f"{FIRST}T{hour}:00:00+08:00")
        transaction = await payment.one("SELECT transaction_id FROM payment ORDER BY paid_at DESC LIMIT 1")
        days.bill_payment(f"{FIRST} {hour}:00:00", transaction, order["order_no"])
    await days.pay(f"{SECOND} 10:00:00")
    asked = await refund_of(payment)
    days.bill_refund(f"{SECOND} 12:00:00", transaction, "5030000001", asked["out_refund_no"])
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN)
    days.payout(f"{THIRD} 05:00:00", 0)
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    await settle(payment, 2 * DUE_FEN)
    await settle(payment, 0, SECOND, "B2", THIRD)
    await part(payment, "READY_TO_REMIT", SECOND)
    pending = 2 * DUE_FEN
    assert (await payment.balances())["pending"] == pending
    notice = refund_notice(asked, success_time=f"{SECOND}T12:00:00+08:00")
    assert (await payment.notify(notice)).status_code == 204
    await payment.worked()
    assert await payment.balances() == {"pending": pending, "premium": -pending}
    await differing(payment)
    assert await breaks(payment) == []
