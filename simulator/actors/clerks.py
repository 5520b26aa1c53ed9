"""Village clerks: they register people, take cash against numbered receipts, and hand in what they collected."""

from collections.abc import Iterable
from typing import Any

from simulator import clients
from simulator.peer_endpoint import RequestRefused
from simulator.people import Resident
from simulator.plan import Collection
from simulator.world import World, each, report_progress

_AT_ONCE = 100


async def register(world: World, residents: Iterable[Resident]) -> None:
    """Register those who are not registered yet: each village enters its people of the day together."""
    waiting: dict[str, list[Resident]] = {}
    for resident in residents:
        if enrolment(world, resident) is None:
            waiting.setdefault(resident.village, []).append(resident)
    bundles = [people[i : i + _AT_ONCE] for people in waiting.values() for i in range(0, len(people), _AT_ONCE)]

    async def one(bundle: list[Resident]) -> None:
        await _register(world, bundle)
        report_progress("registered", count=len(world.journal.all("enrolment")))

    await each(bundles, one, at_once=4)


async def _register(world: World, people: list[Resident]) -> None:
    """One person is entered alone, several by the batch endpoint."""
    if len(people) == 1:
        outcome = await _register_alone(world, people[0])
    else:
        body = {"enrolments": [_application(world, person) for person in people]}
        answer = await world.endpoints[clients.township(people[0].town)].post("/registration/v1/enrolments/batch", body)
        outcome = {"registered": answer["registered"], "refused": answer["refused"]}
    # Refused because it was asked before an interruption: the answer names the enrolment that exists.
    found = {entry["line"]: entry["id"] for entry in outcome["registered"]}
    found |= {entry["line"]: entry["existing"] for entry in outcome["refused"] if entry.get("existing")}
    lines = list(enumerate(people, start=1))
    await world.journal.put_all(
        "enrolment", {str(person.index): found[line] for line, person in lines if line in found}
    )
    for line, person in lines:
        if line not in found:
            await world.complain(f"register {person.index}", str(outcome["refused"])[:300])


async def _register_alone(world: World, person: Resident) -> dict[str, list[dict[str, Any]]]:
    endpoint = world.endpoints[clients.township(person.town)]
    try:
        answer = await endpoint.post("/registration/v1/enrolments", _application(world, person))
    except RequestRefused as refusal:
        return {"registered": [], "refused": [{"line": 1, **refusal.problem}]}
    return {"registered": [{"line": 1, **answer}], "refused": []}


def _application(world: World, person: Resident) -> dict[str, Any]:
    return {
        "document_type": "RESIDENT_ID",
        "document_number": person.number,
        "name": person.name,
        "birth_date": person.born.isoformat(),
        "region": person.village,
        "benefit_year": world.locality.benefit_year,
        **person.declared,
    }


def receipt_no(resident: Resident) -> str:
    """The number printed on the receipt."""
    return f"R{resident.index:011d}"


async def take_cash(world: World, step: int) -> None:
    """Write receipts for those who bring cash in this step, one delivery per village."""
    today: dict[str, list[Resident]] = {}
    for collection in world.plan.collections:
        for resident in collection.payers:
            pays_at = collection.step if resident is collection.again else resident.pays_at
            if pays_at == step and enrolment(world, resident):
                today.setdefault(resident.village, []).append(resident)

    async def one(village: str) -> None:
        people = today[village]
        await world.endpoints[clients.township(village[:9])].post_when_billed(
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
    return all(enrolment(world, person) for person in collection.payers)


async def hand_in(world: World, collection: Collection) -> None:
    """The village's 《缴费情况表》 and the slip of its deposit into the tax pending account."""
    endpoint = world.endpoints[clients.township(collection.village[:9])]
    await endpoint.post("/payment/v1/collection-statements", statement(world, collection))
    slip_fen = collection.amount_fen - (collection.missing_fen if collection.short_slip else 0)
    await endpoint.post(
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
        "benefit_year": world.locality.benefit_year,
        "lines": [
            {
                "receipt_no": receipt_no(person),
                "enrolment_id": enrolment(world, person),
                "amount_fen": person.due_fen,
            }
            for person in collection.payers
        ],
        "total_fen": collection.amount_fen,
    }
