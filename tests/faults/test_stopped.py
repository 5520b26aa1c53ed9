"""A process stands still for longer than anybody waits for it, is replaced, and wakes up believing what was."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.faults.harmed_county import County
from tests.faults.paused_payment import enrolment_held, is_enrolled
from tests.harness.eventually import eventually
from tests.harness.processes import ServiceProcess

pytestmark = pytest.mark.slow_fault
_REPLACED_WITHIN_S = 40.0  # a lease lasts 15 s, a session 10 s


async def test_a_relay_stopped_for_longer_than_its_lease_is_replaced_and_does_no_harm(county: County) -> None:
    stopped = county.fleet.one("payment", "work")
    owner = await county.one("payment", "SELECT owner FROM relay_lane WHERE lane = 0")
    async with county.wire("payment", "outbox", "UPDATE OF published_at") as wire:
        await county.channel.pay_and_notify(5)
        caught = await wire.caught()
        stopped.freeze()
        await wire.cut(caught)

    async def taken_over() -> bool:
        lanes = await county.sql("payment", "SELECT DISTINCT owner FROM relay_lane")
        return owner not in {lane["owner"] for lane in lanes} and await county.unpublished("payment") < 5

    async with _replaced(county, stopped, taken_over):
        await county.judged()


async def test_a_listener_stopped_for_longer_than_its_session_counts_nothing_again(county: County) -> None:
    stopped = county.fleet.one("registration", "work")
    async with enrolment_held(county) as held:
        stopped.freeze()
        await held.never_said()
    await held.notifying

    async def taken_over() -> bool:
        return await is_enrolled(county, held.order)

    async with _replaced(county, stopped, taken_over):
        await county.judged()


@asynccontextmanager
async def _replaced(
    county: County, stopped: ServiceProcess, taken_over: Callable[[], Awaitable[bool]]
) -> AsyncIterator[None]:
    """Another process takes over under load while the first stands still; then the first wakes up beside it."""
    successor = county.fleet.another(stopped.name, stopped.role)
    successor.start()
    try:
        async with county.channel.under_load(per_second=5):
            await eventually(taken_over, within_s=_REPLACED_WITHIN_S, every_s=0.2, message="another has taken over")
            assert stopped.stands_still
            stopped.thaw()
        yield
    finally:
        successor.ask_to_end()
        successor.ended()
