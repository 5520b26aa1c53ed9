"""Cash of people who had paid already: the bureau releases it, the village fetches it and has the person sign."""

from typing import Any

from simulator import clients
from simulator.actors import clerks
from simulator.world import World

_CASH_REFUNDS = "/payment/v1/cash-refunds"


async def hand_back(world: World) -> None:
    """Bring all cash that is owed back to the people; after an interruption each step goes on where it stopped."""
    for village, numbers in (await _receipts(world, "DUE")).items():
        body = {"village": village, "receipt_nos": numbers}
        await world.endpoints[clients.BUREAU].post(f"{_CASH_REFUNDS}/approvals", body)
    today = world.day.today.isoformat()
    for village, numbers in (await _receipts(world, "APPROVED")).items():
        body = {"village": village, "receipt_nos": numbers, "fetched_on": today}
        await world.endpoints[clients.township(village[:9])].post(f"{_CASH_REFUNDS}/fetches", body)
    for village, numbers in (await _receipts(world, "FETCHED")).items():
        for number in numbers:
            body = {"village": village, "receipt_no": number, "returned_on": today, "signed_by": "FAMILY"}
            await world.endpoints[clients.township(village[:9])].post(f"{_CASH_REFUNDS}/returns", body)
    for village, numbers in (await _receipts(world, "RETURNED")).items():
        for number in numbers:
            await world.journal.put("handed back", number, village)


async def miss_what_is_owed(world: World) -> None:
    """At the end of the season people who paid twice have their cash back, and nobody else was given any."""
    owed = {
        clerks.receipt_no(collection.again)
        for collection in world.plan.collections
        if collection.again is not None and world.journal.get("matched", collection.key)
    }
    returned = set(world.journal.all("handed back"))
    for number in sorted(owed ^ returned):
        await world.complain(f"cash {number}", "not handed back" if number in owed else "handed back without cause")


async def _receipts(world: World, state: str) -> dict[str, list[str]]:
    page: dict[str, Any] = await world.endpoints[clients.BUREAU].get(f"{_CASH_REFUNDS}?state={state}&limit=1000")
    found: dict[str, list[str]] = {}
    for refund in page["items"]:
        found.setdefault(refund["village"], []).append(refund["receipt_no"])
    return found
