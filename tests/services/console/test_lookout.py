"""One look at the services for all browsers, and only while somebody watches."""

import asyncio
from contextlib import aclosing

import pytest

from services.console.lookout import Lookout
from shared.domain.clock import SystemClock
from tests.harness.eventually import eventually
from tests.harness.patience import patient
from tests.services.console.neighbours import Neighbours, first

QUICK_S = 0.02


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours()


async def test_a_hundred_readers_at_once_cost_one_round(neighbours: Neighbours) -> None:
    lookout = Lookout(neighbours.asker(), SystemClock(), interval_s=60)
    found = await asyncio.gather(*(lookout.look() for _ in range(100)))
    await lookout.aclose()
    assert neighbours.asked["quota"] == 1
    assert len({id(snapshot) for snapshot in found}) == 1


async def test_watchers_share_the_rounds_and_hear_of_changes_only(neighbours: Neighbours) -> None:
    lookout = Lookout(neighbours.asker(), SystemClock(), interval_s=QUICK_S)
    watching = [asyncio.create_task(first(lookout.watch(), 2)) for _ in range(10)]
    await eventually(lambda: neighbours.asked["quota"] >= 5)
    assert not any(task.done() for task in watching), "five rounds without news, and somebody was told something"
    neighbours.answers["quota"]["county"]["enrolled"] += 1
    before, after = zip(*await asyncio.gather(*watching), strict=True)
    await lookout.aclose()
    assert len(set(map(id, after))) == 1
    assert {found.quota.summary.county.enrolled for found in before} == {575_820}
    assert {found.quota.summary.county.enrolled for found in after} == {575_821}
    assert after[0].changed_at > before[0].changed_at


async def test_when_the_last_watcher_leaves_nobody_asks_any_more(neighbours: Neighbours) -> None:
    lookout = Lookout(neighbours.asker(), SystemClock(), interval_s=QUICK_S)
    async with aclosing(lookout.watch()) as changes:
        await anext(changes)
        await eventually(lambda: neighbours.asked["quota"] >= 3)
        assert lookout.watchers == 1
    asked = neighbours.asked["quota"]
    await asyncio.sleep(5 * QUICK_S)
    assert (lookout.watchers, neighbours.asked["quota"]) == (0, asked)
    assert await first(lookout.watch(), 1), "a later watcher is served again"
    await lookout.aclose()


async def test_a_service_that_goes_away_is_news(neighbours: Neighbours) -> None:
    lookout = Lookout(neighbours.asker(), SystemClock(), interval_s=QUICK_S)
    async with aclosing(lookout.watch()) as changes:
        assert (await anext(changes)).payment.fault is None
        neighbours.failing["payment"] = "gone"
        assert (await anext(changes)).payment.fault is not None
        neighbours.failing.clear()
        assert (await anext(changes)).payment.fault is None
    await lookout.aclose()


async def test_dismissed_watchers_go_home(neighbours: Neighbours) -> None:
    lookout = Lookout(neighbours.asker(), SystemClock(), interval_s=60)
    watching = asyncio.create_task(first(lookout.watch(), 99))
    await eventually(lambda: lookout.watchers == 1)
    await eventually(lambda: neighbours.asked["quota"] == 1)
    await lookout.dismiss()
    assert len(await asyncio.wait_for(watching, patient(5))) == 1
    await lookout.aclose()


async def test_the_longer_a_look_takes_the_longer_the_next_is_put_off(neighbours: Neighbours) -> None:
    lookout = Lookout(neighbours.asker(), SystemClock(), interval_s=QUICK_S)
    neighbours.takes_s = 10 * QUICK_S
    await lookout.look()
    await asyncio.sleep(5 * QUICK_S)
    await lookout.look()
    assert neighbours.asked["quota"] == 1
    await eventually_looked_again(lookout, neighbours)
    await lookout.aclose()


async def eventually_looked_again(lookout: Lookout, neighbours: Neighbours) -> None:
    """Look until the services were asked once more."""
    async with asyncio.timeout(30):
        while neighbours.asked["quota"] == 1:
            await asyncio.sleep(QUICK_S)
            await lookout.look()
