"""Who pays together, in what step, and what goes wrong on the way: decided once for a seed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

from simulator.people import County, Resident, Way
from simulator.troubles import PAID_ONCE, BankTroubles, Trouble, days_that_differ, troubles


@dataclass(frozen=True, slots=True)
class Purchase:
    """One order to be asked for: the members of a household who pay together."""

    key: str
    step: int
    members: tuple[Resident, ...]
    trouble: Trouble
    copies: int

    @property
    def amount_fen(self) -> int:
        """What the order must come to."""
        return sum(member.due_fen or 0 for member in self.members)


@dataclass(frozen=True, slots=True)
class Collection:
    """One village's cash of a few steps, handed in together."""

    key: str
    step: int
    village: str
    members: tuple[Resident, ...]
    short_slip: bool = False  # the slip is first one contribution short, then corrected
    short_detail: bool = False  # the tax office first receives a line too few, then the whole batch
    again: Resident | None = None  # paid online before, and brings cash all the same: it goes back

    @property
    def payers(self) -> tuple[Resident, ...]:
        """Everybody who got a receipt."""
        return self.members if self.again is None else (*self.members, self.again)

    @property
    def amount_fen(self) -> int:
        """The cash in the bag."""
        return sum(payer.due_fen or 0 for payer in self.payers)

    @property
    def missing_fen(self) -> int:
        """What the bag lacks at first where the slip is short: one person's contribution."""
        return self.members[0].due_fen or 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The season as intended; the journal says how far it came."""

    county: County
    purchases: tuple[Purchase, ...]
    collections: tuple[Collection, ...]
    refused: tuple[Resident, ...]  # on hold, and still tries to pay: must be refused
    after_hours: tuple[Resident, ...]  # asks on the last day, pays past midnight: suspense
    too_late: tuple[Resident, ...]  # comes when the window is closed: must be refused
    bank: BankTroubles


_FIRST_CASH = 6


def plan(county: County) -> Plan:
    """Everything that follows from the people and the seed."""
    chance = Random(f"plan:{county.seed}:{len(county.residents)}")
    paying = [resident for resident in county.residents if resident.due_fen]
    bought = _purchases(chance, [resident for resident in paying if resident.way is Way.WECHAT])
    purchases, bank = _with_days_that_differ(county, bought)
    bags = (_FIRST_CASH, county.locality.calendar.last_cash)
    in_cash = _collections([resident for resident in paying if resident.way is Way.CASH], bags)
    collections = _with_one_paid_already(in_cash, purchases)
    # Somebody without identities: of the others a document may say that they can still come.
    absent = [r for r in paying if r.way is Way.NEVER and not r.held_identities] if county.locality.closes else []
    held = [resident for resident in county.residents if resident.due_fen is None]
    return Plan(
        county,
        purchases,
        collections,
        refused=tuple(held[:2]),
        after_hours=tuple(absent[:1]),
        too_late=tuple(absent[1:3]),
        bank=bank,
    )


def _purchases(chance: Random, paying: Iterable[Resident]) -> tuple[Purchase, ...]:
    groups: dict[tuple[int, int], list[Resident]] = defaultdict(list)
    for resident in paying:
        groups[resident.pays_at, resident.household].append(resident)
    keys = sorted(groups)
    drawn = troubles(chance, keys)
    return tuple(
        Purchase(
            key=f"{step:02d}-{household:06d}",
            step=step,
            members=tuple(groups[step, household]),
            trouble=drawn.get((step, household), Trouble.NONE),
            copies=chance.choices((1, 2, 3), (75, 20, 5))[0],
        )
        for step, household in keys
    )


def _with_days_that_differ(
    county: County, purchases: tuple[Purchase, ...]
) -> tuple[tuple[Purchase, ...], BankTroubles]:
    """Drawn by themselves, so that a season that began without them goes on with the same people otherwise."""
    chance = Random(f"days:{county.seed}:{len(county.residents)}")
    free = [(each.step, each.members[0].index) for each in purchases if each.trouble is Trouble.NONE]
    alone = {(each.step, each.members[0].index) for each in purchases if len(each.members) == 1}
    drawn, bank = days_that_differ(chance, free, alone, county.locality.calendar)
    return tuple(
        replace(each, trouble=drawn.get((each.step, each.members[0].index), each.trouble)) for each in purchases
    ), bank


def _collections(paying: Iterable[Resident], steps: tuple[int, ...]) -> tuple[Collection, ...]:
    bags: dict[tuple[int, str], list[Resident]] = defaultdict(list)
    for resident in paying:
        step = next(step for step in steps if step >= resident.pays_at)
        bags[step, resident.village].append(resident)
    found = [
        Collection(key=f"{step:02d}-{village}", step=step, village=village, members=tuple(bags[step, village]))
        for step, village in sorted(bags)
    ]
    return tuple(_with_mistakes(found))


def _with_mistakes(collections: list[Collection]) -> Iterable[Collection]:
    several = [collection.key for collection in collections if len(collection.members) > 1]
    for collection in collections:
        yield Collection(
            collection.key,
            collection.step,
            collection.village,
            collection.members,
            short_slip=collection.key in several[:1],
            short_detail=collection.key in several[1:2],
        )


def _with_one_paid_already(
    collections: tuple[Collection, ...], purchases: tuple[Purchase, ...]
) -> tuple[Collection, ...]:
    """Somebody's grandmother pays the village clerk what the grandchild had paid by telephone."""
    for place, collection in enumerate(collections):
        for purchase in purchases:
            if purchase.step < collection.step and purchase.trouble in PAID_ONCE:
                for member in purchase.members:
                    if member.village == collection.village:
                        return (*collections[:place], replace(collection, again=member), *collections[place + 1 :])
    return collections
