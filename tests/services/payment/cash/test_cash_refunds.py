"""Cash of a failed import goes back: the refund office releases it, the village fetches it, the person signs."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.payment import SERVICE
from tests.harness.assessments import DUE_FEN, VILLAGE
from tests.harness.installation import Installation
from tests.harness.village_cash import DEPOSITED_ON, Village, bill

BROUGHT_FEN = 20_000
FETCHED_ON, RETURNED_ON = "2099-01-02", "2099-01-03"
RECEIPT = "R1-0001"


@pytest.fixture
async def village(installation: Installation) -> AsyncIterator[Village]:
    """Three people paid cash, the first of them too little: that receipt is recalled."""
    people = await bill(installation, 3)
    async with installation.http_client(SERVICE) as http:
        village = Village(installation, http, people, amounts={people[0]: BROUGHT_FEN})
        await village.ready()
        yield village


async def approve(village: Village, *numbers: str, client: str = "refunds", **how: Any) -> httpx.Response:
    body = {"village": VILLAGE, "receipt_nos": list(numbers or (RECEIPT,))}
    return await village.post("cash-refunds/approvals", body, scopes=("payment:refund",), client=client, **how)


async def fetch(village: Village, day: str | None = None, *numbers: str) -> httpx.Response:
    body = {"village": VILLAGE, "receipt_nos": list(numbers or (RECEIPT,)), "fetched_on": day or await today(village)}
    return await village.post("cash-refunds/fetches", body)


async def give_back(village: Village, day: str | None = None, signed_by: str = "SELF") -> httpx.Response:
    body = {"village": VILLAGE, "receipt_no": RECEIPT, "signed_by": signed_by}
    return await village.post("cash-refunds/returns", body | {"returned_on": day or await today(village)})


async def today(village: Village) -> str:
    """The first day on which the next step may be taken."""
    (refund,) = (await village.get("cash-refunds"))["items"]
    return str(refund["approved_on"] or refund["recalled_on"])


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_cash_goes_from_the_pending_account_through_the_village_to_the_person(village: Village) -> None:
    (due,) = (await village.get(f"cash-refunds?state=DUE&village={VILLAGE}"))["items"]
    assert (due["receipt_no"], due["amount_fen"], due["reason"], due["statement_no"], due["line_no"]) == (
        RECEIPT,
        BROUGHT_FEN,
        "AMOUNT_NOT_DUE",
        "S1",
        1,
    )
    assert due["enrolment_id"] == str(village.people[0])
    premium = {"premium": -2 * DUE_FEN}

    assert (await approve(village)).json()["items"][0]["state"] == "APPROVED"
    assert await village.balances() == premium | {"pending": 96_000, "refund_payable": -BROUGHT_FEN}

    assert (await fetch(village)).json()["items"][0]["state"] == "FETCHED"
    assert await village.balances() == premium | {
        "pending": 76_000,
        "village_cash": BROUGHT_FEN,
        "refund_payable": -BROUGHT_FEN,
    }

    (returned,) = (await give_back(village, signed_by="FAMILY")).json()["items"]
    assert (returned["state"], returned["signed_by"], returned["returned_by"]) == ("RETURNED", "FAMILY", "clerk")
    assert await village.balances() == premium | {"pending": 76_000}
    announced = (await village.announced("cash_returned"))[village.people[0]]
    assert (announced["amount_fen"], announced["reason"]) == (BROUGHT_FEN, "AMOUNT_NOT_DUE")


async def test_every_step_again_changes_nothing(village: Village) -> None:
    for step in (approve, approve, fetch, fetch, give_back, give_back, fetch, approve):
        assert (await step(village)).status_code == 200
    assert await village.balances() == {"premium": -2 * DUE_FEN, "pending": 76_000}
    assert len(await village.announced("cash_returned")) == 1


async def test_no_step_is_taken_before_the_one_it_needs(village: Village) -> None:
    assert code(await fetch(village)) == (409, "CASH_REFUND_STEP_NOT_POSSIBLE")
    assert code(await give_back(village)) == (409, "CASH_REFUND_STEP_NOT_POSSIBLE")
    await approve(village)
    assert code(await give_back(village)) == (409, "CASH_REFUND_STEP_NOT_POSSIBLE")
    assert (await village.balances())["refund_payable"] == -BROUGHT_FEN


async def test_a_step_recorded_with_another_day_or_signature_is_refused(village: Village) -> None:
    await approve(village)
    await fetch(village)
    assert code(await fetch(village, DEPOSITED_ON)) == (409, "CASH_REFUND_RECORDED_OTHERWISE")
    assert code(await give_back(village, DEPOSITED_ON)) == (409, "CASH_REFUND_DATE_TOO_EARLY")
    await give_back(village)
    assert code(await give_back(village, signed_by="HEIR")) == (409, "CASH_REFUND_RECORDED_OTHERWISE")


async def test_no_day_lies_in_the_future(village: Village) -> None:
    await approve(village)
    assert code(await fetch(village, FETCHED_ON)) == (422, "DATE_IN_THE_FUTURE")
    await fetch(village)
    assert code(await give_back(village, RETURNED_ON)) == (422, "DATE_IN_THE_FUTURE")


async def test_the_person_who_took_the_cash_does_not_release_it(village: Village) -> None:
    assert code(await approve(village, client="clerk")) == (403, "CASH_REFUND_OF_OWN_RECEIPT")
    headers = village.installation.caller("payment:collect", client="clerk")
    body = {"village": VILLAGE, "receipt_nos": [RECEIPT]}
    refused = await village.http.post("/payment/v1/cash-refunds/approvals", json=body, headers=headers)
    assert code(refused) == (403, "SCOPE_MISSING")


async def test_of_several_receipts_all_are_taken_or_none(village: Village) -> None:
    written_off = "R1-0002"
    assert code(await approve(village, RECEIPT, written_off)) == (404, "NOT_FOUND")
    (refund,) = (await village.get("cash-refunds"))["items"]
    assert refund["state"] == "DUE"


async def test_another_town_sees_and_releases_nothing(village: Village) -> None:
    elsewhere = "411521102"
    assert (await village.get("cash-refunds", region=elsewhere))["items"] == []
    assert code(await approve(village, region=elsewhere)) == (404, "NOT_FOUND")


async def test_pages_follow_the_receipt_numbers(village: Village) -> None:
    again = Village(village.installation, village.http, village.people[1:], number="2")
    batch = await again.hand_in()
    await again.deposit()
    await again.batch(batch, "CLOSED_EMPTY")

    first = await village.get("cash-refunds?limit=2")
    assert ([one["receipt_no"] for one in first["items"]], first["next"]) == ([RECEIPT, "R2-0001"], "R2-0001")
    second = await village.get(f"cash-refunds?limit=2&after={first['next']}")
    assert ([one["receipt_no"] for one in second["items"]], second["next"]) == (["R2-0002"], None)
