"""Waiting until canbao has digested what it was told: by its own summary, against the simulator's books."""

import asyncio
import time
from datetime import date

from simulator import clients
from simulator.books import credited_people
from simulator.world import World, tell

_PATIENCE_S = 60.0


async def wait_for_the_day(world: World) -> None:
    """Until payment has heard what day it is: nobody pays on a day that the counter does not know yet."""
    deadline, pause = time.monotonic() + _PATIENCE_S, 0.05
    while time.monotonic() < deadline:
        summary = await world.doors[clients.BUREAU].get(
            f"/payment/v1/summary?benefit_year={world.locality.benefit_year}"
        )
        if date.fromisoformat(summary["business_date"]) >= world.day.today:
            return
        await asyncio.sleep(pause)
    await world.complain(f"date {world.day.today}", "payment has not heard of the day")


async def wait_until_credited(world: World) -> None:
    """Until as many people are paid as were told of; a season does not stop where canbao stays behind."""
    expected, deadline, pause = credited_people(world), time.monotonic() + _PATIENCE_S, 0.05
    while True:
        summary = await world.doors[clients.BUREAU].get(
            f"/payment/v1/summary?benefit_year={world.locality.benefit_year}"
        )
        paid = sum(town["paid_count"] for town in summary["towns"])
        if paid >= expected:
            tell("credited", people=paid)
            return
        if time.monotonic() > deadline:
            await world.complain(f"credited {world.day.today}", f"{paid} people are paid, {expected} should be")
            return
        tell("credited", people=paid)
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 1.0)
