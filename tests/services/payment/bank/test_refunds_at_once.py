"""Refunds that nobody asked for, reported twice at once: by the channel's notice and by its bill."""

import asyncio
from datetime import date
from typing import Any

import pytest

from services.payment.refunds.unasked import service as unasked
from services.payment.refunds.unasked.service import ReportedRefund
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import COUNTY
from tests.harness.lock_waits import wait_for_lock_waits
from tests.harness.wechat_peer import MCHID, refund_notice
from tests.services.payment.bank.billed_days import FIRST, BilledDays
from tests.services.payment.running_payment import RunningPayment


async def take(payment: RunningPayment, number: str, fen: int) -> bool:
    """Take a refund of the one payment, as the notice's worker and the payouts' job do."""
    transaction = await payment.one("SELECT transaction_id FROM payment")
    trace = Trace("channel:WECHAT", new_id())
    day = date.fromisoformat(FIRST)
    reported = ReportedRefund("WECHAT", MCHID, number, None, transaction, fen, day, new_id(), trace)
    async with payment.running.database.transaction(COUNTY) as session:
        return await unasked.take(session, reported)


@pytest.mark.parametrize(
    ("other", "fen", "taken"),
    [("5001", 10000, True), ("5002", 30000, False)],
    ids=["the same refund", "two that are more than the payment"],
)
async def test_two_that_come_at_once_are_taken_one_after_the_other(
    payment: RunningPayment, other: str, fen: int, taken: bool
) -> None:
    """A2, attacked: the second was looked for, and what is left was read, before it waited for the first."""
    await BilledDays(payment).pay(f"{FIRST} 10:00:00")
    async with payment.running.database.transaction(COUNTY) as session:
        transaction = await payment.one("SELECT transaction_id FROM payment")
        trace = Trace("channel:WECHAT", new_id())
        day = date.fromisoformat(FIRST)
        first = ReportedRefund("WECHAT", MCHID, "5001", None, transaction, fen, day, new_id(), trace)
        assert await unasked.take(session, first)
        second = asyncio.create_task(take(payment, other, fen))
        await wait_for_lock_waits(payment.installation, "payment")
    assert await second is taken
    assert await payment.balances() == {
        "channel:WECHAT": DUE_FEN - fen,
        "premium": -DUE_FEN,
        "refunded_unasked": fen,
    }


@pytest.mark.parametrize(
    "changed",
    [{"success_time": "2023-10-07T23:59:59+08:00"}, {"refund_id": None}],
    ids=["before its payment", "without the number that the bill has for it"],
)
async def test_a_notice_that_cannot_be_about_the_payment_waits_for_a_person(
    payment: RunningPayment, changed: dict[str, Any]
) -> None:
    """D1, attacked: a refund of the day before its payment was booked, and one that the bill would bring once more."""
    await BilledDays(payment).pay(f"{FIRST} 10:00:00")
    transaction = await payment.one("SELECT transaction_id FROM payment")
    amount = {"refund": DUE_FEN, "total": DUE_FEN, "currency": "CNY"}
    asked = {"transaction_id": transaction, "out_refund_no": "CONSOLE1", "amount": amount}
    said: dict[str, Any] = {"success_time": f"{FIRST}T12:00:00+08:00"} | changed
    assert (await payment.notify(refund_notice(asked, **said))).is_success
    await payment.worked()
    assert (await payment.notices())[-1] == ("QUARANTINED", "REFUND_NOT_ASKED")
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}
