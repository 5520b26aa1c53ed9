"""Wait until canbao has processed what it received: by its own summary, against the simulator's books."""

import asyncio
import time
from datetime import date, timedelta

from simulator import clients
from simulator.books import credited_people
from simulator.world import World, report_progress

_PATIENCE_S = 60.0
_BILLS, _BILLS_A_DAY = "/payment/v1/channel-bills", 2


async def wait_for_the_day(world: World) -> None:
    """Until payment has consumed the new business date: nobody pays on a day it does not know yet."""
    deadline, pause = time.monotonic() + _PATIENCE_S, 0.05
    while time.monotonic() < deadline:
        summary = await world.endpoints[clients.BUREAU].get(
            f"/payment/v1/summary?benefit_year={world.locality.benefit_year}"
        )
        if date.fromisoformat(summary["business_date"]) >= world.day.today:
            return
        await asyncio.sleep(pause)
    await world.complain(f"date {world.day.today}", "payment has not consumed the new business date")


async def wait_until_bills_are_read(world: World) -> None:
    """Until the channel's own bills are read up to yesterday: each is ready when its day is over."""
    deadline, pause = time.monotonic() + _PATIENCE_S, 0.05
    yesterday = (world.day.today - timedelta(days=1)).isoformat()
    known = unread = 0
    while True:
        if known < _BILLS_A_DAY:
            known = await _bills(world, f"bill_day={yesterday}")
        if known == _BILLS_A_DAY:
            unread = await _bills(world, "state=WANTED")
            if not unread:
                return
        if time.monotonic() > deadline:
            await world.complain(f"bills {yesterday}", f"{unread} of the channel's bills are not read")
            return
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)


async def _bills(world: World, asked: str) -> int:
    return len((await world.endpoints[clients.BUREAU].get(f"{_BILLS}?{asked}"))["items"])


async def wait_until_credited(world: World) -> None:
    """Until as many people are paid as were notified; a season does not stop where canbao stays behind.

    What was seen is not asked for again: people who are paid stay so.
    """
    expected, deadline, pause = credited_people(world), time.monotonic() + _PATIENCE_S, 0.05
    while world.seen_paid < expected:
        summary = await world.endpoints[clients.BUREAU].get(
            f"/payment/v1/summary?benefit_year={world.locality.benefit_year}"
        )
        world.seen_paid = sum(town["paid_count"] for town in summary["towns"])
        report_progress("credited", people=world.seen_paid)
        if world.seen_paid < expected and time.monotonic() > deadline:
            await world.complain(
                f"credited {world.day.today}", f"{world.seen_paid} people are paid, {expected} should be"
            )
            return
        if world.seen_paid < expected:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)
