"""The residents of a seed: who lives where, with whom, under which identity, and how each means to pay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import Any

from simulator.documents import Registry
from simulator.localities.locality import Locality, Owed, Story, Town

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘蔡蒋余"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英建国华志文玉兰红梅春燕海波宁佳欣雨晨浩然子涵"
_OF_STORIES = 900_000_000  # numbers of households that no ordinary one has
_WHEN = (20, 12, 10, 8, 8, 7, 7, 7, 6, 6, 5, 4)  # most people come early, some at the end


class Way(StrEnum):
    """How a household means to pay."""

    WECHAT = "WECHAT"
    CASH = "CASH"
    NEVER = "NEVER"


@dataclass(frozen=True, slots=True)
class Resident:
    """One person; ``late_identity`` is certified only later, at the step ``certified_at``."""

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
    certified_at: int = 0
    declared: Mapping[str, Any] = field(default_factory=dict)
    story: Story | None = None
    owed: Owed = field(default_factory=lambda: Owed(None))

    @property
    def due_fen(self) -> int | None:
        """What the person owes on the day of paying; None where nobody may collect."""
        return self.owed.due_fen

    @property
    def held_identities(self) -> tuple[str, ...]:
        """All that are certified in the end."""
        return self.identities + ((self.late_identity,) if self.late_identity else ())


@dataclass(frozen=True, slots=True)
class County:
    """Everybody, in a fixed order, with the townships and their scaled numbers."""

    seed: int
    locality: Locality
    towns: tuple[Town, ...]
    residents: tuple[Resident, ...]
    villages: dict[str, str] = field(default_factory=dict)


def county(locality: Locality, *, residents: int, seed: int) -> County:
    """The same people for the same place, seed and number, every time."""
    chance = Random(f"canbao:{seed}:{residents}")
    towns = locality.scaled(residents)
    registry = Registry(locality.county)
    people: list[Resident] = []
    villages: dict[str, str] = {}
    for town in towns:
        of_town = _villages(town)
        villages.update(dict.fromkeys(of_town, town.region))
        zeal = chance.uniform(0.3, 1.7)  # how many of a township stay away differs from one to the next
        for household in _households(chance, town.target, first=len(people)):
            way = _way(chance, zeal)
            village = chance.choice(of_town)
            people.extend(_family(chance, registry, locality, town.region, village, household, way))
    return County(seed, locality, towns, tuple(_settled(chance, registry, locality, people)), villages)


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
    chance: Random, registry: Registry, locality: Locality, town: str, village: str, members: range, way: Way
) -> Iterator[Resident]:
    calendar = locality.calendar
    surname = chance.choice(SURNAMES)
    comes = chance.choices(range(len(_WHEN)), _WHEN)[0]
    pays = min(comes + chance.choices((0, 1, 2), (80, 14, 6))[0], calendar.last_online)
    for index in members:
        age_days = chance.randrange(120, 92 * 365)
        born = calendar.steps[0] - timedelta(days=age_days)
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


def _settled(chance: Random, registry: Registry, locality: Locality, people: list[Resident]) -> list[Resident]:
    """Give each identity its share, at least one person each, and each story its person; then say what all owe."""
    order = list(range(len(people)))
    chance.shuffle(order)
    for identity, per_mille in locality.shares.items():
        for _ in range(max(1, round(len(people) * per_mille / 1000))):
            _certify(people, order.pop(), locality, identity)
    for pair in locality.pairs:
        _certify(people, order.pop(), locality, *pair)
    calendar, late = locality.calendar, locality.late_identity
    for _ in range(max(1, len(people) // 400)):
        place = order.pop()
        people[place] = replace(
            people[place],
            late_identity=late,
            certified_at=calendar.correction,
            registers_at=1,
            pays_at=calendar.correction + 1,
        )
    for story in locality.stories:
        place = order.pop()
        people[place] = _living(registry, people[place], story)
    return [
        person if person.story else replace(person, owed=locality.owed(person.born, person.held_identities))
        for person in people
    ]


def _certify(people: list[Resident], place: int, locality: Locality, *identities: str) -> None:
    """Certified people always enrol, so that every identity is priced."""
    declared = {key: value for identity in identities for key, value in locality.declared.get(identity, {}).items()}
    way = Way.WECHAT if people[place].way is Way.NEVER else people[place].way
    people[place] = replace(people[place], identities=identities, declared=declared, way=way)


def _living(registry: Registry, person: Resident, story: Story) -> Resident:
    """The person of a story: registers and pays alone, on the day that the story is about."""
    born = story.born or person.born
    return replace(
        person,
        number=person.number if born == person.born else registry.number(born, male=True),
        born=born,
        household=_OF_STORIES + person.index,
        way=Way.WECHAT,
        registers_at=story.at,
        pays_at=story.at,
        late_identity=story.identity,
        certified_at=story.certified_at,
        declared=story.declared,
        story=story,
        owed=story.owed,
    )
