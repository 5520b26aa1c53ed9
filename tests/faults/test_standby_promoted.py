"""E1: an asynchronous standby takes over without the last commits, and people go on paying meanwhile."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.drill import BEFORE, drill
from tests.faults.standby_server import Standby, standby_of
from tests.harness.eventually import eventually

pytestmark = pytest.mark.slow_fault

LAST, MEANWHILE = 300, 10


async def test_a_standby_without_the_last_commits_counts_every_payment_once(tmp_path: Path) -> None:
    """E1: 300 answered payments never reached the standby; the channel is asked, and its epoch begins."""
    with ExitStack() as stack:
        async with drill(tmp_path) as played:
            county, primary = played.county, played.ground.servers["payment"]
            standby: Standby = await asyncio.to_thread(stack.enter_context, standby_of(primary))
            await played.paid(BEFORE)
            await standby.cut_off()
            await played.paid(LAST)

            played.known_to_channel()
            await primary.lose()
            await standby.promoted()
            await asyncio.to_thread(played.ground.lead_to, "payment", standby.socket_dir)
            assert await county.one("payment", "SELECT count(*) FROM payment") == BEFORE
            await played.refuses_to_work("payment")
            # People who pay meanwhile are answered, and nothing is announced of it.
            await eventually(county.fleet.one("payment", "web").is_ready, within_s=60, message="callbacks are taken")
            await county.channel.pay_and_notify(MEANWHILE)
            played.known_to_channel()
            assert not await county.fleet.one("payment", "work").is_ready()

            said = await played.restored("payment")
            assert f"{LAST}  payment.contribution_paid.v1" in said
            assert "epoch 2 began" in said
            await played.whole_again()
