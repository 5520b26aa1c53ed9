"""民政 and 乡村振兴: they certify who is aided, before the season and, for those they missed, in its middle."""

from collections import defaultdict

from simulator import calendar, clients
from simulator.people import Resident
from simulator.world import World

_AT_ONCE = 2_000
_OF_RURAL = frozenset({"POVERTY_MONITORED"})


async def send_rosters(world: World) -> None:
    """One roster per identity, certified before the collecting stage."""
    held: dict[str, list[Resident]] = defaultdict(list)
    for resident in world.plan.county.residents:
        for identity in resident.identities:
            held[identity].append(resident)
    for identity in sorted(held):
        await _send(world, identity, held[identity], "2023-09-25", f"罗民〔2023〕{len(identity):02d}号")


async def send_correction(world: World) -> None:
    """Those who were missed."""
    missed: dict[str, list[Resident]] = defaultdict(list)
    for resident in world.plan.county.residents:
        if resident.late_identity:
            missed[resident.late_identity].append(resident)
    for identity in sorted(missed):
        certified_on = calendar.STEPS[calendar.CORRECTION].isoformat()
        await _send(world, identity, missed[identity], certified_on, "罗民〔2023〕88号（补充）")


async def _send(world: World, identity: str, people: list[Resident], certified_on: str, document: str) -> None:
    department = clients.RURAL if identity in _OF_RURAL else clients.CIVIL_AFFAIRS
    for start in range(0, len(people), _AT_ONCE):
        some = people[start : start + _AT_ONCE]
        await _deliver(world, department, identity, some, certified_on, document)


async def _deliver(
    world: World, department: str, identity: str, people: list[Resident], certified_on: str, document: str
) -> None:
    answer = await world.doors[department].post(
        "/subsidy/v1/rosters",
        {
            "identity": identity,
            "department": "乡村振兴局" if identity in _OF_RURAL else "民政局",
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
