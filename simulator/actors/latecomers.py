"""Those for whom the answer is no, those who come too late, and the officer who lets money go back."""

import asyncio
import time
from random import Random
from typing import Any

from simulator import clients
from simulator.actors.clerks import enrolment
from simulator.actors.residents import ask_order, deliver_notices
from simulator.happened import Happened, note
from simulator.peer_endpoint import RequestRefused
from simulator.people import Resident
from simulator.world import World

_REFUND_PATIENCE_S = 30.0


async def on_hold(world: World) -> None:
    """An identity without an amount: nobody may collect 380 or nothing from such a person."""
    await _must_be_refused(world, world.plan.refused)


async def come_too_late(world: World) -> None:
    """The window is closed."""
    await _must_be_refused(world, world.plan.too_late)


async def _must_be_refused(world: World, people: tuple[Resident, ...]) -> None:
    for person in people:
        identifier = enrolment(world, person)
        if identifier is None:
            continue
        body = {"enrolment_ids": [identifier], "channel": "WECHAT"}
        try:
            order = await world.endpoints[clients.RESIDENTS].post("/payment/v1/orders", body)
        except RequestRefused as refusal:
            if not 400 <= refusal.status < 500:
                await world.complain(f"refused {person.index}", str(refusal))
        else:
            await world.complain(f"refused {person.index}", f"got an order of {order['amount_fen']} fen")


async def ask_on_the_last_day(world: World) -> None:
    """An order of the last evening."""
    for person in world.plan.after_hours:
        await ask_order(world, f"after-{person.index}", (person,), person.due_fen or 0)


async def pay_after_midnight(world: World) -> None:
    """Paid when the year had turned: outside every row of the schedule, so the money is suspended."""
    for person in world.plan.after_hours:
        order = world.journal.get("asked", f"after-{person.index}")
        if order is not None:
            transaction = f"42000000{person.index:06d}".ljust(28, "7")
            await world.journal.put("fate", transaction, {"fate": "SUSPENSE", "people": [person.index]})
            notice = await world.account.pay(order["order_no"], transaction, moment=world.day.at(600))
            await deliver_notices(world, [notice], Random(person.index))


async def approve_refunds(world: World) -> None:
    """Approve every requested refund, and wait for the channel's notice that it arrived."""
    endpoint = world.endpoints[clients.BUREAU]
    asked = await _refunds(world, "REQUESTED")
    for refund in asked:
        await endpoint.post(f"/payment/v1/refunds/{refund['id']}/approve", {})
    deadline = time.monotonic() + _REFUND_PATIENCE_S
    while await _refunds(world, "APPROVED") or await _refunds(world, "ASKED"):
        if time.monotonic() > deadline:
            await world.complain(f"refunds {world.day.today}", "approved, but not paid back in time")
            return
        await asyncio.sleep(0.1)
    for refund in asked:
        taken = world.journal.get("transaction", refund["transaction_id"])
        given = world.journal.get("refund", refund["refund_no"])
        if taken and given and given["day"] == taken["day"]:
            day, fen = world.day.today, given["amount_fen"]
            await note(world, Happened.REFUNDED_ON_ITS_DAY, refund["refund_no"], day=day, fen=fen)


async def _refunds(world: World, state: str) -> list[dict[str, Any]]:
    answer = await world.endpoints[clients.BUREAU].get(f"/payment/v1/refunds?state={state}")
    return list(answer["refunds"] if isinstance(answer, dict) else answer)
