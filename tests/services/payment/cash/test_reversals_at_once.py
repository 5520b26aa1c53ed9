"""A reversal beside a comparison that takes its line: each waits for the other in one order only."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from services.payment import SERVICE
from services.payment.batches import repository as batches
from services.payment.cash import match_job
from shared.service import ServiceContext
from tests.harness.installation import COUNTY, Installation, http_client
from tests.harness.lock_waits import wait_for_lock_waits
from tests.harness.village_cash import BOOKED_ON, Village, bill
from tests.services.payment.cash import deposits


@pytest.fixture
async def running(installation: Installation) -> AsyncIterator[ServiceContext]:
    """Payment's web role alone: nothing is compared unless the test does it."""
    async with installation.running(SERVICE, role="web") as (running,):
        yield running


async def test_a_line_that_is_matched_while_its_reversal_waits_for_it(
    installation: Installation, running: ServiceContext
) -> None:
    """A4, attacked: it held the line and waited for the batch, whose holder waited for the line: 503 to one of them."""
    people = await bill(installation, 2)
    async with http_client([running]) as http:
        village = Village(installation, http, people)
        batch_id = UUID(await village.hand_in())
        slip = (await village.done("deposit-slips", village.slip()))["slip_no"]
        await village.bank(slip, village.total_fen - 1)
        line = await deposits.line_of(village, slip, BOOKED_ON)
        proposal = (await deposits.reversal(village, line)).json()["id"]

        async def look_again() -> None:
            """As accepting what is short does: the batch, then its lines."""
            async with running.database.transaction(COUNTY) as session:
                batch = await batches.lock_cash(session, batch_id)
                assert batch is not None
                await wait_for_lock_waits(installation, "payment")
                await match_job.read_accounts(session, batch)

        async with running.database.transaction(COUNTY) as session:
            batch = await batches.lock_cash(session, batch_id)
            assert batch is not None
            await match_job.compare(session, batch)
            reversing = asyncio.create_task(deposits.decide(village, proposal, "tax"))
            looking = asyncio.create_task(look_again())
            await wait_for_lock_waits(installation, "payment", 2)
        answer, _ = await asyncio.gather(reversing, looking)
        assert (answer.status_code, answer.json()["state"]) == (200, "APPROVED"), answer.text
        assert (await village.get(f"remittances/{batch_id}"))["state"] == "SUBMITTED", "it waits for the right line"
        assert await deposits.breaks(village) == []


async def test_a_proposal_that_comes_while_the_same_is_being_approved(
    installation: Installation, running: ServiceContext
) -> None:
    """A4, attacked: it held the batch and waited for the decision, whose effect waited for the batch: 503 to one."""
    people = await bill(installation, 2)
    async with http_client([running]) as http:
        village = Village(installation, http, people)
        batch_id = UUID(await village.hand_in())
        slip = (await village.done("deposit-slips", village.slip()))["slip_no"]
        await village.bank(slip, village.total_fen - 1)
        assert await match_job.step(running) == 1
        proposal = await deposits.propose(village, str(batch_id))
        async with running.database.transaction(COUNTY) as session:
            await batches.lock(session, batch_id)
            again = asyncio.create_task(deposits.propose(village, str(batch_id)))
            await wait_for_lock_waits(installation, "payment")
            approving = asyncio.create_task(deposits.decide(village, proposal, "tax"))
            await wait_for_lock_waits(installation, "payment", 2)
        assert await again == proposal, "the one that waits"
        answer = await approving
        assert (answer.status_code, answer.json()["state"]) == (200, "APPROVED"), answer.text
