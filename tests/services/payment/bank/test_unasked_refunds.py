"""Refunds that nobody here asked for are facts: of suspended money adopted, of credited money to be recovered."""

from typing import Any

from tests.harness.assessments import DUE_FEN
from tests.harness.wechat_peer import refund_notice
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import breaks, close_difference
from tests.services.payment.bank.test_payouts import differing, part, settle
from tests.services.payment.running_payment import RunningPayment


async def twice_paid(payment: RunningPayment, days: BilledDays) -> str:
    """Somebody pays one order twice: the second payment is suspended and its number returned."""
    (person,) = await payment.bill()
    order = await payment.order(person)
    transaction = ""
    for hour in (10, 11):
        await payment.paid(order, success_time=f"{FIRST}T{hour}:00:00+08:00")
        transaction = await payment.one("SELECT transaction_id FROM payment ORDER BY paid_at DESC LIMIT 1")
        days.bill_payment(f"{FIRST} {hour}:00:00", transaction, order["order_no"])
    return transaction


async def reported(
    payment: RunningPayment, transaction: str, moment: str, number: str = "CONSOLE0001"
) -> tuple[str, Any]:
    """The channel sends the notice of a refund that was made in its console; returns what became of it."""
    asked = {
        "transaction_id": transaction,
        "out_refund_no": number,
        "amount": {"refund": DUE_FEN, "total": DUE_FEN, "currency": "CNY"},
    }
    assert (await payment.notify(refund_notice(asked, success_time=moment))).status_code == 204
    await payment.worked()
    return (await payment.notices())[-1]


async def test_a_console_refund_of_suspended_money_is_adopted_by_the_bills_word(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C1: a refund made by hand in the channel's console held its whole day for ever."""
    transaction = await twice_paid(payment, days)
    days.bill_refund(f"{FIRST} 12:00:00", transaction, "5030000001", "CONSOLE0001")
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, DUE_FEN)
    assert (await part(payment, "READY_TO_REMIT"))["line_count"] == 1
    (refund,) = await payment.get("refunds")
    assert (refund["state"], refund["refund_no"], refund["channel_refund_id"], refund["approved_by"]) == (
        "PAID",
        "CONSOLE0001",
        "5030000001",
        "channel:WECHAT",
    )
    (item,) = await payment.get("suspense")
    assert item["state"] == "REFUNDED"
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert len(await payment.events("payment.refund_paid.v1")) == 1
    await differing(payment)
    assert await breaks(payment) == []


async def test_a_console_refund_of_suspended_money_is_adopted_by_its_notice_and_once(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C1: the notice of it was quarantined REFUND_NOT_ASKED; the bill says the same later."""
    transaction = await twice_paid(payment, days)
    assert await reported(payment, transaction, f"{FIRST}T12:00:00+08:00") == ("APPLIED", None)
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}
    assert await reported(payment, transaction, f"{FIRST}T12:00:00+08:00") == ("REPEATED", None)
    refund_id = await payment.one("SELECT channel_refund_id FROM refund")
    days.bill_refund(f"{FIRST} 12:00:00", transaction, refund_id, "CONSOLE0001")
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, DUE_FEN)
    await part(payment, "READY_TO_REMIT")
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert len(await payment.events("payment.refund_paid.v1")) == 1
    assert await breaks(payment) == []


async def test_a_console_refund_of_several_peoples_suspended_money_is_a_difference_and_holds_nothing_else(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C1: adopting it would give several refunds one number; the payout of its day could not go on."""
    order = await payment.order(*await payment.bill(2))
    transaction = ""
    for hour in (10, 11):
        await payment.paid(order, success_time=f"{FIRST}T{hour}:00:00+08:00")
        transaction = await payment.one("SELECT transaction_id FROM payment ORDER BY paid_at DESC LIMIT 1")
        days.bill_payment(f"{FIRST} {hour}:00:00", transaction, order["order_no"], 2 * DUE_FEN)
    days.bill_refund(f"{FIRST} 12:00:00", transaction, "5030000001", "CONSOLE0001", 2 * DUE_FEN)
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, 2 * DUE_FEN)
    assert (await part(payment, "READY_TO_REMIT"))["line_count"] == 2
    (difference,) = await differing(payment, (4, "REFUND", None))
    assert (difference["owner"], difference["theirs_fen"]) == ("OFFICE", 2 * DUE_FEN)
    assert {item["state"] for item in await payment.get("suspense")} == {"HELD"}


async def test_a_refund_of_a_credited_contribution_is_to_be_recovered_and_the_enrolment_stays_paid(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C1: reported of a credited payment, it was quarantined and the payout of its day held."""
    person = await days.pay(f"{FIRST} 10:00:00")
    await days.pay(f"{SECOND} 10:00:00")
    transaction = await payment.one("SELECT transaction_id FROM payment ORDER BY paid_at LIMIT 1")
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    await days.over(FIRST)
    await settle(payment, DUE_FEN)
    days.bill_refund(f"{SECOND} 12:00:00", transaction, "5030000001", "CONSOLE0001")
    await days.over(SECOND)
    await part(payment, "READY_TO_REMIT")
    await settle(payment, 0, SECOND, "B2", THIRD)
    days.payout(f"{THIRD} 05:00:00", 0)
    await days.over(THIRD)
    await part(payment, "READY_TO_REMIT", SECOND)
    assert await payment.states(person) == ["PAID"]
    assert await payment.balances() == {"pending": DUE_FEN, "refunded_unasked": DUE_FEN, "premium": -2 * DUE_FEN}
    (difference,) = await differing(payment, (4, "REFUND", None))
    assert (difference["owner"], difference["theirs_fen"], difference["since"]) == ("OFFICE", DUE_FEN, SECOND)
    assert await breaks(payment) == []
    await close_difference(payment, difference["id"], "本人已重新缴费")
    await differing(payment, (4, "REFUND", "DECIDED"))
    assert await breaks(payment) == []


async def test_a_refund_that_does_not_fit_its_payment_is_looked_at_by_a_person(
    payment: RunningPayment, days: BilledDays
) -> None:
    await days.pay(f"{FIRST} 10:00:00")
    transaction = await payment.one("SELECT transaction_id FROM payment")
    assert await reported(payment, transaction, f"{FIRST}T12:00:00+08:00") == ("APPLIED", None)
    again = await reported(payment, transaction, f"{FIRST}T13:00:00+08:00", "CONSOLE0002")
    assert again == ("QUARANTINED", "REFUND_NOT_ASKED")
    assert (await payment.balances())["refunded_unasked"] == DUE_FEN
