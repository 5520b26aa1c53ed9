"""A2: sums that are set against each other are read at one moment, whatever commits meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.payment.bank import settlement
from services.payment.cash import match_job
from services.payment.crediting.worker import work_notices
from services.payment.refunds.submission import submit_refunds
from tests.faults.lock_trigger import wire
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import COUNTY, Installation
from tests.harness.lock_waits import wait_for_lock_waits
from tests.harness.village_cash import Village
from tests.harness.wechat_peer import MCHID, paid_notice, refund_notice
from tests.services.payment.running_payment import RunningPayment, running_payment

DAY = "2023-10-08"


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    """Payment's web role alone: each step is taken when the test says so."""
    # The day of these tests lies before the channel's first bill.
    async with running_payment(installation, tmp_path, role="web", today=date(2023, 10, 20)) as opened:
        yield opened


async def paid(payment: RunningPayment, order: dict[str, Any]) -> None:
    """The notice of a payment of the day, worked."""
    await payment.notify(paid_notice(order["order_no"], order["amount_fen"]))
    await work_notices(payment.running)


async def asked_for_refund(payment: RunningPayment) -> dict[str, Any]:
    """The second payment's refund, approved and asked for at the channel."""
    (refund,) = await payment.get("refunds")
    assert (await payment.post(f"refunds/{refund['id']}/approve")).is_success
    await submit_refunds(payment.running)
    return payment.peer.refunds[0]


async def settled(payment: RunningPayment, amount_fen: int) -> None:
    """The bank books what the channel paid out for the day."""
    await payment.installation.set_business_date(date(2023, 10, 20), "payment")
    line = {"line_no": 1, "kind": "SETTLEMENT", "reference": f"WECHAT:{MCHID}:{DAY}", "amount_fen": amount_fen}
    body = {"statement_no": "B1", "booked_on": "2023-10-10", "lines": [line]}
    assert (await payment.post("bank-statements", body, client="bank")).is_success


async def test_a_refund_that_succeeds_while_its_day_is_counted_is_on_both_sides_or_on_none(
    payment: RunningPayment,
) -> None:
    """A2: two payments, one refunded that day, 380.00 paid out: the books ended with channel −380, pending 760."""
    (person,) = await payment.bill()
    order = await payment.order(person)
    await paid(payment, order)
    await paid(payment, order)
    refund = await asked_for_refund(payment)
    await settled(payment, DUE_FEN)
    async with payment.running.database.transaction(COUNTY) as holding:
        await holding.execute(text("SELECT id FROM payment_line FOR UPDATE"))
        counting = asyncio.create_task(settlement.step(payment.running))
        await wait_for_lock_waits(payment.installation, "payment")
        await payment.notify(refund_notice(refund, success_time=f"{DAY}T20:00:00+08:00"))
        await work_notices(payment.running)
        assert (await payment.notices())[-1] == ("APPLIED", None)
    assert await counting == 1
    while await settlement.step(payment.running):
        pass
    (batch,) = (await payment.get("remittances?kind=ONLINE"))["items"]
    assert (batch["state"], batch["amount_fen"], batch["line_count"]) == ("READY_TO_REMIT", DUE_FEN, 1)
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}


async def test_a_deposit_that_is_booked_while_a_batch_is_compared_is_not_claimed_uncompared(
    payment: RunningPayment,
) -> None:
    """A2: the batch was compared with one line of its slip and claimed two; the second was in no books."""
    (person,) = await payment.bill()
    village = Village(payment.installation, payment.http, [person])
    await payment.installation.set_business_date(date(2023, 10, 20), "payment")
    batch_id = await village.hand_in()
    await village.deposit()
    slip_no = village.slip()["slip_no"]
    # Claiming the receipts stands between comparing and the end of it.
    async with wire(payment.installation.settings.owner_url("payment"), "cash_receipt", "UPDATE") as held:
        comparing = asyncio.create_task(match_job.step(payment.running))
        await held.caught()
        await village.bank(slip_no, 5_000, booked_on="2023-10-11")
        await held.let_go()
        assert await comparing == 1
    batch = await payment.get(f"remittances/{batch_id}")
    assert (batch["state"], batch["amount_fen"]) == ("READY_TO_REMIT", DUE_FEN)
    (line,) = (await payment.get("bank-lines/unexplained"))["items"]
    assert (line["reference"], line["amount_fen"]) == (slip_no, 5_000)
    claimed = "SELECT sum(amount_fen)::bigint FROM bank_line WHERE batch_id IS NOT NULL"
    assert await payment.one(claimed) == DUE_FEN == (await payment.balances())["pending"]


async def test_a_deposit_that_is_reversed_while_a_batch_is_compared_leaves_the_batch_waiting(
    payment: RunningPayment,
) -> None:
    """A1, the member nobody listed: the claim waited for the bank's line, and the reversed line was missing then."""
    (person,) = await payment.bill()
    village = Village(payment.installation, payment.http, [person])
    await payment.installation.set_business_date(date(2023, 10, 20), "payment")
    batch_id = await village.hand_in()
    await village.deposit()
    (line,) = (await payment.get("bank-lines/unexplained"))["items"]
    asked = await payment.post(f"bank-lines/{line['id']}/reversal", {"reason": "录错"}, client="bank")
    assert asked.status_code == 202, asked.text
    reversing = text("UPDATE bank_line SET reversed_on = :day, reversed_by = :approval WHERE id = :id")
    async with payment.running.database.transaction(COUNTY) as reversal:
        values = {"day": date(2023, 10, 20), "approval": UUID(asked.json()["id"]), "id": UUID(line["id"])}
        await reversal.execute(reversing, values)
        comparing = asyncio.create_task(match_job.step(payment.running))
        await wait_for_lock_waits(payment.installation, "payment")
    assert await comparing == 1
    assert (await payment.get(f"remittances/{batch_id}"))["state"] == "SUBMITTED"
    assert await match_job.step(payment.running) == 0, "nothing to compare with until the bank books it again"
    assert await payment.balances() == {"village_cash": DUE_FEN, "unapplied": -DUE_FEN}
    await village.bank(village.slip()["slip_no"], DUE_FEN, booked_on="2023-10-12")
    assert await match_job.step(payment.running) == 1
    assert (await payment.get(f"remittances/{batch_id}"))["state"] == "READY_TO_REMIT"
