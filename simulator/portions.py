"""Whose contributions came with which batch of online money, by what the channel itself paid out of which payments."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from simulator.troubles import Trouble
from simulator.wechat.flows import ChannelPayout, payouts_of
from simulator.world import World


class BatchPortion(NamedTuple):
    """People whose money goes on together: with a payout, or behind it because their notice came later."""

    key: str
    people: list[int]


async def people_in(world: World, batch: dict[str, Any]) -> list[int]:
    """Whose money a batch of online money is; what was found for it once stays."""
    known = world.journal.get("portion", batch["id"])
    if known is None:
        taken = {portion["key"] for portion in world.journal.all("portion").values()}
        fitting = (each for each in _portions(world, batch) if each.key not in taken and _fits(world, each, batch))
        portion = next(fitting, None)
        if portion is None:
            await world.complain(f"batch {batch['id']}", f"{batch['amount_fen']} fen are no portion of any payout")
            return []
        known = {"key": portion.key, "people": portion.people}
        await world.journal.put("portion", batch["id"], known)
    people: list[int] = known["people"]
    return people


def is_after_match(fate: dict[str, Any]) -> bool:
    """Whether a payment's notice comes only when bank and bill have agreed on its day."""
    return fate.get("trouble") == Trouble.AFTER_MATCH


def _portions(world: World, batch: dict[str, Any]) -> Iterator[BatchPortion]:
    """What the batch may be: its payout's, with or without those whom canbao may have asked about, or theirs alone."""
    for payout in payouts_of(world.account, batch["settlement_day"]):
        in_time = _people(world, payout, late=False)
        late = _people(world, payout, late=True)
        if batch["declared_fen"] == payout.amount_fen:
            yield BatchPortion(payout.number, in_time)
            yield BatchPortion(payout.number, in_time + late)
        elif late:
            yield BatchPortion(f"{payout.number} late", late)


def _people(world: World, payout: ChannelPayout, *, late: bool) -> list[int]:
    fates = (world.journal.get("fate", flow.transaction) for flow in payout.flows if flow.amount_fen > 0)
    return [
        person
        for fate in fates
        if fate and fate["fate"] == "CREDITED" and is_after_match(fate) == late
        for person in fate["people"]
    ]


def _fits(world: World, portion: BatchPortion, batch: dict[str, Any]) -> bool:
    residents = world.plan.county.residents
    amount_fen: int = batch["amount_fen"]
    return sum(residents[person].due_fen or 0 for person in portion.people) == amount_fen
