"""A further part of a payout: its money is that of the payout's line of the bank, and it follows the same days."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.stepped_days import SteppedPayment, stepped_payment
from tests.services.payment.bank.test_payouts import part, settle

LATE = "4200008888"


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[SteppedPayment]:
    async with stepped_payment(installation, tmp_path) as opened:
        yield opened


async def further_part(payment: SteppedPayment) -> dict[str, Any]:
    """The part of a payment whose notice came when its payout had been met, by a line that the bank booked THIRD."""
    days = BilledDays(payment)
    await days.pay(f"{FIRST} 10:00:00")
    (person,) = await payment.bill()
    order = await payment.order(person)
    days.bill_payment(f"{FIRST} 11:00:00", LATE, order["order_no"])
    days.payout(f"{SECOND} 05:00:00", 2 * DUE_FEN)
    for day in (FIRST, SECOND, THIRD):
        await days.over(day)
    await settle(payment, 2 * DUE_FEN, on=THIRD)
    await payment.worked()
    await payment.paid(order, transaction_id=LATE, success_time=f"{FIRST}T11:00:00+08:00")
    return await part(payment, "READY_TO_REMIT", number=2)


async def test_a_further_part_is_not_remitted_before_its_payout_was_settled(payment: SteppedPayment) -> None:
    """D1: it has no line of the bank, so the endpoint took any day, and the auditor broke what it had accepted."""
    further = await further_part(payment)
    # As the tax bureau's detail confirms it.
    confirmed = "UPDATE remittance_batch SET state = 'DETAIL_CONFIRMED' WHERE id = $1 RETURNING id"
    await payment.sql(confirmed, UUID(further["id"]))
    early = await payment.post(f"remittances/{further['id']}/remit", {"remitted_on": SECOND})
    assert (early.status_code, early.json()["code"]) == (409, "DATE_BEFORE_PREVIOUS_STEP"), early.text
    assert (await payment.post(f"remittances/{further['id']}/remit", {"remitted_on": THIRD})).status_code == 200
    remitted = "SELECT remitted_on FROM remittance_batch WHERE id = $1"
    assert await payment.one(remitted, UUID(further["id"])) == date.fromisoformat(THIRD)
