"""An officer who gives suspended money back in the channel's own console, and not through canbao."""

import asyncio
import time
from datetime import date
from random import Random

from simulator import clients
from simulator.happened import Happened, note
from simulator.troubles import Trouble
from simulator.world import World

_PATIENCE_S = 30.0


async def give_back(world: World) -> None:
    """Give back what was paid twice today, before the bureau approves the refund that waits for it."""
    for transaction, fate in world.journal.all("fate").items():
        taken = world.journal.get("transaction", transaction)
        if fate["fate"] != "SUSPENSE" or fate.get("trouble") != Trouble.CONSOLE or taken is None:
            continue
        if taken["day"] == world.day.today.isoformat() and await _is_refund(world, transaction, "REQUESTED"):
            await _give_back(world, transaction)
            if await _is_refund(world, transaction, "PAID"):
                day, fen = date.fromisoformat(taken["day"]), taken["amount_fen"]
                await note(world, Happened.REFUNDED_IN_THE_CONSOLE, transaction, day=day, fen=fen)


async def _give_back(world: World, transaction: str) -> None:
    notice = await world.account.refund_in_console(transaction)
    if await world.notice_sender.deliver_all([notice, notice], Random(transaction)):
        await world.journal.put("told", str(notice.plain["out_refund_no"]), True)


async def _is_refund(world: World, transaction: str, state: str) -> bool:
    """Whether canbao shows the payment's refund in this state, within an officer's patience."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        shown = await world.endpoints[clients.BUREAU].get(f"/payment/v1/refunds?state={state}&limit=500")
        if any(refund["transaction_id"] == transaction for refund in shown):
            return True
        await asyncio.sleep(0.1)
    await world.complain(f"console {transaction}", f"its refund is not {state}")
    return False
