"""Payouts that no movements add up to: two people say what the bank has to show, and those after it follow."""

from typing import Any

import httpx
import pytest

from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import book, breaks, decide, line
from tests.services.payment.bank.test_payouts import part, settle
from tests.services.payment.running_payment import RunningPayment

GROUNDS = {"reason": "在商户后台手工提现", "evidence": "渠道回函 2023-10-10"}
NOT_COVERED = ("HELD", "NOT_COVERED")


async def payouts(payment: RunningPayment, *expected: tuple[str, str | None]) -> list[dict[str, Any]]:
    """The payouts by state and fault, once they are so."""

    async def so() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await payment.get("payouts"))["items"]
        assert [(one["state"], one["fault"]) for one in found] == list(expected)
        return found

    return await eventually(so)


async def propose(payment: RunningPayment, payout: dict[str, Any]) -> httpx.Response:
    return await payment.post(f"payouts/{payout['id']}/release", GROUNDS, client="bank")


async def hold(payment: RunningPayment, payout: dict[str, Any]) -> httpx.Response:
    return await payment.post(f"payouts/{payout['id']}/holding", GROUNDS, client="bank")


async def release(payment: RunningPayment, payout: dict[str, Any]) -> None:
    proposed = await propose(payment, payout)
    assert proposed.status_code == 202, proposed.text
    own = await decide(payment, proposed.json()["id"], "approval", "bank")
    assert (own.status_code, own.json()["code"]) == (403, "APPROVAL_OF_OWN_ACT")
    assert (await decide(payment, proposed.json()["id"], "approval", "tax")).json()["state"] == "APPROVED"


@pytest.mark.expects_errors
async def test_sums_taken_out_by_hand_go_on_together_and_the_next_one_by_itself(payment: RunningPayment) -> None:
    """C1: a payout of a round sum held its money for ever, and the next one took the movements that it had paid."""
    days = BilledDays(payment)
    for hour in (10, 11, 12):
        await days.pay(f"{FIRST} {hour}:00:00")
    days.payout(f"{SECOND} 05:00:00", 50_000)
    days.payout(f"{SECOND} 06:00:00", 64_000)
    await days.pay(f"{SECOND} 10:00:00")
    days.payout(f"{THIRD} 05:00:00", DUE_FEN)
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    first, second, _ = await payouts(payment, NOT_COVERED, NOT_COVERED, NOT_COVERED)
    await settle(payment, 50_000)
    refused = await propose(payment, second)
    assert (refused.status_code, refused.json()["code"]) == (409, "PAYOUT_NOT_HELD"), "the earlier one comes first"
    await release(payment, first)
    found = await payouts(payment, ("AWAITED", None), NOT_COVERED, NOT_COVERED)
    assert found[0]["wanted_fen"] == 3 * DUE_FEN, "what people paid before it"
    await release(payment, second)
    found = await payouts(payment, ("AWAITED", None), ("DECIDED", None), ("AWAITED", None))
    assert [one["wanted_fen"] for one in found] == [3 * DUE_FEN, 0, DUE_FEN]
    assert (await payment.balances()) == {"channel:WECHAT": 4 * DUE_FEN, "premium": -4 * DUE_FEN}

    # The second sum belongs to the first payout's money: the bank's line for it says so by its reference.
    assert (await book(payment, line(2, amount_fen=64_000), number="B2", booked_on=SECOND)).status_code == 201
    assert (await part(payment, "READY_TO_REMIT"))["line_count"] == 3
    await settle(payment, DUE_FEN, SECOND, "B3", THIRD)
    assert (await part(payment, "READY_TO_REMIT", SECOND))["line_count"] == 1
    assert await payment.balances() == {"pending": 4 * DUE_FEN, "premium": -4 * DUE_FEN}
    assert await breaks(payment) == []


@pytest.mark.expects_errors
async def test_a_release_is_taken_back_with_what_followed_from_it(payment: RunningPayment) -> None:
    """C1: every decision has its way back, by two people, as long as the bank has not shown the money."""
    days = BilledDays(payment)
    await days.pay(f"{FIRST} 10:00:00")
    days.payout(f"{SECOND} 05:00:00", 50_000)
    await days.pay(f"{SECOND} 10:00:00")
    days.payout(f"{THIRD} 05:00:00", DUE_FEN)
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    first, second = await payouts(payment, NOT_COVERED, NOT_COVERED)
    early = await hold(payment, first)
    assert (early.status_code, early.json()["code"]) == (409, "PAYOUT_NOT_RELEASED")
    await release(payment, first)
    await payouts(payment, ("AWAITED", None), ("AWAITED", None))
    proposed = (await hold(payment, first)).json()["id"]
    assert (await decide(payment, proposed, "approval", "bank")).status_code == 403
    assert (await decide(payment, proposed, "approval", "tax")).json()["state"] == "APPROVED"
    await payouts(payment, NOT_COVERED, NOT_COVERED)
    assert [each for each in await breaks(payment) if "released" in each] == []

    await release(payment, first)
    await settle(payment, DUE_FEN, SECOND, "B1", THIRD)
    await part(payment, "READY_TO_REMIT", SECOND)
    shown = (await hold(payment, first)).json()["id"]
    refused = await decide(payment, shown, "approval", "tax")
    assert (refused.status_code, refused.json()["code"]) == (409, "PAYOUT_NOT_RELEASED"), (
        "the bank has shown a later one"
    )
    assert (await hold(payment, second)).status_code == 409, "nobody released it"
