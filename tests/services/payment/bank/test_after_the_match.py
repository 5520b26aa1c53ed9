"""What comes after a payout was met: a fact that two people did not know of, and a reversal beside a further part."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from services.payment.payouts import payout_match
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import COUNTY, Installation
from tests.harness.lock_waits import wait_for_lock_waits
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import breaks, decide, lines_of, proposed
from tests.services.payment.bank.test_payouts import differing, part, settle
from tests.services.payment.running_payment import RunningPayment, running_payment

LATE = "4200008888"


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    async with running_payment(installation, tmp_path) as opened:
        yield opened


async def lacking_one(payment: RunningPayment) -> tuple[dict[str, object], str]:
    """A payout met with one of its two payments: the order of the other, whose notice is late, and the difference."""
    days = BilledDays(payment)
    await days.pay(f"{FIRST} 10:00:00")
    (person,) = await payment.bill()
    order = await payment.order(person)
    days.bill_payment(f"{FIRST} 11:00:00", LATE, order["order_no"])
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, 2 * DUE_FEN)
    assert (await part(payment, "READY_TO_REMIT"))["line_count"] == 1
    (difference,) = await differing(payment, (4, "PAYMENT", None))
    return order, difference["id"]


async def test_money_that_comes_after_two_people_closed_its_difference_goes_on(payment: RunningPayment) -> None:
    """C1, attacked: it was credited and stayed at the channel for ever, with no open difference and no break."""
    order, difference = await lacking_one(payment)
    path = f"settlement-differences/{difference}/closing"
    proposal = (await payment.post(path, {"reason": "渠道查无此单"}, client="bank")).json()
    assert (await decide(payment, proposal["id"], "approval", "tax")).status_code == 200
    await differing(payment, (4, "PAYMENT", "DECIDED"))
    await payment.paid(order, transaction_id=LATE, success_time=f"{FIRST}T11:00:00+08:00")
    assert (await part(payment, "READY_TO_REMIT", number=2))["line_count"] == 1
    (counted,) = await differing(payment, (4, "PAYMENT", "COUNTED"))
    assert counted["closed_by"] == proposal["id"], "who closed it first is kept"
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    assert await breaks(payment) == []


async def test_a_reversal_takes_back_the_part_that_begins_beside_it(payment: RunningPayment) -> None:
    """A1, attacked: it looked for the payout's parts before it waited, and left one without money of the bank."""
    order, _ = await lacking_one(payment)
    payout = await payment.one("SELECT id FROM payout")
    (entered,) = await lines_of(payment, "B1")
    proposal = await proposed(payment, entered["id"])
    async with payment.running.database.transaction(COUNTY) as session:
        await session.execute(text("SELECT FROM payout FOR UPDATE"))
        await payment.paid(order, transaction_id=LATE, success_time=f"{FIRST}T11:00:00+08:00")
        reversal = asyncio.create_task(decide(payment, proposal, "approval", "tax"))
        await wait_for_lock_waits(payment.installation, "payment")
        assert await payout_match.resolve(session, COUNTY, payout, date.fromisoformat(THIRD)) == 1
    assert (await reversal).status_code == 200
    await part(payment, "REVERSED")
    await part(payment, "REVERSED", number=2)
    assert await payment.balances() == {"channel:WECHAT": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    assert await breaks(payment) == []
