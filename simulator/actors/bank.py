"""The bank of the tax pending account (税务待报解账户): a statement each morning, of what it really received."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from simulator import clients
from simulator.actors import clerks
from simulator.world import World


async def book(world: World, day: date) -> None:
    """The channel's payout of that day, and the deposits since the last statement."""
    lines = [*_settlement(world, day), *_deposits(world, day)]
    if lines:
        await world.endpoints[clients.BANK].post(
            "/payment/v1/bank-statements",
            {
                "statement_no": f"BK{day:%Y%m%d}",
                "booked_on": (day + timedelta(days=1)).isoformat(),
                "lines": [{"line_no": place, **line} for place, line in enumerate(lines, start=1)],
            },
        )
    for line in lines:
        await world.journal.put("booked", str(line["reference"]), line["amount_fen"])
    for collection in world.plan.collections:
        numbers = (clerks.slip_no(collection), clerks.slip_no(collection, topped_up=True))
        if sum(world.journal.get("booked", number) or 0 for number in numbers) == collection.amount_fen:
            await world.journal.put("matched", collection.key, True)


def _settlement(world: World, day: date) -> Iterable[dict[str, Any]]:
    amount_fen = world.account.settlement_fen(day.isoformat())
    if amount_fen or world.account.moved_on(day.isoformat()):
        reference = f"WECHAT:{world.account.mchid}:{day.isoformat()}"
        yield {"kind": "SETTLEMENT", "reference": reference, "amount_fen": amount_fen}


def _deposits(world: World, day: date) -> Iterable[dict[str, Any]]:
    for number, slip in world.journal.all("slip").items():
        if slip["deposited_on"] == day.isoformat():
            yield {"kind": "DEPOSIT", "reference": number, "amount_fen": slip["amount_fen"]}
