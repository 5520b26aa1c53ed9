"""The departments that certify who is aided: before the season, and later those whom they had missed."""

from collections import defaultdict
from collections.abc import Iterable

from simulator import clients
from simulator.people import Resident
from simulator.world import World

_AT_ONCE = 2_000
_NAMES = {
    clients.CIVIL_AFFAIRS: "民政局",
    clients.RURAL: "乡村振兴局",
    clients.DISABLED: "残疾人联合会",
    clients.HEALTH: "卫生健康委员会",
    clients.VETERANS: "退役军人事务局",
}


async def send_rosters(world: World) -> None:
    """One roster per identity, certified before the collecting stage."""
    certified_on = world.locality.certified_on.isoformat()
    people = [(identity, person) for person in world.plan.county.residents for identity in person.identities]
    people += [
        (person.late_identity, person)
        for person in world.plan.county.residents
        if person.late_identity and not person.certified_at
    ]
    await _send(world, people, certified_on, 1)


async def send_correction(world: World, step: int) -> None:
    """Those who were missed, or who became what they are only now."""
    people = [
        (person.late_identity, person)
        for person in world.plan.county.residents
        if person.late_identity and step and person.certified_at == step
    ]
    await _send(world, people, world.day.today.isoformat(), 50 + step)


async def _send(world: World, people: Iterable[tuple[str, Resident]], certified_on: str, number: int) -> None:
    held: dict[str, list[Resident]] = defaultdict(list)
    for identity, person in people:
        held[identity].append(person)
    for place, identity in enumerate(sorted(held)):
        document = f"{world.locality.roster_document}{number + place:02d}号"
        for start in range(0, len(held[identity]), _AT_ONCE):
            await _deliver(world, identity, held[identity][start : start + _AT_ONCE], certified_on, document)


async def _deliver(world: World, identity: str, people: list[Resident], certified_on: str, document: str) -> None:
    department = clients.certifier(identity)
    answer = await world.endpoints[department].post(
        "/subsidy/v1/rosters",
        {
            "identity": identity,
            "department": _NAMES[department],
            "certified_on": certified_on,
            "document": document,
            "lines": [
                {
                    "document_type": "RESIDENT_ID",
                    "document_number": person.number,
                    "name": person.name,
                    "region": person.village,
                }
                for person in people
            ],
        },
    )
    if answer["refused"]:
        await world.complain(f"roster {identity} {certified_on}", f"{len(answer['refused'])} lines refused")
