"""What a corrected statement or slip does to money that was matched before."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any

import pytest

from services.payment import SERVICE
from services.payment.bills import service as bills
from shared.domain.ids import new_id
from tests.harness.assessments import DUE_FEN, VILLAGE, assessed
from tests.harness.installation import COUNTY, Installation
from tests.harness.village_cash import BOOKED_ON, CLERK, Village, bill


@pytest.fixture
async def village(installation: Installation) -> AsyncIterator[Village]:
    """A village whose three people were billed."""
    people = await bill(installation, 3)
    async with installation.http_client(SERVICE) as http:
        yield Village(installation, http, people)


async def pending_fen(village: Village, by: str) -> int:
    """What the books say was in the pending account at the end of a day."""
    (row,) = await village.installation.sql(
        "payment",
        """SELECT coalesce(sum(CASE 'pending' WHEN debit THEN amount_fen WHEN credit THEN -amount_fen END), 0)::bigint
           AS fen FROM transfer WHERE effective_on <= $1""",
        date.fromisoformat(by),
    )
    return int(row["fen"])


async def bank_fen(village: Village) -> int:
    """What the bank says it holds."""
    (row,) = await village.installation.sql("payment", "SELECT sum(amount_fen)::bigint AS fen FROM bank_line")
    return int(row["fen"])


async def held_with_its_cash_deposited(village: Village, lines: Sequence[dict[str, Any]]) -> str:
    """The batch of a statement whose total alone is wrong: slip and bank line are its receipts."""
    total_fen = len(lines) * DUE_FEN
    batch_id = await village.hand_in(lines=lines, total_fen=total_fen + 100)
    await village.deposit(amount_fen=total_fen)
    await village.batch(batch_id, "HELD")
    return batch_id


async def test_a_receipt_taken_off_the_statement_is_village_cash_again(village: Village) -> None:
    first, second, third = village.lines()
    batch_id = await held_with_its_cash_deposited(village, [first, second])
    assert (await village.balances())["pending"] == 2 * DUE_FEN  # the money is there, whatever the statement says

    correction = {"reason": "交的是第三张", "lines": [first, third], "total_fen": 2 * DUE_FEN}
    await village.done(f"remittances/{batch_id}/corrections", correction)
    await village.batch(batch_id, "READY_TO_REMIT")
    balances = await village.balances()
    assert balances["pending"] == await bank_fen(village) == 2 * DUE_FEN
    assert balances["village_cash"] == DUE_FEN
    assert await pending_fen(village, BOOKED_ON) == 2 * DUE_FEN

    late = await village.done(
        "collection-statements", village.statement(statement_no="S2", lines=[second], total_fen=DUE_FEN)
    )
    await village.deposit(slip_no="J2", statement_no="S2", amount_fen=DUE_FEN)
    await village.batch(late["id"], "READY_TO_REMIT")
    assert await village.balances() == {"pending": 3 * DUE_FEN, "premium": -3 * DUE_FEN}


async def test_money_booked_under_a_withdrawn_slip_is_unexplained_again(village: Village) -> None:
    batch_id = await village.hand_in()
    await village.deposit(amount_fen=2 * DUE_FEN)
    await village.batch(batch_id, "HELD")
    slip = {"slip_no": "J9", "amount_fen": 3 * DUE_FEN, "deposited_on": "2023-10-09"}
    await village.done(f"remittances/{batch_id}/corrections", {"reason": "拿错了缴款单", "slips": [slip]})
    await village.bank("J9", 3 * DUE_FEN)
    await village.batch(batch_id, "READY_TO_REMIT")
    unexplained = (await village.get("bank-lines/unexplained"))["items"]
    assert [(line["reference"], line["amount_fen"]) for line in unexplained] == [("J1", 2 * DUE_FEN)]


async def test_a_replaced_slip_takes_back_the_deposit_that_was_matched_with_it(village: Village) -> None:
    batch_id = await held_with_its_cash_deposited(village, village.lines())
    slip = {"slip_no": "J9", "amount_fen": 3 * DUE_FEN, "deposited_on": "2023-10-09"}
    correction = {"reason": "拿错了缴款单", "lines": village.lines(), "total_fen": village.total_fen, "slips": [slip]}
    await village.done(f"remittances/{batch_id}/corrections", correction)
    assert await village.balances() == {"village_cash": 3 * DUE_FEN, "unapplied": -3 * DUE_FEN}

    await village.bank("J9", 3 * DUE_FEN, booked_on="2023-10-11")
    await village.batch(batch_id, "READY_TO_REMIT")
    assert await village.balances() == {"pending": 3 * DUE_FEN, "premium": -3 * DUE_FEN}
    assert await pending_fen(village, BOOKED_ON) == 0
    receipts = (await village.get(f"cash-receipts?village={VILLAGE}"))["items"]
    assert {one["deposited_on"] for one in receipts} == {"2023-10-11"}


async def test_a_correction_at_odds_with_the_money_leaves_none_of_it_booked(village: Village) -> None:
    first, second, third = village.lines()
    batch_id = await held_with_its_cash_deposited(village, [first, second])
    everything = {"reason": "三张都交了", "lines": [first, second, third], "total_fen": 3 * DUE_FEN}
    await village.done(f"remittances/{batch_id}/corrections", everything)
    held = await village.batch(batch_id, "HELD")
    assert [one["kind"] for one in held["differences"]] == ["SLIP_DIFFERS"]
    assert await village.balances() == {"village_cash": 3 * DUE_FEN, "unapplied": -3 * DUE_FEN}


async def test_receipts_recorded_before_are_repeated_even_when_nothing_is_due_any_more(village: Village) -> None:
    await village.done("cash-receipts", village.receipts())
    async with village.installation.running(SERVICE, role="web") as (run,), run.database.transaction(COUNTY) as session:
        await bills.assess(session, [assessed(person, version=2, outcome="HELD") for person in village.people])
    again = await village.done("cash-receipts", village.receipts())
    assert (again["recorded"], again["repeated"]) == (0, 3)


async def test_cash_of_a_person_whose_price_is_held_is_in_the_books_and_fails_import(village: Village) -> None:
    held = new_id()
    async with village.installation.running(SERVICE, role="web") as (run,), run.database.transaction(COUNTY) as session:
        await bills.assess(session, [assessed(held, outcome="HELD", region=VILLAGE)])
    everybody = Village(village.installation, village.http, [*village.people, held])
    batch_id = await everybody.hand_in()
    assert (await everybody.balances())["village_cash"] == 4 * DUE_FEN
    await everybody.deposit()
    batch = await everybody.batch(batch_id, "READY_TO_REMIT")
    assert batch["line_count"] == 3
    recalled = (await everybody.get(f"cash-receipts?state=RECALLED&village={VILLAGE}"))["items"]
    assert [(one["enrolment_id"], one["recall_reason"]) for one in recalled] == [(str(held), "NO_BILL")]


async def test_nothing_happens_after_the_business_date(village: Village) -> None:
    await village.installation.set_business_date(date(2023, 10, 8), "payment")
    body = village.receipts()
    body["receipts"][0]["received_on"] = "2023-12-31"
    refused = await village.post("cash-receipts", body, scopes=CLERK)
    assert (refused.status_code, refused.json()["code"]) == (422, "DATE_IN_THE_FUTURE")
    assert await village.balances() == {}


async def test_the_person_who_took_the_cash_stays_the_actor_of_all_that_follows(village: Village) -> None:
    await village.ready()
    actors = await village.installation.sql(
        "payment",
        """
        SELECT actor FROM outbox WHERE event = 'payment.contribution_paid.v1'
        UNION ALL SELECT actor FROM transfer WHERE kind IN ('deposit_matched', 'cash_imported')
        UNION ALL SELECT actor FROM remittance_line
        """,
    )
    assert len(actors) == 4 * len(village.people)
    assert {row["actor"] for row in actors} == {"clerk"}  # what set the match off was the bank's statement
