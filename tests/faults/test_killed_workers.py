"""The process that credits and announces, and one that listens, are killed at each point of their way."""

import asyncio

import pytest

from tests.faults.harmed_county import County
from tests.faults.paused_payment import enrolment_held, is_enrolled
from tests.harness.eventually import eventually

pytestmark = pytest.mark.slow_fault
PAYERS = 5


async def test_killed_when_notices_are_answered_but_not_credited(county: County) -> None:
    web, work = county.fleet.one("payment", "web"), county.fleet.one("payment", "work")
    work.freeze()
    await eventually(lambda: work.stands_still)
    async with county.channel.under_load(per_second=10):
        paid = await county.channel.pay_and_notify(PAYERS)
        assert [await county.stored(each) for each in paid] == [["RECEIVED"]] * PAYERS
        assert await county.credited(paid) == 0
        work.kill()
        web.kill()
        work.start()
        web.start()
    await county.judged()


@pytest.mark.parametrize("point", ["a transfer is written", "all is done but the commit"])
async def test_killed_inside_the_ledgers_transaction_nothing_of_it_remains(county: County, point: str) -> None:
    work = county.fleet.one("payment", "work")
    at_commit = point == "all is done but the commit"
    async with county.channel.under_load(per_second=10):
        async with county.wire("payment", "transfer", "INSERT", at_commit=at_commit) as wire:
            paid = await county.channel.pay_and_notify(PAYERS)
            caught = await wire.caught()
            work.kill()
            await wire.cut(caught)
        assert await county.credited(paid) == 0
        assert {state for each in paid for state in await county.stored(each)} == {"RECEIVED"}
        work.start()
    await county.judged()


async def test_a_relay_killed_before_it_sends_leaves_what_the_next_one_sends(county: County) -> None:
    work = county.fleet.one("payment", "work")
    async with county.channel.under_load(per_second=10):
        async with county.wire("payment", "relay_lane", "UPDATE") as wire:
            caught = await wire.caught()  # it renews its lease, and can fetch nothing meanwhile
            before = await county.on_the_bus("payment")
            paid = await county.channel.pay_and_notify(PAYERS)

            async def all_credited() -> bool:
                return await county.credited(paid) == PAYERS

            await eventually(all_credited, message="what is paid is credited while nothing is published")
            work.kill()
            await wire.cut(caught)
        assert await county.unpublished("payment") >= PAYERS
        assert await county.on_the_bus("payment") == before
        work.start()
    await county.judged()


async def test_a_relay_killed_between_sending_and_marking_sends_again_and_nobody_counts_twice(county: County) -> None:
    work = county.fleet.one("payment", "work")
    async with county.channel.under_load(per_second=10):
        async with county.wire("payment", "outbox", "UPDATE OF published_at") as wire:
            await county.channel.pay_and_notify(PAYERS)
            caught = await wire.caught()
            marked = await county.published("payment")
            twice = await county.on_the_bus("payment") - marked
            work.kill()
            await wire.cut(caught)
        assert twice > 0
        assert await county.published("payment") == marked
        work.start()
    await county.judged()
    assert await county.on_the_bus("payment") >= await county.published("payment") + twice


async def test_a_relay_killed_once_it_has_marked_has_published_everything_it_marked(county: County) -> None:
    work, listener = county.fleet.one("payment", "work"), county.fleet.one("registration", "work")
    listener.freeze()
    await eventually(lambda: listener.stands_still)
    before = await county.on_the_bus("payment")
    async with county.channel.under_load(per_second=10):
        paid = await county.channel.pay_and_notify(PAYERS)

        async def marked() -> bool:
            people = [county.channel.paid[each].enrolment_id for each in paid]
            query = """SELECT count(*) FROM outbox WHERE key = ANY($1::uuid[]) AND published_at IS NOT NULL
                       AND event = 'payment.contribution_paid.v1'"""
            return bool(await county.one("payment", query, people) == PAYERS)

        await eventually(marked, within_s=30, message="what was credited is marked as sent")
        work.kill()
        listener.kill()
        assert await county.on_the_bus("payment") >= before + PAYERS
        work.start()
        listener.start()
    await county.judged()


async def test_a_listener_killed_inside_its_transaction_has_neither_moved_on_nor_enrolled_anybody(
    county: County,
) -> None:
    listener = county.fleet.one("registration", "work")
    async with county.channel.under_load(per_second=10):
        async with enrolment_held(county) as held:
            listener.kill()
            stood = await county.taken_in("registration")
            await held.never_said()
        assert not await is_enrolled(county, held.order)
        assert await county.taken_in("registration") == stood
        listener.start()
        await held.notifying
    await county.judged()


async def test_a_listener_killed_before_the_broker_receives_its_commit_goes_on_where_its_database_stands(
    county: County,
) -> None:
    listener = county.fleet.one("registration", "work")
    async with county.channel.under_load(per_second=10):

        async def stopped_ahead_of_the_broker() -> bool:
            listener.freeze()
            if await county.taken_in("registration") > await county.advised("registration"):
                return True
            listener.thaw()
            return False

        await eventually(
            stopped_ahead_of_the_broker, within_s=30, every_s=0.3, message="committed here, not yet at the broker"
        )
        listener.kill()
        assert await county.taken_in("registration") > await county.advised("registration")
        listener.start()
    await county.judged()


async def test_a_notice_fifty_times_at_once_while_the_worker_is_killed_counts_once(county: County) -> None:
    work = county.fleet.one("payment", "work")
    transaction, _ = county.channel.pay()
    same, other = county.channel.body(transaction, "one-notice-" + transaction), county.channel.body(transaction)
    async with county.wire("payment", "payment_line", "INSERT") as wire:
        notifying = [
            asyncio.create_task(county.channel.notify(transaction, body)) for body in (same, other) for _ in range(25)
        ]
        caught = await wire.caught()
        work.kill()
        await wire.cut(caught)
    work.start()
    await asyncio.gather(*notifying)
    await county.judged()
    assert sorted(await county.stored(transaction)) == ["CREDITED", "REPEATED"]
