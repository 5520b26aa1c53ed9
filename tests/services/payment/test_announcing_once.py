"""A4: two transactions that announce about the same people never wait for each other in a circle."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from services.payment.batches.lines import repository as batch_lines
from services.payment.cash import deposit_import, match_job
from services.payment.crediting.worker import work_notices
from tests.faults.lock_trigger import wire
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.harness.lock_waits import wait_for_lock_waits
from tests.harness.village_cash import Village
from tests.harness.wechat_peer import paid_notice
from tests.services.payment.running_payment import RunningPayment, running_payment

_HOLD = "SELECT id FROM aggregate WHERE id = $1 FOR UPDATE"
_FREE = "SELECT id FROM aggregate WHERE id = $1 FOR UPDATE NOWAIT"


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    """Payment's web role alone: each step is taken when the test says so."""
    async with running_payment(installation, tmp_path, role="web") as opened:
        yield opened


@pytest.fixture
async def remittance(payment: RunningPayment) -> AsyncIterator[asyncpg.Connection]:
    """A transaction that announces in the order of the keys, as a remittance does page by page."""
    connection: asyncpg.Connection = await asyncpg.connect(payment.installation.settings.owner_url("payment"))
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await connection.close()


async def test_crediting_locks_nobody_before_whom_it_waits_for(
    payment: RunningPayment, remittance: asyncpg.Connection
) -> None:
    """A4: crediting announced who paid, then who was suspended, then refunds: with the later person's aggregate in
    its hands it waited for the earlier one's, and a remittance the other way round.
    """
    first, last = sorted(await payment.bill(2))
    order_of_first, order_of_last = await payment.order(first), await payment.order(last)
    await payment.notify(paid_notice(order_of_first["order_no"], DUE_FEN))
    await work_notices(payment.running)
    for order in (order_of_first, order_of_last):
        await payment.notify(paid_notice(order["order_no"], DUE_FEN))
    await remittance.execute(_HOLD, first)
    crediting = asyncio.create_task(work_notices(payment.running))
    await wait_for_lock_waits(payment.installation, "payment")
    await remittance.execute(_FREE, last)
    await remittance.execute("ROLLBACK")
    assert await crediting == 2
    assert [state for state, _ in await payment.notices()] == ["CREDITED", "SUSPENDED", "CREDITED"]


async def test_cash_of_several_portions_is_announced_in_one(
    payment: RunningPayment, remittance: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A4, the member nobody listed: an import announced portion by portion, in the order of the receipts."""
    monkeypatch.setattr(deposit_import, "_AT_ONCE", 1)
    people: list[UUID] = sorted(await payment.bill(3), reverse=True)
    village = Village(payment.installation, payment.http, people)
    await payment.installation.set_business_date(date(2023, 10, 20), "payment")
    await village.hand_in()
    await village.deposit()
    last, first = people[0], people[-1]
    await remittance.execute(_HOLD, first)
    matching = asyncio.create_task(match_job.step(payment.running))
    await wait_for_lock_waits(payment.installation, "payment")
    await remittance.execute(_FREE, last)
    await remittance.execute("ROLLBACK")
    assert await matching == 1
    assert await payment.states(*people) == ["PAID"] * 3
    assert len(await payment.events("payment.contribution_paid.v1")) == 3


async def test_a_remittance_locks_people_for_the_announcing_alone(
    payment: RunningPayment, remittance: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A3: it announced page by page while it booked, and held everybody's aggregate until the last page was booked."""
    monkeypatch.setattr(batch_lines, "LINES_AT_ONCE", 1)
    first, _, last = people = sorted(await payment.bill(3))
    village = Village(payment.installation, payment.http, people)
    await payment.installation.set_business_date(date(2023, 10, 20), "payment")
    batch_id = await village.hand_in()
    await village.deposit()
    assert await match_job.step(payment.running) == 1
    confirmed = "UPDATE remittance_batch SET state = 'DETAIL_CONFIRMED', collection_notice_serial = 'Z1' RETURNING id"
    await payment.sql(confirmed)
    owner = payment.installation.settings.owner_url("payment")
    async with wire(owner, "transfer", "INSERT", when=f"NEW.enrolment_id = '{last}'") as held:
        remitting = asyncio.create_task(payment.post(f"remittances/{batch_id}/remit", {"remitted_on": "2023-10-12"}))
        await held.caught()
        await remittance.execute(_FREE, first)
        await remittance.execute("ROLLBACK")
        await held.let_go()
        assert (await remitting).status_code == 200
    assert len(await payment.events("payment.contribution_remitted.v1")) == 3
