"""What a channel gave back of a paid contribution is paid again, and the premium goes to the treasury once."""

from uuid import UUID

from tests.harness.assessments import DUE_FEN
from tests.harness.wechat_peer import refund_notice
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import breaks, decide, lines_of, reverse
from tests.services.payment.bank.test_payouts import differing, part, settle
from tests.services.payment.running_payment import RunningPayment

CONSOLE = "5030000001"


async def given_back(
    payment: RunningPayment, days: BilledDays, moment: str, fen: int = DUE_FEN, number: str = CONSOLE
) -> None:
    """The newest payment is given back in the channel's console; the notice of it comes, and its bill will say so."""
    transaction = await payment.one("SELECT transaction_id FROM payment ORDER BY paid_at DESC LIMIT 1")
    asked = {"transaction_id": transaction, "out_refund_no": f"C{number}", "amount": {"refund": fen, "total": DUE_FEN}}
    said = refund_notice(asked, success_time=f"{moment.replace(' ', 'T')}+08:00", refund_id=number)
    assert (await payment.notify(said)).status_code == 204
    await payment.worked()
    assert (await payment.notices())[-1] == ("APPLIED", None)
    days.bill_refund(moment, transaction, number, f"C{number}", fen)


async def pay_again(payment: RunningPayment, days: BilledDays, person: UUID, moment: str, fen: int = DUE_FEN) -> None:
    """The payer orders and pays what is missing."""
    order = await payment.order(person)
    assert order["amount_fen"] == fen
    await payment.paid(order, success_time=f"{moment.replace(' ', 'T')}+08:00")
    transaction = await payment.one("SELECT transaction_id FROM payment WHERE order_no = $1", order["order_no"])
    days.bill_payment(moment, transaction, order["order_no"], fen)


async def paid_out(payment: RunningPayment, days: BilledDays) -> None:
    """What is left of the first day is one contribution: it is paid out, and the bank shows it."""
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, DUE_FEN)


async def remitted(payment: RunningPayment, day: str, number: int = 1) -> list[str]:
    """Whose premiums a part brings to the treasury."""
    ready = await part(payment, "READY_TO_REMIT", day, number)
    return [one["enrolment_id"] for one in (await payment.get(f"remittances/{ready['id']}"))["lines"]]


async def test_the_payers_new_payment_makes_good_what_was_on_its_way(payment: RunningPayment, days: BilledDays) -> None:
    """C1: the debt stood for ever, and the payer was refused an order."""
    person = await days.pay(f"{FIRST} 10:00:00")
    await paid_out(payment, days)
    assert await remitted(payment, FIRST) == [str(person)]
    await given_back(payment, days, f"{THIRD} 12:00:00")
    await pay_again(payment, days, person, f"{THIRD} 13:00:00")
    assert await payment.states(person) == ["PAID"]
    await differing(payment, (4, "REFUND", "RECOVERED"))
    (item,) = await payment.get("suspense")
    assert (item["state"], item["reason"]) == ("RECOVERED", "BILL_ALREADY_PAID")
    assert await payment.get("refunds") == [], "nobody asks for it back"
    days.payout(f"{THIRD} 23:00:00", 0)
    await days.over(THIRD)
    await settle(payment, 0, THIRD, "B2", THIRD)
    await part(payment, "CLOSED_EMPTY", THIRD)
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}, "the premium is there, once"
    assert await breaks(payment) == []


async def test_it_goes_to_the_treasury_in_the_place_of_what_never_came(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C1, of its kind: given back out of the payout that would have brought it, the premium was never remitted."""
    person = await days.pay(f"{FIRST} 10:00:00")
    await given_back(payment, days, f"{FIRST} 11:00:00")
    await pay_again(payment, days, person, f"{FIRST} 12:00:00")
    await paid_out(payment, days)
    assert await remitted(payment, FIRST) == [str(person)]
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []
    (bank,) = await lines_of(payment)
    await reverse(payment, bank["id"])
    await settle(payment, DUE_FEN, number="B2")
    assert await remitted(payment, FIRST, 2) == [str(person)], "and after the bank's line was entered again"
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


async def test_after_its_payout_was_counted_too(payment: RunningPayment, days: BilledDays) -> None:
    """C1, of its kind: the first payment is counted and was never settled."""
    person = await days.pay(f"{FIRST} 10:00:00")
    other = await days.pay(f"{FIRST} 10:30:00")
    transaction = await payment.one("SELECT transaction_id FROM payment ORDER BY paid_at LIMIT 1")
    days.bill_refund(f"{FIRST} 11:00:00", transaction, CONSOLE, f"C{CONSOLE}")
    await paid_out(payment, days)
    assert await remitted(payment, FIRST) == [str(other)]
    await pay_again(payment, days, person, f"{THIRD} 10:00:00")
    days.payout(f"{THIRD} 23:00:00", DUE_FEN)
    await days.over(THIRD)
    await settle(payment, DUE_FEN, THIRD, "B2", THIRD)
    assert await remitted(payment, THIRD) == [str(person)]
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    assert await breaks(payment) == []


async def test_part_of_a_contribution_and_what_is_given_back_a_second_time(
    payment: RunningPayment, days: BilledDays
) -> None:
    """C1, of its kind: what made it good is given back, in two parts, and paid once more."""
    person = await days.pay(f"{FIRST} 10:00:00")
    await given_back(payment, days, f"{FIRST} 11:00:00")
    await pay_again(payment, days, person, f"{FIRST} 12:00:00")
    await given_back(payment, days, f"{FIRST} 13:00:00", 8_000, "5030000002")
    await given_back(payment, days, f"{FIRST} 14:00:00", 10_000, "5030000003")
    assert (await payment.balances())["refunded_unasked"] == 18_000
    await pay_again(payment, days, person, f"{FIRST} 15:00:00", 18_000)
    await differing(payment, *[(4, "REFUND", "RECOVERED")] * 3)
    await paid_out(payment, days)
    assert await remitted(payment, FIRST) == [str(person)]
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


async def test_what_two_people_closed_is_not_ordered_again(payment: RunningPayment, days: BilledDays) -> None:
    """C1: by a decision of two people nothing more is wanted; a payment already on its way goes back."""
    person = await days.pay(f"{FIRST} 10:00:00")
    await given_back(payment, days, f"{FIRST} 11:00:00")
    order = await payment.order(person)
    (difference,) = await differing(payment, (4, "REFUND", None))
    path = f"settlement-differences/{difference['id']}/closing"
    proposal = (await payment.post(path, {"reason": "乡镇已垫付"}, client="bank")).json()
    assert (await decide(payment, proposal["id"], "approval", "bank")).status_code == 403, "nobody by their own act"
    assert (await decide(payment, proposal["id"], "approval", "tax")).status_code == 200
    await payment.paid(order, success_time=f"{FIRST}T12:00:00+08:00")
    (item,) = await payment.get("suspense")
    (refund,) = await payment.get("refunds")
    assert (item["state"], refund["state"]) == ("HELD", "REQUESTED")
    refused = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
    assert (refused.status_code, refused.json()["code"]) == (409, "NOTHING_TO_PAY")
    await differing(payment, (4, "REFUND", "DECIDED"))
    assert await breaks(payment) == []


async def test_a_payment_of_another_sum_makes_nothing_good(payment: RunningPayment, days: BilledDays) -> None:
    """C1, of its kind: more was given back after the order; what was paid for less goes back to the payer."""
    person = await days.pay(f"{FIRST} 10:00:00")
    await given_back(payment, days, f"{FIRST} 11:00:00", 8_000)
    order = await payment.order(person)
    await given_back(payment, days, f"{FIRST} 12:00:00", 30_000, "5030000002")
    await payment.paid(order, success_time=f"{FIRST}T13:00:00+08:00")
    assert [one["state"] for one in await payment.get("suspense")] == ["HELD"]
    assert (await payment.balances())["refunded_unasked"] == DUE_FEN
    await pay_again(payment, days, person, f"{FIRST} 14:00:00")
    await differing(payment, *[(4, "REFUND", "RECOVERED")] * 2)
    assert "refunded_unasked" not in await payment.balances()
    assert await breaks(payment) == []
