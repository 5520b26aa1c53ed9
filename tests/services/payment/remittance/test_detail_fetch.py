"""F: the tax bureau's detail of a large batch is fetched by a job, even if a process dies."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from services.payment.remittance import confirmation
from services.payment.remittance.detail import TaxLine
from services.payment.remittance.detail_fetches import job, repository
from services.payment.remittance.detail_fetches.job import go_on
from services.payment.remittance.detail_fetches.repository import ClaimLost, Fetch
from tests.harness.assessments import DUE_FEN, VILLAGE
from tests.harness.installation import COUNTY, Installation
from tests.harness.tax_peer import TOKEN, TaxPeer, tax_peer
from tests.services.payment.running_payment import RunningPayment, running_payment

BATCH, LINES = UUID(int=7), 5
PEOPLE = [UUID(int=number) for number in range(1, LINES + 1)]
REFERENCE = "WECHAT/1900000001/2023-10-01"
_BATCH = """
    INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, declared_fen,
                                  counted_fen, amount_fen, line_count, actor, correlation_id)
    VALUES ($1, $2, 'ONLINE', 'READY_TO_REMIT', 'WECHAT', '1900000001', '2023-10-01', $3, $3, $3, $4, 'job', $1)
"""
_LINE = """
    INSERT INTO remittance_line (batch_id, enrolment_id, source_id, person_token, benefit_year, region, amount_fen,
                                 actor, correlation_id)
    VALUES ($1, $2, $2, 'p', 2024, $3, $4, 'job', $1)
"""
_NUMBERED = "SELECT count(tax_line_no) AS numbered FROM remittance_line"
_EXPIRED = "UPDATE detail_fetch SET claimed_until = now() - interval '1 second'"


@pytest.fixture
async def peer() -> AsyncIterator[TaxPeer]:
    async with tax_peer() as running:
        yield running


@pytest.fixture
async def payment(
    installation: Installation, tmp_path: Path, peer: TaxPeer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningPayment]:
    """Three lines are many here, and a worker notes two at once; its job runs when the test says so."""
    monkeypatch.setattr(confirmation, "AT_ONCE", 2)
    monkeypatch.setattr(job, "NUMBERED_AT_ONCE", 2)
    connected = installation.with_settings(tax_base_url=peer.url, tax_token=SecretStr(TOKEN))
    async with running_payment(connected, tmp_path, role="web") as opened:
        await installation.sql("payment", _BATCH, BATCH, COUNTY, LINES * DUE_FEN, LINES)
        for person in PEOPLE:
            await installation.sql("payment", _LINE, BATCH, person, VILLAGE, DUE_FEN)
        yield opened


async def ask(payment: RunningPayment) -> httpx.Response:
    return await payment.post(f"remittances/{BATCH}/fetch-detail", {})


async def progress(payment: RunningPayment) -> dict[str, Any]:
    found: dict[str, Any] = await payment.get(f"remittances/{BATCH}/detail-fetch")
    return found


async def state(payment: RunningPayment) -> str:
    return str((await payment.get(f"remittances/{BATCH}"))["state"])


async def worked(payment: RunningPayment) -> None:
    while await go_on(payment.running):
        pass


async def test_it_is_accepted_shows_its_progress_and_ends_as_a_small_one(
    payment: RunningPayment, peer: TaxPeer
) -> None:
    peer.receive(REFERENCE, [])
    peer.details[REFERENCE] = _detail()
    first, again = await ask(payment), await ask(payment)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.headers["location"] == f"/payment/v1/remittances/{BATCH}/detail-fetch"
    assert first.json() == again.json() == await progress(payment)
    assert (first.json()["state"], first.json()["line_count"], first.json()["lines_read"]) == ("WAITING", LINES, 0)

    seen = []
    while await go_on(payment.running):
        found = await progress(payment)
        seen.append((found["state"], found["lines_read"], found["lines_numbered"]))
        assert (await state(payment) == "DETAIL_CONFIRMED") == (found["state"] == "DONE")
    assert seen == [("COMPARED", 5, 0), ("COMPARED", 5, 2), ("COMPARED", 5, 4), ("DONE", 5, 5), ("DONE", 5, 5)]
    assert (await payment.sql(_NUMBERED))[0]["numbered"] == LINES
    assert await payment.sql("SELECT FROM detail_line") == []
    done = await ask(payment)
    assert (done.status_code, done.json()["state"], peer.asked) == (200, "DETAIL_CONFIRMED", 1)


async def test_what_differs_holds_the_batch_and_once_corrected_another_fetch_begins(
    payment: RunningPayment, peer: TaxPeer
) -> None:
    peer.details[REFERENCE] = _detail(PEOPLE[1:])
    first = (await ask(payment)).json()["id"]
    await worked(payment)
    batch = await payment.get(f"remittances/{BATCH}")
    assert (batch["state"], batch["held_at"]) == ("HELD", "DETAIL")
    assert [one["kind"] for one in batch["differences"]] == ["TAX_LINE_MISSING", "TAX_TOTAL_DIFFERS"]
    assert (await progress(payment))["state"] == "DONE"
    assert (await payment.sql(_NUMBERED))[0]["numbered"] == 0

    await payment.sql("UPDATE remittance_batch SET state = 'READY_TO_REMIT', held_at = NULL, differences = '[]'")
    peer.details[REFERENCE] = _detail()
    assert (await ask(payment)).json()["id"] != first
    await worked(payment)
    assert await state(payment) == "DETAIL_CONFIRMED"


@pytest.mark.parametrize(
    ("out_of_order", "code"), [(True, "TAX_EXCHANGE_UNAVAILABLE"), (False, "TAX_DETAIL_NOT_FOUND")]
)
async def test_what_cannot_be_read_changes_nothing_and_is_asked_for_again(
    payment: RunningPayment, peer: TaxPeer, out_of_order: bool, code: str
) -> None:
    peer.out_of_order = out_of_order
    first = (await ask(payment)).json()["id"]
    await worked(payment)
    found = await progress(payment)
    assert (found["state"], found["refused_because"], await state(payment)) == ("FAILED", code, "READY_TO_REMIT")

    peer.out_of_order = False
    peer.details[REFERENCE] = _detail()
    assert (await ask(payment)).json()["id"] != first
    await worked(payment)
    assert await state(payment) == "DETAIL_CONFIRMED"


async def test_a_worker_that_dies_while_it_reads_is_followed_by_another(payment: RunningPayment, peer: TaxPeer) -> None:
    """Nothing of what it read stays, and if it was only slow it finds that it has lost its claim."""
    peer.details[REFERENCE] = _detail()
    await ask(payment)
    dead = await claimed(payment)
    async with payment.running.database.transaction(COUNTY) as session:
        await repository.hold(session, dead, 1)
        await repository.add_lines(session, dead, COUNTY, [TaxLine(0, "X", UUID(int=99), 1)])
    await worked(payment)
    assert (await progress(payment))["lines_read"] == 1  # its claim still holds
    await payment.sql(_EXPIRED)
    assert await go_on(payment.running)
    with pytest.raises(ClaimLost):
        async with payment.running.database.transaction(COUNTY) as session:
            await repository.hold(session, dead, 2)
    await worked(payment)
    assert (await state(payment), peer.asked) == ("DETAIL_CONFIRMED", 1)
    assert await payment.sql("SELECT FROM detail_line") == []


async def test_a_process_that_is_stopped_lets_another_begin_at_once(payment: RunningPayment, peer: TaxPeer) -> None:
    peer.details[REFERENCE] = _detail()
    await ask(payment)
    payment.running.stop.set()
    assert await go_on(payment.running)
    payment.running.stop.clear()
    assert ((await progress(payment))["state"], await state(payment)) == ("WAITING", "READY_TO_REMIT")
    await worked(payment)
    assert await state(payment) == "DETAIL_CONFIRMED"


async def claimed(payment: RunningPayment) -> Fetch:
    async with payment.running.database.transaction(COUNTY) as session:
        found = await repository.claim(session)
    assert found is not None
    return found


def _detail(people: list[UUID] = PEOPLE) -> dict[str, Any]:
    lines = [
        {"line_no": f"N-{number}", "enrolment_id": str(person), "amount_fen": DUE_FEN}
        for number, person in enumerate(people, start=1)
    ]
    return {"serial": REFERENCE, "total_fen": len(people) * DUE_FEN, "lines": lines}
