"""Money that a bank collected, beside what else payment does with money: other channels, payouts, remittance."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.harness.wechat_peer import paid_notice
from tests.services.payment.bank.statement_steps import BOOKED_ON, DAY, book, breaks, day_in, line
from tests.services.payment.direct.collected_money import AT
from tests.services.payment.direct.institutions import Bank, collecting
from tests.services.payment.running_payment import TODAY


@pytest.fixture
async def bank(installation: Installation, tmp_path: Path) -> AsyncIterator[Bank]:
    """A bank of the county, and payment with all its jobs."""
    async with collecting(installation, tmp_path) as (known, _, _):
        yield known


async def test_after_the_payout_and_after_remittance_a_reversal_is_refused_by_name(bank: Bank) -> None:
    payment = bank.payment
    await bank.pay(await bank.register(1))
    await bank.pay(await bank.register(2), "2")
    await bank.reverse("2")
    await payment.installation.set_business_date(TODAY + timedelta(days=2), "payment")
    booked = await book(payment, line(reference=f"BANK_COUNTER:{bank.code}:{TODAY}"))
    assert booked.status_code == 201, booked.text
    settled = await day_in(payment, "READY_TO_REMIT", DAY)
    later: dict[str, Any] = {"reversed_at": (AT + timedelta(days=2)).isoformat()}
    assert await bank.reverse(**later) == ("REFUSED", "ALREADY_SETTLED")
    assert await bank.reverse("2", **later) == ("REVERSED", None, "repeated")
    assert await breaks(payment) == []
    # As the tax bureau's detail confirms it.
    await payment.sql("UPDATE remittance_batch SET state = 'DETAIL_CONFIRMED' RETURNING id")
    remitted = await payment.post(f"remittances/{settled['id']}/remit", {"remitted_on": BOOKED_ON})
    assert remitted.status_code == 200, remitted.text
    assert await bank.reverse(**later) == ("REFUSED", "ALREADY_REMITTED")
    assert await payment.balances() == {"in_transit": DUE_FEN, "premium": -DUE_FEN}


async def test_a_bill_paid_at_the_bank_and_by_wechat_at_once_is_credited_once(bank: Bank) -> None:
    person = await bank.register(1)
    enrolment = await bank.payment.one("SELECT enrolment_id FROM bill")
    order = await bank.payment.order(enrolment)
    notice = paid_notice(order["order_no"], order["amount_fen"])
    outcome, taken = await asyncio.gather(bank.pay(person), bank.payment.notify(notice))
    assert taken.status_code == 204
    await bank.payment.worked()
    books = await bank.payment.balances()
    assert books["premium"] == -DUE_FEN
    if outcome == ("CREDITED", None):
        assert await bank.payment.notices() == [("SUSPENDED", "BILL_ALREADY_PAID")]
    else:
        assert outcome == ("REFUSED", "BILL_ALREADY_PAID")
        assert await bank.payment.notices() == [("CREDITED", None)]
