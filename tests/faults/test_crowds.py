"""Too many at once, people who hang up, and a process that is asked to end while it works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from tests.faults.callers import Caller
from tests.faults.harmed_county import County
from tests.harness.eventually import eventually
from tests.harness.payable import SCOPES
from tests.harness.timeouts import stretched
from tests.harness.wechat_peer import SignedNotice, sign

_REQUESTS = 30


async def test_with_every_connection_of_the_pool_taken_callbacks_are_answered_all_the_same(county: County) -> None:
    await county.channel.pay_and_notify(1)  # the intake holds its connection from now on
    order = county.channel.left()[-1].order_no
    waiting = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                 AND wait_event_type = 'Lock' AND query ~ 'FROM payment_order WHERE order_no = [^A]'"""
    async with _client(county) as client:
        async with _locked(county, "payment_order"):
            asking = [asyncio.create_task(client.get(f"/payment/v1/orders/{order}")) for _ in range(_REQUESTS)]

            async def pool_is_taken() -> bool:
                seen = (await county.seen_by_admin("payment", waiting))[0][0]
                return bool(seen == county.installation.settings.pool_web - 1)

            await eventually(pool_is_taken, message="everything but the intake's own connection waits")
            async with asyncio.timeout(stretched(5)):
                await county.channel.pay_and_notify(10)
        answers = [answer.status_code for answer in await asyncio.gather(*asking)]
    assert set(answers) <= {200, 503}
    assert answers.count(200) >= county.installation.settings.pool_web - 1
    await county.judged()


@pytest.mark.slow_fault
async def test_an_endpoint_that_waits_too_long_for_a_lock_says_come_again(county: County) -> None:
    order = county.channel.left()[-1].order_no
    async with _client(county) as client:
        async with _locked(county, "payment_order"):
            answer = await client.get(f"/payment/v1/orders/{order}")
        assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
        assert (await client.get(f"/payment/v1/orders/{order}")).status_code == 200
    await county.judged()


async def test_a_thousand_clients_that_hang_up_take_nothing_from_the_others(county: County) -> None:
    web = county.fleet.one("payment", "web")
    before = web.open_files()
    paid = [county.channel.pay()[0] for _ in range(20)]
    whole = [sign(county.channel.body(each)) for each in paid]
    async with county.channel.under_load(per_second=10):
        await asyncio.gather(*(_hang_up(web.port, whole[number % 20], number) for number in range(1000)))
        async with asyncio.timeout(stretched(10)):
            await county.channel.pay_and_notify(5)
        for each in paid:  # no answer arrived, so the channel notifies again
            await county.channel.notify(each)
    await eventually(lambda: web.open_files() < before + 100, message="their connections are given back")
    # On a busy machine the channel may lose its patience once; every answer was right.
    assert {answer for answer in county.channel.answers if answer != "TimeoutError"} == {204}
    await county.judged()


async def test_asked_to_end_it_answers_what_it_has_in_hand_and_nothing_with_an_error(county: County) -> None:
    web = county.fleet.one("payment", "web")
    paid = [county.channel.pay()[0] for _ in range(20)]
    numbers = ", ".join(f"'{each}'" for each in paid)
    async with county.channel.under_load(per_second=10):
        async with county.wire("payment", "raw_notice", "INSERT", when=f"NEW.transaction_id IN ({numbers})") as wire:
            in_hand = [await Caller.connected(web.port, sign(county.channel.body(each))) for each in paid]
            await asyncio.gather(*(caller.say() for caller in in_hand))
            await wire.caught()
            await eventually(lambda: all(caller.was_read() for caller in in_hand), message="all requests are in hand")
            web.ask_to_end()
        assert [await caller.status() for caller in in_hand] == [204] * len(paid)
        assert await asyncio.to_thread(web.ended) == 0
        web.start()
        await asyncio.gather(*(county.channel.notify(each) for each in paid))
    # A caller who came too late finds the port closed or the idle connection ended, and gets no wrong answer.
    assert {answer for answer in county.channel.answers if isinstance(answer, int)} == {204}
    await county.judged()


@asynccontextmanager
async def _client(county: County) -> AsyncIterator[httpx.AsyncClient]:
    headers = county.installation.caller(*SCOPES)
    url = county.fleet.url("payment")
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=stretched(40)) as client:
        yield client


@asynccontextmanager
async def _locked(county: County, table: str) -> AsyncIterator[None]:
    """Nobody can so much as read a table, for the length of a block."""
    connection = await asyncpg.connect(county.installation.settings.owner_url("payment"))
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def _hang_up(port: int, notice: SignedNotice, number: int) -> None:
    """Begin a request and leave: before the body, in the middle of it, or before the answer."""
    caller = await Caller.connected(port, notice)
    await caller.say((0, len(notice.body) // 2, len(notice.body))[number % 3])
    caller.hang_up()
