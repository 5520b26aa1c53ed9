"""One look at the services for all browsers, and only while somebody watches."""

import asyncio
from contextlib import aclosing

import pytest

from services.console.snapshot_poller import SnapshotPoller
from shared.domain.clock import SystemClock
from tests.harness.eventually import eventually
from tests.harness.timeouts import stretched
from tests.services.console.summary_services import SummaryServices, first

QUICK_S = 0.02


@pytest.fixture
def services() -> SummaryServices:
    return SummaryServices()


async def test_a_hundred_readers_at_once_cost_one_round(services: SummaryServices) -> None:
    poller = SnapshotPoller(services.client(), SystemClock(), interval_s=60)
    found = await asyncio.gather(*(poller.poll() for _ in range(100)))
    await poller.aclose()
    assert services.asked["quota"] == 1
    assert len({id(snapshot) for snapshot in found}) == 1


async def test_watchers_share_the_rounds_and_receive_changes_only(services: SummaryServices) -> None:
    poller = SnapshotPoller(services.client(), SystemClock(), interval_s=QUICK_S)
    watching = [asyncio.create_task(first(poller.watch(), 2)) for _ in range(10)]
    await eventually(lambda: services.asked["quota"] >= 5)
    assert not any(task.done() for task in watching), "five rounds without news, and somebody was notified"
    services.answers["quota"]["county"]["enrolled"] += 1
    before, after = zip(*await asyncio.gather(*watching), strict=True)
    await poller.aclose()
    assert len(set(map(id, after))) == 1
    assert {found.quota.summary.county.enrolled for found in before} == {575_820}
    assert {found.quota.summary.county.enrolled for found in after} == {575_821}
    assert after[0].changed_at > before[0].changed_at


async def test_when_the_last_watcher_leaves_nobody_asks_any_more(services: SummaryServices) -> None:
    poller = SnapshotPoller(services.client(), SystemClock(), interval_s=QUICK_S)
    async with aclosing(poller.watch()) as changes:
        await anext(changes)
        await eventually(lambda: services.asked["quota"] >= 3)
    asked = services.asked["quota"]
    await asyncio.sleep(5 * QUICK_S)
    assert services.asked["quota"] == asked
    assert await first(poller.watch(), 1), "a later watcher is served again"
    await poller.aclose()


async def test_a_service_that_goes_away_has_changed(services: SummaryServices) -> None:
    poller = SnapshotPoller(services.client(), SystemClock(), interval_s=QUICK_S)
    async with aclosing(poller.watch()) as changes:
        assert (await anext(changes)).payment.fault is None
        services.failing["payment"] = "gone"
        assert (await anext(changes)).payment.fault is not None
        services.failing.clear()
        assert (await anext(changes)).payment.fault is None
    await poller.aclose()


async def test_dismissed_watchers_go_home(services: SummaryServices) -> None:
    poller = SnapshotPoller(services.client(), SystemClock(), interval_s=60)
    watching = asyncio.create_task(first(poller.watch(), 99))
    await eventually(lambda: services.asked["quota"] == 1)
    await poller.stop()
    assert len(await asyncio.wait_for(watching, stretched(5))) == 1
    await poller.aclose()


async def test_the_longer_a_look_takes_the_longer_the_next_is_put_off(services: SummaryServices) -> None:
    poller = SnapshotPoller(services.client(), SystemClock(), interval_s=QUICK_S)
    services.takes_s = 10 * QUICK_S
    await poller.poll()
    await asyncio.sleep(5 * QUICK_S)
    await poller.poll()
    assert services.asked["quota"] == 1
    await until_polled_again(poller, services)
    await poller.aclose()


async def until_polled_again(poller: SnapshotPoller, services: SummaryServices) -> None:
    """Look until the services were asked once more."""
    async with asyncio.timeout(stretched(30)):
        while services.asked["quota"] == 1:
            await asyncio.sleep(QUICK_S)
            await poller.poll()
