"""The residents of a seed: who lives where, with whom, under which identity, and how each means to pay."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from simulator import calendar
from simulator.documents import Registry
from simulator.dues import expected_due_fen
from simulator.towns import Town, scaled

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘蔡蒋余"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英建国华志文玉兰红梅春燕海波宁佳欣雨晨浩然子涵"
SHARES_PER_MILLE = {"TEKUN": 8, "ORPHAN": 2, "DIBAO": 42, "DIBAO_MARGIN": 6, "POVERTY_MONITORED": 11}
_WHEN = (20, 12, 10, 8, 8, 7, 7, 7, 6, 6, 5, 4)  # most people come early, some at the end


class Way(StrEnum):
    """How a household means to pay."""

    WECHAT = "WECHAT"
    CASH = "CASH"
    NEVER = "NEVER"


@dataclass(frozen=True, slots=True)
class Resident:
    """One person; ``late_identity`` is certified only by the correction in mid-season."""

    index: int
    name: str
    number: str
    born: date
    town: str
    village: str
    household: int
    way: Way
    registers_at: int
    pays_at: int
    identities: tuple[str, ...] = ()
    late_identity: str | None = None

    @property
    def due_fen(self) -> int | None:
        """What the person owes on the day of paying; None on hold."""
        late = (self.late_identity,) if self.late_identity else ()
        return expected_due_fen(self.identities + late)


@dataclass(frozen=True, slots=True)
class County:
    """Everybody, in a fixed order, with the townships and their scaled numbers."""

    seed: int
    towns: tuple[Town, ...]
    residents: tuple[Resident, ...]
    villages: dict[str, str] = field(default_factory=dict)


def county(*, residents: int, seed: int) -> County:
    """The same people for the same seed and number, whoever asks."""
    chance = Random(f"canbao:{seed}:{residents}")
    towns = scaled(residents)
    registry = Registry()
    people: list[Resident] = []
    villages: dict[str, str] = {}
    for town in towns:
        of_town = _villages(town)
        villages.update(dict.fromkeys(of_town, town.region))
        zeal = chance.uniform(0.3, 1.7)  # how many of a township stay away differs from one to the next
        for household in _households(chance, town.target, first=len(people)):
            way = _way(chance, zeal)
            village = chance.choice(of_town)
            people.extend(_family(chance, registry, town.region, village, household, way))
    return County(seed, towns, tuple(_certified(chance, people)), villages)


def _villages(town: Town) -> list[str]:
    count = max(2, min(20, town.target // 80))
    return [f"{town.region}{201 + place}" for place in range(count)]


def _households(chance: Random, persons: int, *, first: int) -> Iterator[range]:
    last = first + persons
    while first < last:
        size = min(last - first, chance.choices((1, 2, 3, 4, 5), (22, 28, 24, 17, 9))[0])
        yield range(first, first + size)
        first += size


def _way(chance: Random, zeal: float) -> Way:
    draw = chance.random()
    if draw < 0.06 * zeal:
        return Way.NEVER
    return Way.CASH if draw > 0.86 else Way.WECHAT


def _family(
    chance: Random, registry: Registry, town: str, village: str, members: range, way: Way
) -> Iterator[Resident]:
    surname = chance.choice(SURNAMES)
    comes = chance.choices(range(len(_WHEN)), _WHEN)[0]
    pays = min(comes + chance.choices((0, 1, 2), (80, 14, 6))[0], calendar.LAST_ONLINE)
    for index in members:
        age_days = chance.randrange(120, 92 * 365)
        born = calendar.STEPS[0] - timedelta(days=age_days)
        yield Resident(
            index=index,
            name=surname + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2)))),
            number=registry.number(born, male=chance.random() < 0.52),
            born=born,
            town=town,
            village=village,
            household=members.start,
            way=way,
            registers_at=comes,
            pays_at=pays,
        )


def _certified(chance: Random, people: list[Resident]) -> list[Resident]:
    """Give each identity its share, at least one person each; a few are certified only by the correction."""
    order = list(range(len(people)))
    chance.shuffle(order)
    for identity, per_mille in SHARES_PER_MILLE.items():
        for _ in range(max(1, round(len(people) * per_mille / 1000))):
            place = order.pop()
            people[place] = replace(people[place], identities=(identity,))
    for pair in (("TEKUN", "DIBAO_MARGIN"), ("DIBAO", "DIBAO_MARGIN"), ("DIBAO", "POVERTY_MONITORED")):
        place = order.pop()
        people[place] = replace(people[place], identities=pair)
    for _ in range(max(1, len(people) // 400)):
        place = order.pop()
        people[place] = replace(people[place], late_identity="DIBAO", registers_at=1, pays_at=calendar.CORRECTION + 1)
    return people
