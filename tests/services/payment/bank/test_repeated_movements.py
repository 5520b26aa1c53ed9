"""A channel's bill that says one thing twice: one piece of money is counted once, and the rest is a difference."""

from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import breaks, close_difference
from tests.services.payment.bank.test_payouts import differing, part, settle
from tests.services.payment.running_payment import RunningPayment


async def test_a_transaction_twice_in_a_payout_is_counted_once_and_its_repetition_waits_for_somebody(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C1, attacked: the bill has one transaction in two lines. It was counted once, and nothing named the rest."""
    await days.pay(f"{FIRST} 10:00:00")
    (paid,) = days.trades[FIRST]
    days.bill_payment(f"{FIRST} 10:00:00", paid.transaction, paid.order)
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, 2 * DUE_FEN)
    ready = await part(payment, "READY_TO_REMIT")
    assert (ready["declared_fen"], ready["amount_fen"], ready["line_count"]) == (2 * DUE_FEN, DUE_FEN, 1)
    (difference,) = await differing(payment, (2, "PAYMENT", None))
    assert (difference["ours_fen"], difference["theirs_fen"], difference["owner"]) == (0, DUE_FEN, "CHANNEL")
    assert difference["transaction_id"] == paid.transaction
    assert await breaks(payment) == []
    await close_difference(payment, difference["id"], "渠道已扣回")
    await differing(payment, (2, "PAYMENT", "DECIDED"))
    assert await breaks(payment) == []


async def test_a_transaction_in_the_payouts_of_two_days_is_counted_by_the_first_of_them(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C1, attacked: the difference of the second day was closed at once, by the count of the first."""
    await days.pay(f"{FIRST} 10:00:00")
    (paid,) = days.trades[FIRST]
    days.bill_payment(f"{SECOND} 10:00:00", paid.transaction, paid.order)
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    days.payout(f"{THIRD} 05:00:00", DUE_FEN)
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    await settle(payment, DUE_FEN)
    await settle(payment, DUE_FEN, SECOND, "B2", THIRD)
    await part(payment, "READY_TO_REMIT")
    await part(payment, "CLOSED_EMPTY", SECOND)
    (difference,) = await differing(payment, (2, "PAYMENT", None))
    assert (difference["ours_fen"], difference["theirs_fen"]) == (0, DUE_FEN)
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


async def test_a_refund_twice_in_a_payout_is_deducted_once(payment: RunningPayment, days: BilledDays) -> None:
    """C1, attacked: a console refund in two lines was deducted by neither of them."""
    await days.pay(f"{FIRST} 10:00:00")
    await days.pay(f"{FIRST} 11:00:00")
    paid, _ = days.trades[FIRST]
    for second in (0, 1):
        days.bill_refund(f"{FIRST} 12:00:0{second}", paid.transaction, "50001", "CONSOLE1", 10000)
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN - 20000)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, 2 * DUE_FEN - 20000)
    await part(payment, "READY_TO_REMIT")

    async def both() -> bool:
        items = (await payment.get("settlement-differences"))["items"]
        return sorted((one["difference_class"], one["ours_fen"], one["state"]) for one in items) == [
            (2, 0, "OPEN"),
            (4, None, "OPEN"),
        ]

    await eventually(both, message="the repetition, and what was given back unasked")
    assert await payment.balances() == {
        "pending": 2 * DUE_FEN - 10000,
        "premium": -2 * DUE_FEN,
        "refunded_unasked": 10000,
    }
    assert await breaks(payment) == []
