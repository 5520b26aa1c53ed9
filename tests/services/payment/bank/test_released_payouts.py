"""A payout that a fee holds goes on when the bank has all of it; a refund that only we call paid is a difference."""

from typing import Any

import pytest

from simulator.wechat.bill_files import TradeRow
from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.wechat_peer import refund_notice
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import book, breaks, decide, line, refund_of
from tests.services.payment.running_payment import RunningPayment

FEE_FEN = 228
GROUNDS = {"reason": "渠道退还手续费", "evidence": "渠道回函 2023-10-10"}


async def payout_in(payment: RunningPayment, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any]:
        items = (await payment.get("payouts"))["items"]
        assert len(items) == 1, items
        found = items[0]
        assert found["state"] == state, found
        return dict(found)

    return await eventually(there)


async def batch_in(payment: RunningPayment, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any]:
        items = (await payment.get("remittances?kind=ONLINE"))["items"]
        assert len(items) == 1, items
        found = items[0]
        assert found["state"] == state, found
        return dict(found)

    return await eventually(there)


@pytest.mark.expects_errors
async def test_a_payout_with_a_fee_goes_on_once_the_bank_has_all_of_it(payment: RunningPayment) -> None:
    """C1: a fee that the channel kept back held everybody's money of its payout for ever."""
    days = BilledDays(payment)
    await days.pay(f"{FIRST} 10:00:00")
    days.flow(f"{FIRST} 10:00:01", "FEE1", "扣除交易手续费", -FEE_FEN)
    days.payout(f"{SECOND} 05:00:00", DUE_FEN - FEE_FEN)
    for day in (FIRST, SECOND):
        await days.over(day)
    held = await payout_in(payment, "HELD")
    assert (held["fault"], held["wanted_fen"]) == ("UNUSUAL_MOVEMENT", DUE_FEN - FEE_FEN)
    bare = await payment.post(f"payouts/{held['id']}/release", {"reason": "手续费"}, client="bank")
    assert bare.status_code == 422
    proposal = (await payment.post(f"payouts/{held['id']}/release", GROUNDS, client="bank")).json()["id"]
    own = await decide(payment, proposal, "approval", "bank")
    assert (own.status_code, own.json()["code"]) == (403, "APPROVAL_OF_OWN_ACT")
    assert (await decide(payment, proposal, "approval", "tax")).json()["state"] == "APPROVED"
    assert (await payout_in(payment, "AWAITED"))["wanted_fen"] == DUE_FEN
    twice = await payment.post(f"payouts/{held['id']}/release", GROUNDS, client="bank")
    assert (twice.status_code, twice.json()["code"]) == (409, "PAYOUT_NOT_HELD")

    await book(payment, line(1, amount_fen=DUE_FEN - FEE_FEN), booked_on=SECOND)
    await batch_in(payment, "HELD")
    assert "pending" not in await payment.balances()
    await book(payment, line(1, amount_fen=FEE_FEN), number="B2", booked_on=THIRD)
    assert (await batch_in(payment, "READY_TO_REMIT"))["amount_fen"] == DUE_FEN
    await payout_in(payment, "MET")
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


async def test_a_refund_that_the_bill_calls_failed_is_a_difference_with_its_owner(payment: RunningPayment) -> None:
    """Class 5, ours succeeded and theirs failed: recorded once, with the channel as owner; two people close it."""
    days = BilledDays(payment)
    (person,) = await payment.bill()
    order = await payment.order(person)
    for hour in (10, 11):
        await payment.paid(order, success_time=f"{FIRST}T{hour}:00:00+08:00")
        transaction = await payment.one("SELECT transaction_id FROM payment ORDER BY paid_at DESC LIMIT 1")
        days.bill_payment(f"{FIRST} {hour}:00:00", transaction, order["order_no"])
    asked = await refund_of(payment)
    await payment.notify(refund_notice(asked, success_time=f"{FIRST}T12:00:00+08:00"))
    await payment.worked()
    failed = TradeRow(
        f"{FIRST} 12:00:00", transaction, order["order_no"], DUE_FEN, 0, "R1", asked["out_refund_no"], DUE_FEN, "FAIL"
    )
    days.trades[FIRST].append(failed)
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    found = await class_five(payment, "OPEN")
    assert (found["kind"], found["owner"], found["ours_fen"], found["theirs_fen"]) == ("REFUND", "CHANNEL", DUE_FEN, 0)
    answer = await payment.post(f"settlement-differences/{found['id']}/closing", GROUNDS, client="bank")
    assert (await decide(payment, answer.json()["id"], "approval", "tax")).status_code == 200
    assert (await class_five(payment, "CLOSED"))["closed_because"] == "DECIDED"


async def class_five(payment: RunningPayment, state: str) -> dict[str, Any]:
    """The one difference of class 5, once it is in that state."""

    async def recorded() -> dict[str, Any]:
        listed = (await payment.get("settlement-differences"))["items"]
        items = [one for one in listed if one["difference_class"] == 5]
        assert len(items) == 1, items
        found = items[0]
        assert found["state"] == state
        return dict(found)

    return await eventually(recorded)
