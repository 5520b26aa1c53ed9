"""Orders that a restored database does not know are rebuilt from the bus, and their payments are asked for."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.payment.crediting.worker import work_notices
from services.payment.orders.channel_query import query_orders
from services.payment.orders.lost import rebuild_lost
from shared.database.engine import Database
from shared.messaging.outbox.epochs import LostEvent, keep_lost
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import COUNTY, Installation
from tests.services.payment.running_payment import RunningPayment, running_payment


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    async with running_payment(installation, tmp_path, role="web") as opened:
        yield opened


async def lose(payment: RunningPayment, order: dict[str, Any]) -> None:
    """The database was restored to before the order; the bus holds what was announced of it."""
    (event,) = [
        row
        for row in await payment.events("payment.order_opened.v1")
        if json.loads(row["payload"])["order_no"] == order["order_no"]
    ]
    lost = LostEvent(
        event["id"],
        event["event"],
        event["key"],
        1,
        event["aggregate_seq"],
        event["region"],
        event["benefit_year"],
        None,
        event["actor"],
        event["recorded_at"],
        json.loads(event["payload"]),
    )
    await payment.sql("DELETE FROM order_line WHERE order_id = $1", event["key"])
    await payment.sql("DELETE FROM payment_order WHERE id = $1", event["key"])
    database = Database(payment.installation.settings.owner_url("payment"), pool_size=1)
    try:
        async with database.transaction(COUNTY) as session:
            await keep_lost(session, 2, [lost])
    finally:
        await database.dispose()


async def settled(payment: RunningPayment) -> list[str | None]:
    rows = await payment.sql("SELECT settled_because FROM lost_event ORDER BY id")
    return [row["settled_because"] for row in rows]


async def test_the_payment_of_a_lost_order_is_asked_for_and_credited(payment: RunningPayment) -> None:
    """E1: its notice was acknowledged before the restoration; nobody will send it again."""
    person, other = await payment.bill(2)
    order, unpaid = await payment.order(person), await payment.order(other)
    payment.peer.pay(order["order_no"])
    await lose(payment, order)
    await lose(payment, unpaid)
    assert await rebuild_lost(payment.running) == 2
    assert await rebuild_lost(payment.running) == 0
    await query_orders(payment.running)
    await work_notices(payment.running)
    assert await payment.states(person, other) == ["PAID", "OPEN"]
    assert await payment.one("SELECT sum(amount_fen)::bigint FROM payment") == DUE_FEN
    assert await settled(payment) == ["ORDER_REBUILT", "ORDER_REBUILT"]
    # An order that is over holds no bill.
    assert (await payment.order(other))["order_no"] != unpaid["order_no"]


async def test_a_lost_order_waits_for_its_bill_and_one_that_stands_is_not_written_twice(
    payment: RunningPayment,
) -> None:
    """E1: assessments are taken in again after the restoration; until then the order cannot say what it collects."""
    (person,) = await payment.bill()
    order = await payment.order(person)
    await lose(payment, order)
    await payment.sql("UPDATE bill SET enrolment_id = gen_random_uuid()")
    assert await rebuild_lost(payment.running) == 0
    assert await settled(payment) == [None]
    await payment.sql("UPDATE bill SET enrolment_id = $1", person)
    assert await rebuild_lost(payment.running) == 1
    await payment.sql("UPDATE lost_event SET settled_at = NULL, settled_because = NULL")
    assert await rebuild_lost(payment.running) == 1
    assert await payment.one("SELECT count(*) FROM payment_order") == 1
