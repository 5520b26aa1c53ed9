"""What the county stands on is pulled away under load: the broker and the database server."""

import asyncio
import os
import signal

import pytest

from tests.faults.conftest import Ground
from tests.faults.harmed_county import County
from tests.harness.eventually import eventually

pytestmark = pytest.mark.slow_fault


@pytest.mark.parametrize("how", ["killed", "standing still"])
async def test_without_a_broker_callbacks_are_answered_and_credited_and_all_is_announced_when_it_returns(
    shaky_county: County, ground: Ground, how: str
) -> None:
    county, killed = shaky_county, how == "killed"
    async with county.channel.under_load(per_second=10):
        await asyncio.to_thread(ground.broker.kill if killed else ground.broker.pause)
        paid = await county.channel.pay_and_notify(5)

        async def all_credited() -> bool:
            return await county.credited(paid) == len(paid)

        await eventually(all_credited, within_s=20, message="credited without a broker")
        # Longer than sessions last on it, so that every member has to join again.
        await asyncio.sleep(12)
        assert await county.unpublished("payment") >= len(paid)
        await asyncio.to_thread(ground.broker.start if killed else ground.broker.resume)
    await county.judged()


async def test_a_server_stopped_at_once_loses_nothing_that_was_answered(shaky_county: County, ground: Ground) -> None:
    county = shaky_county
    async with county.channel.under_load(per_second=20):
        await county.channel.pay_and_notify(5)
        pid = ground.postgres.server_pid
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends: no checkpoint, sessions cut off
        await eventually(lambda: ground.postgres.server_pid is None, within_s=20, message="the server is down")
        refused = county.channel.answers[503]
        await eventually(lambda: county.channel.answers[503] > refused, message="no notice is answered as safe")
        await asyncio.to_thread(ground.postgres.start)
    assert all(process.alive and process.starts == 1 for process in county.fleet)
    await county.judged()
