"""Money on its way up: township centre, tax hall (税务征收大厅), tax exchange and treasury, batch by batch."""

from datetime import date
from functools import partial
from typing import Any

from simulator import clients, portions
from simulator.actors import clerks
from simulator.plan import Collection
from simulator.world import World, each

_PAGE = 500
_REMITTANCES = "/payment/v1/remittances"


async def carry_up(world: World, step: int) -> None:
    """Take every batch as far as it gets today; the treasury confirms a day after, on the last day at once."""
    last = step == world.locality.calendar.last
    await _confirm_in_treasury(world, before=world.day.today)
    await _correct_deposit(world)
    await _confirm_details(world)
    await _all(world, "DETAIL_CONFIRMED", _remit)  # a settlement of suspended money alone never comes this far
    if last:
        await _confirm_in_treasury(world, before=None)


async def _correct_deposit(world: World) -> None:
    """Top up the deposit that was short, and have the tax office receive the whole of the batch it had in part."""
    for batch in await _batches(world, "HELD"):
        collection = _collection_of(world, batch)
        if collection is None:
            continue
        if batch["held_at"] == "MATCH" and collection.short_slip:
            await world.once(f"top up {collection.key}", partial(_top_up, world, batch, collection))
        elif batch["held_at"] == "DETAIL" and collection.short_detail:
            await _send_cash_detail(world, collection, whole=True)
            reason = {"reason": "村级软件补传遗漏的一条明细"}
            await world.endpoints[clients.township(collection.village[:9])].post(
                f"{_REMITTANCES}/{batch['id']}/corrections", reason
            )


async def _top_up(world: World, batch: dict[str, Any], collection: Collection) -> None:
    """The collector brings what was missing; both slips together are the receipts."""
    today = world.day.today.isoformat()
    first, second = clerks.slip_no(collection), clerks.slip_no(collection, topped_up=True)
    first_fen = world.journal.get("slip", first)["amount_fen"]
    slips = [
        {"slip_no": first, "amount_fen": first_fen, "deposited_on": world.journal.get("slip", first)["deposited_on"]},
        {"slip_no": second, "amount_fen": collection.amount_fen - first_fen, "deposited_on": today},
    ]
    await world.endpoints[clients.township(collection.village[:9])].post(
        f"{_REMITTANCES}/{batch['id']}/corrections", {"reason": "少存的现金已补存", "slips": slips}
    )
    await world.journal.put("slip", second, {k: v for k, v in slips[1].items() if k != "slip_no"})


async def _confirm_details(world: World) -> None:
    """The tax hall enters the serial of each cash batch and fetches the detail; online money needs no serial.

    What the channel paid out it reports to the tax exchange, payout by payout.
    """

    async def at_the_hall(world: World, batch: dict[str, Any]) -> None:
        if not batch["amount_fen"]:
            return
        collection = _collection_of(world, batch)
        if collection is None:
            people = await portions.people_in(world, batch)
            await world.tax.take(_settlement_key(batch), [_detail_line(world, person) for person in people])
        else:
            if world.journal.get("tax", serial(collection)) is None:
                await _send_cash_detail(world, collection, whole=not collection.short_detail)
            await _command(world, clients.TAX_HALL, batch, "serial", {"collection_notice_serial": serial(collection)})
        await _command(world, clients.TAX_HALL, batch, "fetch-detail", {})

    await _all(world, "READY_TO_REMIT", at_the_hall)
    await _all(world, "AT_TAX_HALL", at_the_hall)


async def _remit(world: World, batch: dict[str, Any]) -> None:
    await _command(world, clients.TAX_HALL, batch, "remit", {"remitted_on": world.day.today.isoformat()})


async def _confirm_in_treasury(world: World, *, before: date | None) -> None:
    """入国库, and 完税证明 for what the treasury holds."""
    today = world.day.today.isoformat()

    async def receive(batch: dict[str, Any]) -> None:
        if before is None or batch["remitted_on"] < before.isoformat():
            await world.journal.put("treasury", batch["id"], await _people(world, batch))
            await _command(world, clients.TREASURY, batch, "treasury", {"received_on": today})

    async def certify(batch: dict[str, Any]) -> None:
        number = f"WS{world.day.today.year}-{batch['id'][-12:]}"
        await _command(world, clients.TAX_HALL, batch, "certificate", {"certificate_no": number, "issued_on": today})

    await each(await _batches(world, "REMITTED"), receive, at_once=6)
    await each(await _batches(world, "TREASURY_CONFIRMED"), certify, at_once=6)


def serial(collection: Collection) -> str:
    """The 征集通知流水号 of a village's batch."""
    return f"ZJ{collection.key}"


async def _send_cash_detail(world: World, collection: Collection, *, whole: bool) -> None:
    """What the village's own software sends to the tax office: one line too few where it is mistaken."""
    members = collection.members if whole else collection.members[:-1]
    await world.tax.take(serial(collection), [_detail_line(world, member.index) for member in members])


def _detail_line(world: World, index: int) -> dict[str, Any]:
    person = world.plan.county.residents[index]
    return {"enrolment_id": clerks.enrolment(world, person), "amount_fen": person.due_fen}


async def _people(world: World, batch: dict[str, Any]) -> list[int]:
    """Whose money arrives with a batch, by the simulator's own records."""
    collection = _collection_of(world, batch)
    if collection is not None:
        return [member.index for member in collection.members]
    return await portions.people_in(world, batch)


def _settlement_key(batch: dict[str, Any]) -> str:
    """The name of a channel's settlement at the tax exchange: the day, and from the second part on its number."""
    day = f"{batch['channel']}/{batch['merchant_id']}/{batch['settlement_day']}"
    return day if batch["part"] == 1 else f"{day}/{batch['part']}"


def _collection_of(world: World, batch: dict[str, Any]) -> Collection | None:
    found = (c for c in world.plan.collections if clerks.statement_no(c) == batch["statement_no"])
    return next(found, None)


async def _batches(world: World, state: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = await world.endpoints[clients.TAX_HALL].get(f"{_REMITTANCES}?state={state}&limit={_PAGE}{after}")
        found += page["items"]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


async def _all(world: World, state: str, act: Any) -> None:
    async def one(batch: dict[str, Any]) -> None:
        await act(world, batch)

    await each(await _batches(world, state), one, at_once=6)


async def _command(world: World, who: str, batch: dict[str, Any], command: str, body: dict[str, Any]) -> None:
    await world.endpoints[who].post(f"{_REMITTANCES}/{batch['id']}/{command}", body)
