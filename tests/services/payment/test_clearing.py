"""D3: what waits where money only passes through has an age, a limit per kind, and a name once it is too old."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.payment import SERVICE
from services.payment.clearing.metrics import read_clearing
from shared.setting_groups.deadlines import ClearingDays
from tests.harness.assessments import DUE_FEN, VILLAGE
from tests.harness.installation import Installation, http_client
from tests.harness.village_cash import Village, bill

LIMITS = ClearingDays(receipts_unlisted=10, statements_submitted=5, batches_held=5, bank_lines_unexplained=3)


@pytest.fixture
async def village(installation: Installation) -> AsyncIterator[Village]:
    settled = installation.with_settings(clearing_days=LIMITS)
    people = await bill(settled, 3)
    async with settled.running(SERVICE) as (running,), http_client([running]) as http:
        yield Village(settled, http, people)


async def kinds(village: Village) -> dict[str, dict[str, Any]]:
    """Each kind as it stands."""
    return {one["kind"]: one for one in (await village.get("clearing"))["items"]}


async def test_village_cash_that_no_statement_lists_grows_too_old_by_the_business_date(village: Village) -> None:
    """D3: received on the eighth, the business date is the thirty-first: 23 days."""
    await village.done("cash-receipts", village.receipts())
    found = (await kinds(village))["receipts_unlisted"]
    assert found == {
        "kind": "receipts_unlisted",
        "limit_days": 10,
        "oldest_on": "2023-10-08",
        "too_old": 3,
        "fen": 3 * DUE_FEN,
    }
    await village.done("collection-statements", village.statement())
    found = (await kinds(village))["receipts_unlisted"]
    assert found["too_old"] == 3, "a statement claims its receipts once it is compared"


async def test_a_batch_waits_since_the_business_date_of_its_last_step(village: Village) -> None:
    batch = await village.hand_in()
    found = await kinds(village)
    assert (found["statements_submitted"]["oldest_on"], found["statements_submitted"]["too_old"]) == ("2023-10-31", 0)
    await village.installation.set_business_date(date(2023, 11, 6), "payment")
    assert (await kinds(village))["statements_submitted"]["too_old"] == 1

    await village.deposit(amount_fen=DUE_FEN)
    await village.batch(batch, "HELD")
    found = await kinds(village)
    assert (found["statements_submitted"]["oldest_on"], found["statements_submitted"]["too_old"]) == (None, 0)
    assert (found["batches_held"]["oldest_on"], found["batches_held"]["too_old"]) == ("2023-11-06", 0)
    await village.installation.set_business_date(date(2023, 11, 12), "payment")
    assert (await kinds(village))["batches_held"]["too_old"] == 1


async def test_a_line_of_the_bank_that_nothing_explains_grows_too_old_and_interest_never(village: Village) -> None:
    await village.bank("J-UNKNOWN", 100)
    await village.bank("利息", 12, kind="OTHER")
    found = (await kinds(village))["bank_lines_unexplained"]
    assert (found["oldest_on"], found["too_old"], found["fen"]) == ("2023-10-10", 1, 100)


async def test_another_town_sees_none_of_it(village: Village) -> None:
    await village.done("cash-receipts", village.receipts())
    elsewhere = (await village.get("clearing", region="411521102"))["items"]
    assert {one["too_old"] for one in elsewhere} == {0}
    assert (await village.get("clearing", region=VILLAGE[:9]))["items"][0]["too_old"] == 3


async def test_the_gauges_say_the_same(installation: Installation) -> None:
    people = await bill(installation, 1)
    async with installation.running(SERVICE) as (running,), http_client([running]) as http:
        await Village(installation, http, people).done("cash-receipts", Village(installation, http, people).receipts())
        await read_clearing(running)
    unlisted = {"kind": "receipts_unlisted"}
    assert REGISTRY.get_sample_value("canbao_clearing_oldest_days", unlisted) == 23
    assert REGISTRY.get_sample_value("canbao_clearing_too_old", unlisted) == 1
    assert REGISTRY.get_sample_value("canbao_clearing_too_old", {"kind": "batches_held"}) == 0
