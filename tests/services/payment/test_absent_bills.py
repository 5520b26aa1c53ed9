"""A1: a bill that is replaced while somebody waits for its lock is not absent; its successor is the one to lock."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import service as bills
from services.payment.cash import match_job
from services.payment.crediting.worker import work_notices
from tests.harness.assessments import DUE_FEN, VILLAGE, assessed, row
from tests.harness.installation import COUNTY, Installation
from tests.harness.lock_waits import wait_for_lock_waits
from tests.harness.village_cash import Village
from tests.harness.wechat_peer import paid_notice
from tests.services.payment.running_payment import TODAY, RunningPayment, running_payment

ROUNDS = 3
PEOPLE = 40
PAID = "payment.contribution_paid.v1"


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    """Payment's web role alone: a notice, a match or an order is worked when the test says so."""
    async with running_payment(installation, tmp_path, role="web") as opened:
        yield opened


async def reprice(session: AsyncSession, *people: UUID, version: int = 2) -> None:
    """The same amount under another schedule: each bill is superseded, and its successor takes the same money."""
    again = row(standard_fen=DUE_FEN + version)
    await bills.assess(session, [assessed(person, again, version=version) for person in people])


async def test_a_payment_that_waits_for_a_repricing_pays_the_new_bill(payment: RunningPayment) -> None:
    """A1: crediting saw no live bill, suspended right money as BILL_SUPERSEDED and put a refund forward."""
    (person,) = await payment.bill()
    await payment.notify(paid_notice((await payment.order(person))["order_no"], DUE_FEN))
    async with payment.running.database.transaction(COUNTY) as repricing:
        await reprice(repricing, person)
        crediting = asyncio.create_task(work_notices(payment.running))
        await wait_for_lock_waits(payment.installation, "payment")
    assert await crediting == 1
    assert await payment.notices() == [("CREDITED", None)]
    assert await payment.states(person) == ["PAID"]
    assert await payment.one("SELECT count(*) FROM suspense") == 0
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}


async def test_an_order_that_waits_for_a_repricing_collects_the_new_bill(payment: RunningPayment) -> None:
    """A1: ordering said NOTHING_TO_PAY to somebody who owed 380.00 before and after."""
    (person,) = await payment.bill()
    async with payment.running.database.transaction(COUNTY) as repricing:
        await reprice(repricing, person)
        ordering = asyncio.create_task(payment.order(person))
        await wait_for_lock_waits(payment.installation, "payment")
    assert (await ordering)["amount_fen"] == DUE_FEN
    ordered = "SELECT b.version FROM order_line l JOIN bill b ON b.id = l.bill_id WHERE l.open"
    assert await payment.one(ordered) == 2


async def test_cash_that_waits_for_a_repricing_is_imported(payment: RunningPayment) -> None:
    """A1: the import recalled the receipt for ever as NO_BILL, and the village had to give the cash back."""
    (person,) = await payment.bill()
    village = Village(payment.installation, payment.http, [person])
    await payment.installation.set_business_date(TODAY.replace(day=20), "payment")
    batch_id = await village.hand_in()
    await village.deposit()
    async with payment.running.database.transaction(COUNTY) as repricing:
        await reprice(repricing, person)
        matching = asyncio.create_task(match_job.step(payment.running))
        await wait_for_lock_waits(payment.installation, "payment")
    assert await matching == 1
    assert (await payment.get(f"remittances/{batch_id}"))["state"] == "READY_TO_REMIT"
    assert await payment.one("SELECT state FROM cash_receipt") == "WRITTEN_OFF"
    assert await payment.states(person) == ["PAID"]


async def test_an_end_that_waits_for_a_repricing_withdraws_the_new_bill(payment: RunningPayment) -> None:
    """A1, the member nobody listed: all who lock the bills in force, an end among them, must find the successor."""
    (person,) = await payment.bill()
    async with payment.running.database.transaction(COUNTY) as repricing:
        await reprice(repricing, person)

        async def locked() -> list[int]:
            async with payment.running.database.transaction(COUNTY) as session:
                found = await bills.lock_live(session, [person])
                return [bill.version for bill in found.values()]

        locking = asyncio.create_task(locked())
        await wait_for_lock_waits(payment.installation, "payment")
    assert await locking == [2]


async def test_who_has_no_bill_in_force_is_still_missing(payment: RunningPayment) -> None:
    """The second look finds what is there, and nothing else: a bill that was withdrawn stays away."""
    held, billed = await payment.bill(2)
    await payment.notify(paid_notice((await payment.order(held))["order_no"], DUE_FEN))
    async with payment.running.database.transaction(COUNTY) as repricing:
        await bills.assess(repricing, [assessed(held, version=2, outcome="HELD")])
        crediting = asyncio.create_task(work_notices(payment.running))
        await wait_for_lock_waits(payment.installation, "payment")
    await crediting
    assert await payment.notices() == [("SUSPENDED", "BILL_SUPERSEDED")]
    async with payment.running.database.transaction(COUNTY) as session:
        assert list(await bills.lock_live(session, [held, billed])) == [billed]


async def test_a_batch_of_repricing_beside_a_batch_of_notices_suspends_nobody(payment: RunningPayment) -> None:
    """A1 as it was found: 200 of 320 people were wrongly suspended, with nothing held by the test."""
    for _ in range(ROUNDS):
        people = await payment.bill(PEOPLE, region=VILLAGE)
        for person in people:
            await payment.notify(paid_notice((await payment.order(person))["order_no"], DUE_FEN))

        async def priced_again(people: list[UUID]) -> None:
            for version in (2, 3):
                async with payment.running.database.transaction(COUNTY) as session:
                    await reprice(session, *sorted(people), version=version)

        await asyncio.gather(priced_again(people), work_notices(payment.running))
        while await work_notices(payment.running):
            pass
    assert {state for state, _ in await payment.notices()} == {"CREDITED"}
    assert await payment.one("SELECT count(*) FROM suspense") == 0
    assert len(await payment.events(PAID)) == ROUNDS * PEOPLE
