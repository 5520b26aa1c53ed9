"""Village clerks: they register people, take cash against numbered receipts, and hand in what they collected."""

from collections.abc import Iterable
from typing import Any

from simulator import clients
from simulator.actors.bureau import BENEFIT_YEAR
from simulator.door import Refused
from simulator.people import Resident, Way
from simulator.plan import Collection
from simulator.world import World, each, tell

SHORT_BY_FEN = 38_000


async def register(world: World, residents: Iterable[Resident]) -> None:
    """Register those who are not registered yet."""
    waiting = [r for r in residents if world.journal.get("enrolment", str(r.index)) is None]
    counted = len(world.journal.all("enrolment"))

    async def one(resident: Resident) -> None:
        nonlocal counted
        identifier = await _register(world, resident)
        if identifier is not None:
            await world.journal.put("enrolment", str(resident.index), identifier)
            counted += 1
            if counted % 50 == 0:
                tell("registered", count=counted)

    await each(waiting, one)
    tell("registered", count=counted)


async def _register(world: World, resident: Resident) -> str | None:
    door = world.doors[clients.township(resident.town)]
    application = {
        "document_type": "RESIDENT_ID",
        "document_number": resident.number,
        "name": resident.name,
        "birth_date": resident.born.isoformat(),
        "region": resident.village,
        "benefit_year": BENEFIT_YEAR,
    }
    try:
        return str((await door.post("/registration/v1/enrolments", application))["id"])
    except Refused as refusal:
        # Asked before the simulator was interrupted: the answer names the enrolment that exists.
        if refusal.code == "ALREADY_ENROLLED" and refusal.problem.get("existing"):
            return str(refusal.problem["existing"])
        await world.complain(f"register {resident.index}", str(refusal))
        return None


def receipt_no(resident: Resident) -> str:
    """The number printed on the receipt."""
    return f"R2023{resident.index:07d}"


async def take_cash(world: World, step: int) -> None:
    """Write receipts for those who bring cash in this step, one delivery per village."""
    today: dict[str, list[Resident]] = {}
    for collection in world.plan.collections:
        for resident in collection.members:
            if resident.way is Way.CASH and resident.pays_at == step and enrolment(world, resident):
                today.setdefault(resident.village, []).append(resident)

    async def one(village: str) -> None:
        people = today[village]
        await world.doors[clients.township(village[:9])].post_when_billed(
            "/payment/v1/cash-receipts",
            {
                "village": village,
                "receipts": [
                    {
                        "receipt_no": receipt_no(person),
                        "enrolment_id": enrolment(world, person),
                        "amount_fen": person.due_fen,
                        "received_on": world.day.today.isoformat(),
                    }
                    for person in people
                ],
            },
        )

    await each(sorted(today), one)


def enrolment(world: World, resident: Resident) -> str | None:
    """The enrolment's id, once registered."""
    identifier: str | None = world.journal.get("enrolment", str(resident.index))
    return identifier


def brought(world: World, collection: Collection) -> bool:
    """Whether everybody of the collection could be registered, so that there is a receipt for each."""
    return all(enrolment(world, person) for person in collection.members)


async def hand_in(world: World, collection: Collection) -> None:
    """The village's 《缴费情况表》 and the slip of its deposit into the tax pending account."""
    door = world.doors[clients.township(collection.village[:9])]
    await door.post("/payment/v1/collection-statements", statement(world, collection))
    slip_fen = collection.amount_fen - (SHORT_BY_FEN if collection.short_slip else 0)
    await door.post(
        "/payment/v1/deposit-slips",
        {
            "slip_no": slip_no(collection),
            "statement_no": statement_no(collection),
            "amount_fen": slip_fen,
            "deposited_on": world.day.today.isoformat(),
        },
    )
    slip = {"amount_fen": slip_fen, "deposited_on": world.day.today.isoformat()}
    await world.journal.put("slip", slip_no(collection), slip)


def statement_no(collection: Collection) -> str:
    """The number of the village's statement."""
    return f"QK{collection.key}"


def slip_no(collection: Collection, *, topped_up: bool = False) -> str:
    """The number of the deposit slip, and of the second one where the first was short."""
    return f"JK{collection.key}{'-2' if topped_up else ''}"


def statement(world: World, collection: Collection) -> dict[str, Any]:
    """What the village states that it collected."""
    return {
        "statement_no": statement_no(collection),
        "village": collection.village,
        "benefit_year": BENEFIT_YEAR,
        "lines": [
            {
                "receipt_no": receipt_no(person),
                "enrolment_id": enrolment(world, person),
                "amount_fen": person.due_fen,
            }
            for person in collection.members
        ],
        "total_fen": collection.amount_fen,
    }
