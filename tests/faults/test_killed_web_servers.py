"""The process that answers the channel is killed, at each point of taking a notice in."""

from tests.faults.harmed_county import County
from tests.faults.paused_payment import notice_held
from tests.harness.eventually import eventually


async def test_killed_before_the_raw_insert_nothing_is_stored_and_the_channel_notifies_again(county: County) -> None:
    web = county.fleet.one("payment", "web")
    async with county.channel.under_load(per_second=10):
        async with notice_held(county) as held:
            web.kill()
            await held.never_said()
        assert await county.stored(held.transaction) == []
        assert held.transaction not in county.channel.answered
        web.start()
        await held.notifying
    await county.judged()


async def test_killed_once_the_notice_is_durable_but_unanswered_it_counts_once_though_notified_again(
    county: County,
) -> None:
    web = county.fleet.one("payment", "web")
    async with county.channel.under_load(per_second=10):
        async with notice_held(county) as held:
            web.freeze()
            await eventually(lambda: web.stands_still)

        async def durable() -> bool:
            return bool(await county.stored(held.transaction))

        await eventually(durable, message="PostgreSQL commits what it was given")
        assert held.transaction not in county.channel.answered
        web.kill()
        web.start()
        await held.notifying
    assert len(await county.stored(held.transaction)) == 1
    await county.judged()
