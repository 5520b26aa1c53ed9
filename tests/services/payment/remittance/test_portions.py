"""F, A3: a batch's lines follow it in portions, and no other payment of these people waits for more than one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.payment.crediting import worker as crediting_worker
from services.payment.remittance.portions import PORTION, go_on
from tests.harness.assessments import DUE_FEN, VILLAGE, assessed
from tests.harness.installation import COUNTY, Installation
from tests.harness.lock_waits import wait_for_lock_waits
from tests.harness.timeouts import stretched
from tests.harness.wechat_peer import paid_notice
from tests.services.payment.running_payment import RunningPayment, running_payment
from verify.checks.remitted import _BATCHES, _BOOKED, _MOVING, _PLACES

LINES = 2 * PORTION + 500
FIRST, IN_SECOND, LAST = UUID(int=1), UUID(int=PORTION + 5), UUID(int=LINES)
BATCH, DAY = UUID(int=7), "2023-10-08"
_BATCH = """
    INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, declared_fen,
                                  counted_fen, amount_fen, line_count, actor, correlation_id)
    VALUES ($1, $2, 'ONLINE', 'DETAIL_CONFIRMED', 'WECHAT', '1900000001', '2023-10-01', $3, $3, $3, $4, 'job', $1)
"""
_LINES = """
    INSERT INTO remittance_line (batch_id, enrolment_id, source_id, person_token, benefit_year, region, amount_fen,
                                 actor, correlation_id)
    SELECT $1, lpad(to_hex(i), 32, '0')::uuid, lpad(to_hex(i), 32, '0')::uuid, i::text, 2024, $2, $3, 'job', $1
    FROM generate_series(1, $4::integer) AS i
"""


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    """A process that answers requests: the job that moves lines runs when the test says so."""
    async with running_payment(installation, tmp_path, role="web") as opened:
        await opened.assess(*(assessed(person, region=VILLAGE) for person in (FIRST, LAST)))
        await installation.sql("payment", _BATCH, BATCH, COUNTY, LINES * DUE_FEN, LINES)
        await installation.sql("payment", _LINES, BATCH, VILLAGE, DUE_FEN, LINES)
        yield opened


async def step(payment: RunningPayment, name: str, batch: object = BATCH, **body: Any) -> Any:
    answer = await payment.post(f"remittances/{batch}/{name}", body)
    assert answer.status_code in (200, 409), answer.text
    return answer.json()


async def remit(payment: RunningPayment) -> Any:
    return await step(payment, "remit", remitted_on="2023-10-07")


async def all_follow(payment: RunningPayment) -> int:
    """Let the job work until nothing is left; how many lines."""
    lines = 0
    while moved := await go_on(payment.running):
        lines += moved
    return lines


async def proven(payment: RunningPayment) -> tuple[list[Any], list[Any]]:
    """What the auditor finds broken, and what it finds on its way."""
    found = [row for sql in (_PLACES, _MOVING, _BOOKED, _BATCHES) for row in await payment.sql(sql)]
    broken = [dict(row) for row in found if row.get("age_s") is None]
    return broken, [row["found"] for row in found if row.get("age_s") is not None]


async def places(payment: RunningPayment, batch: UUID = BATCH) -> dict[str, int]:
    sql = "SELECT place, count(*) AS lines FROM remittance_line WHERE batch_id = $1 GROUP BY place"
    return {row["place"]: row["lines"] for row in await payment.sql(sql, batch)}


@asynccontextmanager
async def held(payment: RunningPayment, person: UUID) -> AsyncIterator[None]:
    """Somebody announces about a person, and takes long to commit."""
    connection = await asyncpg.connect(payment.installation.settings.owner_url("payment"))
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO aggregate (id, seq) VALUES ($1, 1)", person)
            yield
    finally:
        await connection.close()


async def credited(payment: RunningPayment, order: dict[str, Any]) -> None:
    """Somebody pays, and the worker of notices does its next step."""
    assert (await payment.notify(paid_notice(order["order_no"], order["amount_fen"]))).status_code == 204
    for job in crediting_worker.JOBS:
        await job.step(payment.running)


async def test_a_step_is_taken_at_once_and_the_next_waits_for_its_lines(payment: RunningPayment) -> None:
    """F: a day of any size is remitted within one answer; the auditor sees the rest on its way, with an age."""
    taken = await remit(payment)
    assert (taken["state"], taken["lines_left"]) == ("REMITTED", LINES - PORTION)
    assert await places(payment) == {"IN_TRANSIT": PORTION, "PENDING": LINES - PORTION}
    assert await proven(payment) == ([], [f"{LINES - PORTION} lines left"])
    assert (await remit(payment))["lines_left"] == LINES - PORTION  # asked again, it is the same step
    for name, body in (
        ("treasury", {"received_on": DAY}),
        ("return", {"returned_on": "2023-10-08", "reason": "误"}),
    ):
        assert (await step(payment, name, **body))["code"] == "REMITTANCE_LINES_MOVING"
    assert (await payment.get(f"remittances/{BATCH}"))["state"] == "REMITTED"

    assert await all_follow(payment) == LINES - PORTION
    assert await places(payment) == {"IN_TRANSIT": LINES}
    assert await proven(payment) == ([], [])
    for name, body in (
        ("treasury", {"received_on": DAY}),
        ("certificate", {"certificate_no": "WS-1", "issued_on": DAY}),
    ):
        assert (await step(payment, name, **body))["lines_left"] == LINES - PORTION
        broken, _ = await proven(payment)
        assert broken == []
        await all_follow(payment)
    events = await payment.sql("SELECT event, count(*) AS n FROM outbox WHERE event NOT LIKE '%bill%' GROUP BY event")
    assert {row["event"]: row["n"] for row in events} == {
        f"payment.{name}.v1": LINES
        for name in ("contribution_remitted", "contribution_in_treasury", "certificate_issued")
    }


async def test_a_returned_batch_goes_on_in_a_new_one_once_all_its_lines_are_there(payment: RunningPayment) -> None:
    """F: the treasury sends back a day of any size."""
    await remit(payment)
    await all_follow(payment)
    returned = await step(payment, "return", returned_on=DAY, reason="预算科目有误")
    assert (returned["state"], returned["lines_left"]) == ("RETURNED", LINES - PORTION)
    replaced_by = (await payment.get(f"remittances/{BATCH}"))["replaced_by"]
    new = await payment.get(f"remittances/{replaced_by}")
    assert (new["state"], new["line_count"], new["lines_left"]) == ("READY_TO_REMIT", LINES, LINES - PORTION)
    assert (await step(payment, "fetch-detail", replaced_by))["code"] == "REMITTANCE_LINES_MOVING"
    assert await proven(payment) == ([], [f"{LINES - PORTION} lines left"])
    await all_follow(payment)
    assert await places(payment, UUID(replaced_by)) == {"PENDING": LINES}
    assert await places(payment) == {"RETURNED": LINES}
    assert await proven(payment) == ([], [])


async def test_nobody_waits_for_the_lines_of_others(payment: RunningPayment) -> None:
    """A3: who stands in the batch pays again while it moves, and is credited at once, whatever portion is stuck."""
    orders = [await payment.order(person) for person in (FIRST, LAST)]
    await remit(payment)
    async with held(payment, IN_SECOND):
        moving = asyncio.create_task(go_on(payment.running))
        await wait_for_lock_waits(payment.installation, "payment")
        for order in orders:
            await asyncio.wait_for(credited(payment, order), stretched(5))
            assert (await payment.get(f"orders/{order['order_no']}"))["state"] == "CONFIRMED"
        assert not moving.done()
    assert await moving == PORTION


async def test_killed_in_a_portion_it_goes_on_at_the_last_that_was_committed(payment: RunningPayment) -> None:
    """F: a portion is all or nothing, and is moved once."""
    await remit(payment)
    async with held(payment, IN_SECOND):
        moving = asyncio.create_task(go_on(payment.running))
        await wait_for_lock_waits(payment.installation, "payment")
        moving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await moving
    assert await places(payment) == {"IN_TRANSIT": PORTION, "PENDING": LINES - PORTION}
    assert await all_follow(payment) == LINES - PORTION
    (posted,) = await payment.sql("SELECT count(*) AS n, sum(amount_fen) AS fen FROM transfer")
    assert (posted["n"], posted["fen"]) == (LINES, LINES * DUE_FEN)
    assert await proven(payment) == ([], [])


async def test_two_workers_move_different_batches_or_wait_for_nobody(payment: RunningPayment) -> None:
    """F: one worker holds a batch's place; another finds nothing to do."""
    await remit(payment)
    first, second = await asyncio.gather(go_on(payment.running), go_on(payment.running))
    assert first + second in (PORTION, LINES - PORTION)
    await all_follow(payment)
    assert await places(payment) == {"IN_TRANSIT": LINES}


@pytest.mark.expects_errors
async def test_lines_that_are_not_what_the_batch_says_move_nowhere(payment: RunningPayment) -> None:
    await payment.sql("DELETE FROM remittance_line WHERE enrolment_id = $1", LAST)
    answer = await payment.post(f"remittances/{BATCH}/remit", {"remitted_on": "2023-10-07"})
    assert answer.status_code == 500
    assert await places(payment) == {"PENDING": LINES - 1}
