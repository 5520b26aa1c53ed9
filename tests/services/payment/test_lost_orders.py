"""Orders that a restored database does not know are rebuilt from the bus, and their payments are asked for."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.payment.bills.service import terminate
from services.payment.crediting.worker import work_notices
from services.payment.orders.channel_query import query_orders
from services.payment.orders.lost import rebuild_lost
from services.payment.orders.questions import repository as order_questions
from shared.contracts.event import Received, Trace
from shared.contracts.registration import EnrolmentTerminated
from shared.database.engine import Database
from shared.domain.clock import SystemClock
from shared.domain.ids import new_id
from shared.messaging.outbox.epochs import Beginning, LostEvent, begin_epoch, keep_lost
from tests.harness.assessments import DUE_FEN, VILLAGE
from tests.harness.installation import COUNTY, Installation
from tests.services.payment.running_payment import TODAY, RunningPayment, running_payment
from verify.snapshot import open_databases
from verify.unfinished import unfinished


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


async def test_an_order_of_somebody_who_left_is_asked_about_with_a_bill_and_without(payment: RunningPayment) -> None:
    """E1: both left in the lost window; of one the end came before the price was known again, and no bill stands."""
    billed, never_billed = await payment.bill(2)
    orders = [await payment.order(person) for person in (billed, never_billed)]
    for order in orders:
        payment.peer.pay(order["order_no"])
        await lose(payment, order)
    await payment.sql("DELETE FROM bill WHERE enrolment_id = $1", never_billed)
    async with payment.running.database.transaction(COUNTY) as session:
        await terminate(session, [left(billed), left(never_billed)])
    payment.peer.answers_queries = False
    assert await rebuild_lost(payment.running) == 1
    assert sorted(await settled(payment), key=str) == [None, "ORDER_REBUILT"]
    payment.peer.answers_queries = True
    assert await rebuild_lost(payment.running) == 1
    await query_orders(payment.running)
    await work_notices(payment.running)
    assert sorted(await settled(payment), key=str) == ["CHANNEL_ASKED", "ORDER_REBUILT"]
    suspended = await payment.sql("SELECT reason, amount_fen FROM suspense ORDER BY reason")
    assert [tuple(row) for row in suspended] == [("BILL_SUPERSEDED", DUE_FEN), ("UNKNOWN_ORDER", DUE_FEN)]


def left(person: UUID) -> Received[EnrolmentTerminated]:
    """Somebody leaves, as registration announces it."""
    fact = EnrolmentTerminated(
        region=VILLAGE,
        benefit_year=2024,
        enrolment_id=person,
        person_token="token",
        reason="DEATH",
        terminated_on=TODAY,
        was_paid=False,
    )
    return Received(fact, new_id(), 1, "registration", SystemClock().now(), Trace.start("clerk"))


async def sentences(payment: RunningPayment) -> list[str]:
    """What ``canbao verify`` says of restorations that are under way."""
    async with open_databases(payment.installation.settings) as databases:
        return [each.en for each in await unfinished(databases)]


async def test_verify_says_how_many_orders_are_still_to_be_asked_about(payment: RunningPayment) -> None:
    """E1: while a restored payment caught up, `verify` showed breaks and not that they would go."""
    lost, standing, later = [await payment.order(person) for person in await payment.bill(3)]
    for order in (lost, standing):
        payment.peer.pay(order["order_no"])
    assert await sentences(payment) == [], "orders that are open are nothing unusual"
    await lose(payment, lost)
    opened = "UPDATE payment_order SET opened_at = now() + interval '1 day' WHERE order_no = $1"
    await payment.sql(opened, later["order_no"])
    database = Database(payment.installation.settings.owner_url("payment"), pool_size=1)
    async with database.transaction(COUNTY) as session:
        await begin_epoch(session, Beginning("operator", "a drill", SystemClock().now(), {}))
        assert await order_questions.ask_all_open(session) == 2
    await database.dispose()
    two = "payment is being made whole again: 2 orders are still to be asked about"
    assert await sentences(payment) == [two], "the lost one, and the one that stands; not the one of later"
    await rebuild_lost(payment.running)
    assert await sentences(payment) == [two]
    payment.peer.out_of_order = True
    await query_orders(payment.running)
    one = two.replace("2 orders", "1 orders")
    assert await sentences(payment) == [one], "what has ended waits for the channel's word"
    payment.peer.out_of_order = False
    await order_questions_due(payment)
    await query_orders(payment.running)
    assert await sentences(payment) == []


async def order_questions_due(payment: RunningPayment) -> None:
    """A minute has passed for every order that was asked about without an answer."""
    await payment.sql("UPDATE payment_order SET next_ask_at = now() WHERE next_ask_at IS NOT NULL")
