"""People of whom the document says something of their own: at the end each looks from when they are covered."""

import asyncio
import time
from typing import Any

from simulator import clients
from simulator.actors.clerks import enrolment
from simulator.people import Resident
from simulator.world import World, each

_PATIENCE_S = 30.0


async def ask_when_covered(world: World) -> None:
    """Compare each one's cover with what the document says; rejected people are not counted."""

    async def one(person: Resident) -> None:
        wanted, found = _wanted(person), await _settled(world, person)
        if found != wanted:
            await world.complain(f"story {person.story and person.story.name}", f"is {found}, should be {wanted}")

    await each([person for person in world.plan.county.residents if person.story], one, at_once=4)


def _wanted(person: Resident) -> str:
    owed = person.owed
    return f"from {owed.covered_from}" if owed.covered_from else "rejected" if owed.rejected else "on hold"


async def _settled(world: World, person: Resident) -> str:
    """What canbao says, once registration has consumed every event; its last answer where it never agrees."""
    identifier, deadline = enrolment(world, person), time.monotonic() + _PATIENCE_S
    if identifier is None:
        return "not registered"
    while True:
        shown = await world.endpoints[clients.township(person.town)].get(f"/registration/v1/enrolments/{identifier}")
        found = _found(shown)
        if found == _wanted(person) or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.2)


def _found(shown: dict[str, Any]) -> str:
    if shown["benefit"]:
        return f"from {shown['benefit']['starts_on']}"
    outcome = shown["assessment"] and shown["assessment"]["outcome"]
    return {"REJECTED": "rejected", "HELD": "on hold"}.get(outcome, f"unpaid, {shown['state']}")
