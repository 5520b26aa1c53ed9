"""What a worker that dies, or a second one, does to the match."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from services.payment import SERVICE
from services.payment.batches import repository as batches
from services.payment.batches.models import CashBatch
from services.payment.cash import match_job
from shared.service import ServiceContext
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import COUNTY, Installation, http_client
from tests.harness.village_cash import Village, bill

WHOLE_FEN = 3 * DUE_FEN


class Killed(Exception):
    """Stands for the end of a process between two statements."""


@pytest.fixture
async def running(installation: Installation) -> AsyncIterator[ServiceContext]:
    """Payment's web role alone: nothing is worked unless the test does it."""
    async with installation.running(SERVICE, role="web") as (running,):
        yield running


@pytest.fixture
async def village(installation: Installation, running: ServiceContext) -> AsyncIterator[Village]:
    people = await bill(installation, 3)
    async with http_client([running]) as http:
        yield Village(installation, http, people)


async def test_a_worker_killed_before_its_commit_leaves_nothing_behind(
    village: Village, running: ServiceContext
) -> None:
    batch_id = await village.hand_in()
    await village.deposit()
    with pytest.raises(Killed):
        await _match_and_be_killed(running, UUID(batch_id))
    assert (await village.get(f"remittances/{batch_id}"))["state"] == "SUBMITTED"
    assert await village.balances() == {"village_cash": WHOLE_FEN, "unapplied": -WHOLE_FEN}
    assert await village.announced("contribution_paid") == {}

    assert await match_job.step(running) == 1
    assert (await village.get(f"remittances/{batch_id}"))["state"] == "READY_TO_REMIT"
    assert await village.balances() == {"pending": WHOLE_FEN, "premium": -WHOLE_FEN}
    assert await match_job.step(running) == 0


async def _match_and_be_killed(running: ServiceContext, batch_id: UUID) -> None:
    async with running.database.transaction(COUNTY) as session:
        batch = await batches.lock(session, batch_id)
        assert isinstance(batch, CashBatch)
        await match_job.compare(session, batch)
        raise Killed


async def test_four_workers_at_once_match_a_batch_once(village: Village, running: ServiceContext) -> None:
    await village.hand_in()
    await village.deposit()
    assert sum(await asyncio.gather(*(match_job.step(running) for _ in range(4)))) == 1
    assert await village.balances() == {"pending": WHOLE_FEN, "premium": -WHOLE_FEN}
    assert len(await village.announced("contribution_paid")) == 3
