"""A deposit that was entered wrongly is reversed by two people, and its statement waits for the right line."""

from collections.abc import AsyncIterator

import pytest

from services.payment import SERVICE
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.harness.village_cash import BOOKED_ON, TAX_HALL, Village, bill

SCOPES = (*TAX_HALL, "payment:approve")


@pytest.fixture
async def village(installation: Installation) -> AsyncIterator[Village]:
    """A village whose three people were billed."""
    people = await bill(installation, 3)
    async with installation.http_client(SERVICE) as http:
        yield Village(installation, http, people)


async def reverse(village: Village, statement_no: str) -> None:
    """Let the bank's client propose and the tax bureau's approve."""
    (line,) = (await village.get(f"bank-lines?statement_no={statement_no}"))["items"]
    reason = {"reason": "金额录错一位"}
    proposal = await village.done(f"bank-lines/{line['id']}/reversal", reason, scopes=SCOPES, client="bank")
    because = {"because": "已与银行回单核对"}
    decided = await village.done(f"approvals/{proposal['id']}/approval", because, scopes=SCOPES, client="tax")
    assert decided["state"] == "APPROVED"


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
