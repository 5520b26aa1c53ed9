"""The simulator's own books: what canbao must arrive at, by what people and peers did, never by canbao's answers."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from simulator.happened import summarised
from simulator.people import Resident
from simulator.world import World


def credited_people(world: World) -> int:
    """How many people's contributions have been notified, by a channel's notice or through the bank."""
    return len(_paid_online(world)) + len(_paid_in_cash(world))


def books(world: World) -> dict[str, Any]:
    """The whole county and each township."""
    residents = world.plan.county.residents
    paid = [residents[i] for i in sorted(_paid_online(world) | _paid_in_cash(world))]
    free = [r for r in residents if r.due_fen == 0 and _registered(world, r)]
    held = [r for r in residents if r.due_fen is None and not r.owed.rejected and _registered(world, r)]
    treasury = [residents[i] for i in sorted(_in_treasury(world))]
    towns = {town.region: _zero() for town in world.plan.county.towns}
    for resident in residents:
        if _registered(world, resident) and not resident.owed.rejected:
            towns[resident.town]["registered"] += 1
    for resident in paid:
        towns[resident.town]["paid_people"] += 1
        towns[resident.town]["credited_fen"] += resident.due_fen or 0
    for resident in [*paid, *free]:
        towns[resident.town]["enrolled"] += 1
        towns[resident.town]["aided_fen"] += resident.owed.aid_fen
    for resident in treasury:
        towns[resident.town]["treasury_fen"] += resident.due_fen or 0
    county: dict[str, int] = {name: sum(town[name] for town in towns.values()) for name in _zero()}
    county |= {"held": len(held), "active": _covered([*paid, *free], world.day.today)} | _apart(world)
    return {
        "pack": world.locality.pack,
        "seed": world.plan.county.seed,
        "residents": len(residents),
        "county": county,
        "towns": towns,
        "identities": dict(sorted(Counter(i for r in [*paid, *free] for i in r.held_identities).items())),
        "complaints": dict(world.journal.all("complaint")),
        "happened": summarised(world),
        "closing": world.journal.get("closing", "differences"),
    }


def _covered(enrolled: list[Resident], today: date) -> int:
    """Whose cover has begun: by each place's own table of first days, which knows every wait that its document sets."""
    return sum(1 for resident in enrolled if resident.owed.covered_from and resident.owed.covered_from <= today)


def _zero() -> dict[str, int]:
    names = ("registered", "enrolled", "paid_people", "credited_fen", "aided_fen", "treasury_fen")
    return dict.fromkeys(names, 0)


def _apart(world: World) -> dict[str, int]:
    """Money that pays no contribution: in suspense, given back, or not ours at all."""
    transactions = world.journal.all("transaction")
    sums: dict[str, int] = defaultdict(int)
    for transaction, fate in world.journal.all("fate").items():
        if transaction in transactions:
            sums[fate["fate"]] += transactions[transaction]["amount_fen"]
    refunded = sum(refund["amount_fen"] for refund in world.journal.all("refund").values())
    return {
        "suspended_fen": sums["SUSPENSE"] + sums["UNATTRIBUTED"],
        "unattributed_fen": sums["UNATTRIBUTED"],
        "refunded_fen": refunded,
        "suspense_fen": sums["SUSPENSE"] + sums["UNATTRIBUTED"] - refunded,
        "quarantined": world.journal.get("quarantined", "count") or 0,
        "taken_online_fen": sum(taken["amount_fen"] for taken in transactions.values()),
    }


def _registered(world: World, resident: Resident) -> bool:
    return world.journal.get("enrolment", str(resident.index)) is not None


def _paid_online(world: World) -> set[int]:
    notified = world.journal.all("told")
    fates = world.journal.all("fate").items()
    return {
        person
        for transaction, fate in fates
        if fate["fate"] == "CREDITED" and transaction in notified
        for person in fate["people"]
    }


def _paid_in_cash(world: World) -> set[int]:
    matched = world.journal.all("matched")
    return {m.index for bag in world.plan.collections if bag.key in matched for m in bag.members}


def _in_treasury(world: World) -> set[int]:
    """Whose money the treasury itself received: the lines of the batches that it confirmed."""
    return {person for people in world.journal.all("treasury").values() for person in people}
