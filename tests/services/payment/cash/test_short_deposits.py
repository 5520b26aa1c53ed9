"""A village deposits less than its receipts say: people stay insured, and the collector owes the rest."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from services.payment import SERVICE
from tests.harness.assessments import DUE_FEN, VILLAGE
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.village_cash import BOOKED_ON, Village, bill
from tests.services.payment.cash.deposits import accept, breaks, decide, line_of, paid, propose, reverse

SHORT_FEN = 2 * DUE_FEN - 10000
IN_ACCOUNT_FEN = 4 * DUE_FEN - SHORT_FEN


@pytest.fixture
async def village(installation: Installation) -> AsyncIterator[Village]:
    """A village whose four people were billed."""
    people = await bill(installation, 4)
    async with installation.http_client(SERVICE) as http:
        yield Village(installation, http, people)


async def held(village: Village, booked_fen: int = IN_ACCOUNT_FEN) -> str:
    """The statement, held because the bank booked less for its slip."""
    batch = await village.hand_in()
    slip = await village.done("deposit-slips", village.slip())
    await village.bank(slip["slip_no"], booked_fen)
    await village.batch(batch, "HELD")
    return batch


async def shortages(village: Village, count: int) -> list[dict[str, Any]]:
    async def there() -> tuple[list[dict[str, Any]]]:
        listed: list[dict[str, Any]] = (await village.get("collector-shortages"))["items"]
        assert len(listed) == count, listed
        return (listed,)

    found: list[dict[str, Any]] = (await eventually(there))[0]
    return found


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def one_in(village: Village, state: str) -> dict[str, Any]:
    """The one part in a state."""

    async def there() -> dict[str, Any]:
        items = (await village.get(f"remittances?state={state}"))["items"]
        assert len(items) == 1, items
        return dict(items[0])

    return await eventually(there)


async def test_people_are_insured_and_the_collector_owes_the_rest(village: Village) -> None:
    """D3: a short deposit held its people for ever; 4 receipts of 380.00, and 860.00 came."""
    batch = await held(village)
    await accept(village, batch)

    ready = await village.batch(batch, "READY_TO_REMIT")
    assert (ready["line_count"], ready["amount_fen"], ready["declared_fen"]) == (2, 2 * DUE_FEN, 2 * DUE_FEN)
    assert [line["receipt_no"] for line in ready["lines"]] == ["R1-0001", "R1-0002"]
    assert await village.balances() == {
        "pending": IN_ACCOUNT_FEN,
        "collector_short": SHORT_FEN,
        "premium": -4 * DUE_FEN,
    }
    assert set(await village.announced("contribution_paid")) == set(village.people)
    (open_one,) = await shortages(village, 1)
    assert open_one == {
        "batch_id": open_one["batch_id"],
        "statement_no": "S1",
        "village": VILLAGE,
        "owner": "clerk",
        "receipts_fen": 2 * DUE_FEN,
        "in_account_fen": 10000,
        "short_fen": SHORT_FEN,
        "since": "2023-10-31",
        "age_days": 0,
        "limit_days": 5,
    }
    assert await breaks(village) == []


async def test_what_was_missing_comes_in_two_deposits_and_the_rest_goes_on(village: Village) -> None:
    """D3: the second under the first slip's number, the other under a slip of its own; nothing goes before all came."""
    batch = await held(village)
    await accept(village, batch)
    (short,) = await shortages(village, 1)
    await village.bank("J1", 20000, booked_on="2023-10-12")
    await paid(village, short["batch_id"], 30000)
    assert (await village.balances())["collector_short"] == SHORT_FEN - 20000
    step = await village.post(
        f"remittances/{short['batch_id']}/serial", {"collection_notice_serial": "Z1"}, scopes=("payment:tax",)
    )
    assert refused(step) == (409, "REMITTANCE_STEP_NOT_POSSIBLE")

    await village.done("deposit-slips", village.slip(slip_no="J2", amount_fen=SHORT_FEN - 20000))
    await village.bank("J2", SHORT_FEN - 20000, booked_on="2023-10-14")
    late = await village.batch(short["batch_id"], "READY_TO_REMIT")
    assert (late["part"], late["line_count"], late["amount_fen"]) == (2, 2, 2 * DUE_FEN)
    assert await village.balances() == {"pending": 4 * DUE_FEN, "premium": -4 * DUE_FEN}
    assert await shortages(village, 0) == []
    dates = {one["receipt_no"]: one["deposited_on"] for one in (await village.get("cash-receipts"))["items"]}
    assert dates == {"R1-0001": BOOKED_ON, "R1-0002": BOOKED_ON, "R1-0003": "2023-10-14", "R1-0004": "2023-10-14"}
    assert await breaks(village) == []


async def test_more_than_what_is_missing_is_named_and_pays_nothing(village: Village) -> None:
    """D3: an over-payment is not the collector's debt; the right amount still pays it."""
    batch = await held(village)
    await accept(village, batch)
    await village.bank("J1", SHORT_FEN + 1, booked_on="2023-10-12")

    async def left_alone() -> dict[str, Any]:
        items = (await village.get("bank-lines/unexplained"))["items"]
        assert len(items) == 1, items
        line = items[0]
        assert line["set_aside_because"] == "SHORTAGE_OVERPAID"
        return dict(line)

    line = await eventually(left_alone)
    assert (await village.balances())["collector_short"] == SHORT_FEN
    await reverse(village, line["id"])
    await village.bank("J1", SHORT_FEN, booked_on="2023-10-13")
    await shortages(village, 0)
    assert await village.balances() == {"pending": 4 * DUE_FEN, "premium": -4 * DUE_FEN}


async def test_a_deposit_before_the_short_one_is_named_and_pays_nothing(village: Village) -> None:
    """D1: nobody pays a debt before it arose: no day's end shows less than nothing owed."""
    batch = await held(village)
    await accept(village, batch)
    await village.bank("J1", SHORT_FEN, booked_on="2023-10-09")

    async def left_alone() -> bool:
        items = (await village.get("bank-lines/unexplained"))["items"]
        assert len(items) == 1, items
        line = items[0]
        return bool(line["set_aside_because"] == "BEFORE_THE_SHORTAGE")

    await eventually(left_alone)
    assert (await village.balances())["collector_short"] == SHORT_FEN


async def test_nobody_accepts_alone_and_never_the_collector(village: Village) -> None:
    """D3, bad input: refused by the same person, by who owes the money, and without evidence."""
    batch = await held(village)
    proposal = await propose(village, batch)
    for client in ("bank", "clerk"):
        assert refused(await decide(village, proposal, client)) == (403, "APPROVAL_OF_OWN_ACT")
    bare = await village.post(
        f"remittances/{batch}/short-acceptance", {"reason": "短款"}, scopes=("payment:bank",), client="bank"
    )
    assert bare.status_code == 422
    assert (await village.batch(batch, "HELD"))["line_count"] == 0


async def test_what_is_not_a_short_deposit_is_refused_by_name(village: Village) -> None:
    """D3, bad input: a batch that is not held, one whose statement is wrong, and money that is there."""
    batch = await village.hand_in(total_fen=village.total_fen + 100)
    assert refused(await propose(village, batch, expect=409)) == (409, "SHORTAGE_BATCH_NOT_HELD")
    slip = await village.done("deposit-slips", village.slip())
    await village.bank(slip["slip_no"], IN_ACCOUNT_FEN)
    await village.batch(batch, "HELD")
    assert refused(await propose(village, batch, expect=409)) == (409, "SHORTAGE_OTHER_DIFFERENCES")
    right = {"reason": "合计写错", "lines": village.lines(), "total_fen": village.total_fen}
    await village.done(f"remittances/{batch}/corrections", right)
    await village.batch(batch, "HELD")
    proposal = await propose(village, batch)
    # The rest comes after all: there is nothing to accept any more.
    await village.bank("J1", SHORT_FEN, booked_on="2023-10-11")
    assert refused(await decide(village, proposal, "tax")) == (409, "SHORTAGE_DEPOSIT_NOT_SHORT")
    await village.done(f"remittances/{batch}/corrections", {"reason": "其余已到账"})
    await village.batch(batch, "READY_TO_REMIT")
    assert refused(await decide(village, proposal, "tax")) == (409, "SHORTAGE_BATCH_NOT_HELD")
    assert await village.balances() == {"pending": 4 * DUE_FEN, "premium": -4 * DUE_FEN}


async def test_what_changed_since_it_was_proposed_is_not_accepted(village: Village) -> None:
    """D3: two people accepted one amount, and no other."""
    batch = await held(village)
    proposal = await propose(village, batch)
    await village.bank("J1", 100, booked_on="2023-10-11")
    assert refused(await decide(village, proposal, "tax")) == (409, "SHORTAGE_CHANGED")


async def test_too_little_for_one_receipt_insures_everybody_and_remits_nobody(village: Village) -> None:
    """D3: never remit money that is not in the account."""
    batch = await held(village, 100)
    await accept(village, batch)
    assert (await village.batch(batch, "CLOSED_EMPTY"))["declared_fen"] == 0
    assert await village.balances() == {
        "pending": 100,
        "collector_short": 4 * DUE_FEN - 100,
        "premium": -4 * DUE_FEN,
    }
    assert set(await village.announced("contribution_paid")) == set(village.people)
    assert await breaks(village) == []


async def test_a_shortage_has_an_age_and_a_limit(village: Village) -> None:
    """D3: five days by default; a part payment does not make it younger."""
    await accept(village, await held(village))
    (short,) = await shortages(village, 1)
    await village.installation.set_business_date(date(2023, 11, 5), "payment")
    await village.bank("J1", 100, booked_on="2023-11-05")
    await paid(village, short["batch_id"], 10100)
    await village.installation.set_business_date(date(2023, 11, 6), "payment")
    (kind,) = [one for one in (await village.get("clearing"))["items"] if one["kind"] == "collector_shortages"]
    assert kind == {
        "kind": "collector_shortages",
        "limit_days": 5,
        "oldest_on": "2023-10-31",
        "too_old": 1,
        "fen": SHORT_FEN - 100,
    }


async def test_the_short_deposit_is_reversed_afterwards(village: Village) -> None:
    """C1: the right line comes, and everybody's money with it; what the collector paid meanwhile counts too."""
    batch = await held(village)
    await accept(village, batch)
    (short,) = await shortages(village, 1)
    await village.bank("J1", 100, booked_on="2023-10-12")
    await paid(village, short["batch_id"], 10100)
    await reverse(village, await line_of(village, "J1", BOOKED_ON))
    assert await village.balances() == {"village_cash": 4 * DUE_FEN, "premium": -4 * DUE_FEN}
    assert [(await village.get(f"remittances/{one}"))["state"] for one in (batch, short["batch_id"])] == [
        "REVERSED",
        "REVERSED",
    ]
    assert await shortages(village, 0) == []
    # What the collector paid is compared at once, and held as the little that it is.
    held_again = await one_in(village, "HELD")
    await village.bank("J1", 4 * DUE_FEN - 100, booked_on="2023-10-13")
    await village.done(f"remittances/{held_again['id']}/corrections", {"reason": "其余已到账"})
    ready = await one_in(village, "READY_TO_REMIT")
    assert (ready["part"], ready["line_count"], ready["amount_fen"]) == (3, 4, 4 * DUE_FEN)
    assert await village.balances() == {"pending": 4 * DUE_FEN, "premium": -4 * DUE_FEN}
    assert await breaks(village) == []


async def test_what_a_collector_paid_is_reversed_and_owed_again(village: Village) -> None:
    """C1: a deposit that paid the debt was entered wrongly; the first part, already at the tax hall, is not touched."""
    batch = await held(village)
    await accept(village, batch)
    (short,) = await shortages(village, 1)
    await village.bank("J1", 100, booked_on="2023-10-12")
    await paid(village, short["batch_id"], 10100)
    await village.bank("J1", SHORT_FEN - 100, booked_on="2023-10-13")
    await village.batch(short["batch_id"], "READY_TO_REMIT")
    await reverse(village, await line_of(village, "J1", "2023-10-13"))
    assert (await village.batch(batch, "READY_TO_REMIT"))["line_count"] == 2
    await village.batch(short["batch_id"], "REVERSED")
    (again,) = await shortages(village, 1)
    await paid(village, again["batch_id"], 10100)  # the line that stands is taken once more
    assert (await village.balances())["collector_short"] == SHORT_FEN - 100
    await village.bank("J1", SHORT_FEN - 100, booked_on="2023-10-14")
    await village.batch(again["batch_id"], "READY_TO_REMIT")
    assert await village.balances() == {"pending": 4 * DUE_FEN, "premium": -4 * DUE_FEN}
    assert await breaks(village) == []
