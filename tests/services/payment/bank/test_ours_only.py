"""What only we have is looked for again: a payment credited, or a refund paid, after the bills of its day."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.wechat.bill_files import TradeRow
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.services.payment.bank.billed_days import FIRST, FOURTH, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import breaks, decide
from tests.services.payment.bank.stepped_days import SteppedPayment, stepped_payment
from tests.services.payment.bank.test_payouts import differing
from tests.services.payment.bank.test_unasked_refunds import reported, twice_paid


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[SteppedPayment]:
    async with stepped_payment(installation, tmp_path) as opened:
        yield opened


async def test_a_payment_credited_after_the_bills_that_lack_it_has_an_owner_and_an_age(payment: SteppedPayment) -> None:
    """C1: class 6 was recorded once, with the next day's bill; what was credited later had no difference at all."""
    days = BilledDays(payment)
    await days.pay(f"{FIRST} 10:00:00")
    for day in (FIRST, SECOND):
        await days.over(day)
    await payment.worked()
    await differing(payment)
    await days.pay(f"{FIRST} 11:00:00", in_bill=False)
    missing = await payment.one("SELECT transaction_id FROM payment ORDER BY paid_at DESC LIMIT 1")
    await days.over(THIRD)
    await payment.worked()
    (difference,) = await differing(payment, (6, "PAYMENT", None))
    assert (difference["transaction_id"], difference["owner"], difference["since"]) == (missing, "CHANNEL", THIRD)
    await days.over(FOURTH)
    await payment.worked()
    await differing(payment, (6, "PAYMENT", None))
    assert await breaks(payment) == []


async def test_what_two_people_closed_is_not_opened_again(payment: SteppedPayment) -> None:
    """C1: looking again finds what was decided, too."""
    days = BilledDays(payment)
    await days.pay(f"{FIRST} 11:00:00", in_bill=False)
    for day in (FIRST, SECOND):
        await days.over(day)
    await payment.worked()
    (difference,) = await differing(payment, (6, "PAYMENT", None))
    path = f"settlement-differences/{difference['id']}/closing"
    proposal = (await payment.post(path, {"reason": "渠道已退回"}, client="bank")).json()
    assert (await decide(payment, proposal["id"], "approval", "tax")).status_code == 200
    await days.over(THIRD)
    await payment.worked()
    await differing(payment, (6, "PAYMENT", "DECIDED"))


@pytest.mark.parametrize("succeeded", [False, True], ids=["and nothing else", "and then as paid"])
async def test_a_refund_whose_word_comes_long_after_its_bill_called_it_failed_is_named(
    payment: SteppedPayment, succeeded: bool
) -> None:
    """C5: class 5 was looked for with two bills only. One that failed first and then succeeded is none."""
    days = BilledDays(payment)
    transaction = await twice_paid(payment, days)
    failed = TradeRow(f"{FIRST} 12:00:00", transaction, "ORDER", DUE_FEN, 0, "50300009", "CONSOLE0001", DUE_FEN, "FAIL")
    days.trades[FIRST].append(failed)
    if succeeded:
        days.bill_refund(f"{SECOND} 12:00:00", transaction, "50300009", "CONSOLE0001")
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    await payment.worked()
    assert await reported(payment, transaction, f"{FIRST}T12:00:00+08:00") == ("APPLIED", None)
    await days.over(FOURTH)
    await payment.worked()
    await differing(payment, *([] if succeeded else [(5, "REFUND", None)]))
