"""A deposit that was entered wrongly is reversed by two people, and its statement waits for the right line."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from services.payment import SERVICE
from services.payment.bills import service as bills
from shared.domain.ids import new_id
from tests.harness.assessments import DUE_FEN, VILLAGE, assessed
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation
from tests.harness.village_cash import BOOKED_ON, Village, bill
from tests.services.payment.cash import deposits


@pytest.fixture
async def village(installation: Installation) -> AsyncIterator[Village]:
    """A village whose three people were billed."""
    people = await bill(installation, 3)
    async with installation.http_client(SERVICE) as http:
        yield Village(installation, http, people)


async def reverse(village: Village, statement_no: str) -> None:
    """Let the bank's client propose and the tax bureau's approve."""
    (line,) = (await village.get(f"bank-lines?statement_no={statement_no}"))["items"]
    await deposits.reverse(village, line["id"])


async def test_a_wrong_deposit_of_a_held_statement_is_reversed_and_the_right_one_matched(village: Village) -> None:
    """C1: a mistyped deposit held its statement for ever."""
    batch = await village.hand_in()
    slip = (await village.done("deposit-slips", village.slip()))["slip_no"]
    await village.bank(slip, village.total_fen - 1)
    await village.batch(batch, "HELD")

    await reverse(village, f"B-DEPOSIT-{slip}-{BOOKED_ON}")
    await village.batch(batch, "SUBMITTED")
    assert "pending" not in await village.balances()

    await village.bank(slip, village.total_fen)
    await village.batch(batch, "READY_TO_REMIT")
    assert await village.balances() == {"pending": village.total_fen, "premium": -village.total_fen}


async def test_two_wrong_deposits_of_one_statement_are_reversed_one_after_the_other(village: Village) -> None:
    """C1: once the first was reversed, the statement waited, and the second line could not be reversed any more."""
    batch = await village.hand_in()
    first = village.slip(amount_fen=DUE_FEN)
    second = village.slip(slip_no="J2", amount_fen=village.total_fen - DUE_FEN)
    await village.done("deposit-slips", first)
    for slip in (first, second):
        await village.bank(slip["slip_no"], slip["amount_fen"] - 1)
    await village.batch(batch, "HELD")
    slips = [{name: slip[name] for name in ("slip_no", "amount_fen", "deposited_on")} for slip in (first, second)]
    await village.done(f"remittances/{batch}/corrections", {"reason": "分两次缴存", "slips": slips})
    await village.batch(batch, "HELD")

    for slip in (first, second):
        await reverse(village, f"B-DEPOSIT-{slip['slip_no']}-{BOOKED_ON}")
        await village.batch(batch, "SUBMITTED")
    for slip in (first, second):
        await village.bank(slip["slip_no"], slip["amount_fen"])
    await village.batch(batch, "READY_TO_REMIT")
    assert await village.balances() == {"pending": village.total_fen, "premium": -village.total_fen}


async def part(village: Village, state: str) -> dict[str, Any]:
    """The one part of the statement in that state."""

    async def there() -> dict[str, Any]:
        items = (await village.get(f"remittances?state={state}"))["items"]
        assert len(items) == 1, items
        found = items[0]
        return dict(found)

    return await eventually(there)


async def test_a_matched_deposit_is_reversed_and_its_people_stay_insured(village: Village) -> None:
    """C1: a line under the wrong slip that happened to match stood for ever; the right one matches once more."""
    batch = await village.ready()
    await village.done(f"remittances/{batch}/serial", {"collection_notice_serial": "Z1"})
    await reverse(village, f"B-DEPOSIT-J1-{BOOKED_ON}")
    taken_back = await village.batch(batch, "REVERSED")
    assert {line["place"] for line in taken_back["lines"]} == {"WITHDRAWN"}
    assert await village.balances() == {"village_cash": village.total_fen, "premium": -village.total_fen}
    assert (await part(village, "SUBMITTED"))["part"] == 2
    assert await deposits.breaks(village) == []

    await village.bank("J1", village.total_fen, booked_on="2023-10-12")
    again = await part(village, "READY_TO_REMIT")
    assert (again["part"], again["line_count"], again["amount_fen"]) == (2, 3, village.total_fen)
    assert await village.balances() == {"pending": village.total_fen, "premium": -village.total_fen}
    # Announced once: nobody was insured twice, nor for a moment not.
    assert set(await village.announced("contribution_paid")) == set(village.people)
    receipts = (await village.get("cash-receipts"))["items"]
    assert {(one["state"], one["deposited_on"]) for one in receipts} == {("WRITTEN_OFF", "2023-10-12")}
    assert await deposits.breaks(village) == []


async def test_no_line_is_restated_for_people_who_are_insured(village: Village) -> None:
    """C1: after the reversal another sum is booked; slips may be restated, the receipts stand."""
    await village.ready()
    await reverse(village, f"B-DEPOSIT-J1-{BOOKED_ON}")
    waiting = await part(village, "SUBMITTED")
    await village.bank("J1", village.total_fen + 1, booked_on="2023-10-12")
    await village.batch(waiting["id"], "HELD")
    restated = {"reason": "重报", "lines": village.lines()[:2], "total_fen": 2 * DUE_FEN}
    refused = await village.post(f"remittances/{waiting['id']}/corrections", restated)
    assert (refused.status_code, refused.json()["code"]) == (409, "CORRECTION_NOT_POSSIBLE")
    await reverse(village, "B-DEPOSIT-J1-2023-10-12")
    await village.bank("J1", village.total_fen, booked_on="2023-10-13")
    await village.batch(waiting["id"], "READY_TO_REMIT")
    assert await deposits.breaks(village) == []


async def test_a_deposit_that_was_remitted_is_not_reversed(village: Village) -> None:
    """C1, bad input: a reversal of a line whose money has left the account."""
    batch = await village.ready()
    line = await deposits.line_of(village, "J1", BOOKED_ON)
    # As the tax bureau's detail confirms it.
    await village.done(f"remittances/{batch}/serial", {"collection_notice_serial": "Z1"})
    confirmed = "UPDATE remittance_batch SET state = 'DETAIL_CONFIRMED' WHERE id = $1 RETURNING id"
    await village.installation.sql("payment", confirmed, UUID(batch))
    proposal = (await deposits.reversal(village, line)).json()["id"]
    await village.done(f"remittances/{batch}/remit", {"remitted_on": "2023-10-12"})
    late = await deposits.decide(village, proposal, "tax")
    assert (late.status_code, late.json()["code"]) == (409, "BANK_LINE_ALREADY_REMITTED")


async def test_a_deposit_of_which_cash_was_given_back_is_not_reversed(village: Village) -> None:
    """C1, bad input: the account would be short of what the person has in their hand."""
    everybody = Village(village.installation, village.http, [*village.people, await unbilled(village)])
    await everybody.ready()
    (recalled,) = (await village.get("cash-receipts?state=RECALLED"))["items"]
    number = {"village": VILLAGE, "receipt_nos": [recalled["receipt_no"]]}
    await village.done("cash-refunds/approvals", number, scopes=("payment:refund",), client="refunds")
    line = await deposits.line_of(village, "J1", BOOKED_ON)
    proposal = (await deposits.reversal(village, line)).json()["id"]
    await village.done("cash-refunds/fetches", number | {"fetched_on": "2023-10-31"})
    refused = await deposits.decide(village, proposal, "tax")
    assert (refused.status_code, refused.json()["code"]) == (409, "BANK_LINE_ALREADY_MATCHED")


async def unbilled(village: Village) -> UUID:
    """Somebody whose price is held, so that their receipt fails import."""
    held = new_id()
    async with village.installation.running(SERVICE, role="web") as (run,), run.database.transaction(COUNTY) as session:
        await bills.assess(session, [assessed(held, outcome="HELD", region=VILLAGE)])
    return held
