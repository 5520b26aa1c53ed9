"""Orders: what a family owes today, opened at the channel with our signature, and closed there before anything else."""

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from services.payment.orders.channel_query import close_withdrawn, query_orders
from services.payment.orders.repository import lock
from shared.domain.clock import SystemClock
from shared.domain.ids import new_id
from tests.harness.assessments import DUE_FEN, VILLAGE, assessed, row
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation
from tests.harness.wechat_peer import APPID, MCHID
from tests.services.payment.running_payment import OTHER_VILLAGE, RunningPayment, running_payment


async def state(payment: RunningPayment, order_no: str) -> str:
    """Where an order stands."""
    return str((await payment.get(f"orders/{order_no}"))["state"])


async def _is(payment: RunningPayment, order_no: str, wanted: str) -> bool:
    return await state(payment, order_no) == wanted


async def test_an_order_is_opened_at_the_channel_with_our_signature(payment: RunningPayment) -> None:
    people = await payment.bill(2)
    asked_at = SystemClock().now()
    order = await payment.order(*people)
    asked = payment.peer.orders[order["order_no"]]
    assert (asked["mchid"], asked["appid"]) == (MCHID, APPID)
    assert asked["amount"] == {"total": 2 * DUE_FEN, "currency": "CNY"}
    assert asked["notify_url"].endswith(f"/payment/v1/callbacks/wechat/{MCHID}")
    assert asked["time_expire"] == order["expires_at"], "the two hours of a code to scan, in real time"
    assert timedelta() <= datetime.fromisoformat(asked["time_expire"]) - asked_at - timedelta(hours=2, seconds=-1)
    assert 6 <= len(order["order_no"]) <= 32
    assert order["code_url"].startswith("weixin://")
    assert {line["enrolment_id"] for line in order["lines"]} == {str(person) for person in people}


async def test_a_place_whose_document_lists_no_such_channel_takes_neither_wechat_nor_cash(
    installation: Installation, tmp_path: Path
) -> None:
    async with running_payment(installation.with_settings(policy_pack="tonghe-2023"), tmp_path) as payment:
        (person,) = await payment.bill()
        asked = {"enrolment_ids": [str(person)], "channel": "WECHAT"}
        received = {"receipt_no": "R1", "enrolment_id": str(person), "amount_fen": DUE_FEN, "received_on": "2023-10-08"}
        clerk = payment.installation.caller("payment:collect", client="clerk")
        receipts = {"village": VILLAGE, "receipts": [received]}
        for refused in (
            await payment.post("orders", asked),
            await payment.http.post("/payment/v1/cash-receipts", json=receipts, headers=clerk),
        ):
            assert (refused.status_code, refused.json()["code"]) == (409, "CHANNEL_NOT_ALLOWED")
            assert "哈尔滨银行" in refused.json()["detail"]
        assert payment.peer.orders == {}
        assert await payment.one("SELECT count(*) FROM payment_order") == 0
        assert await payment.one("SELECT count(*) FROM cash_receipt") == 0


async def test_asking_for_another_order_closes_the_first_at_its_channel(payment: RunningPayment) -> None:
    one, two = await payment.bill(2)
    first = await payment.order(one, two)
    second = await payment.order(one)
    assert payment.peer.states[first["order_no"]] == "CLOSED"
    assert await state(payment, first["order_no"]) == "CANCELLED"
    assert await state(payment, second["order_no"]) == "AWAITING"


async def test_an_order_that_was_paid_a_moment_ago_is_not_replaced(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    payment.peer.pay(order["order_no"])
    answer = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
    assert (answer.status_code, answer.json()["code"]) == (409, "ORDER_PAID")
    assert (await payment.post(f"orders/{order['order_no']}/cancel")).json()["code"] == "ORDER_PAID"


class TestWhatTheChannelSaysInPassing:
    """B2: paid at the channel, the notice lost: the answer was 409, nobody asked, credited two business days later."""

    @pytest.mark.parametrize("asked_by", ["order", "cancel"])
    async def test_an_order_that_was_paid_there_is_credited_at_once(
        self, payment: RunningPayment, asked_by: str
    ) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.pay(order["order_no"])
        path = "orders" if asked_by == "order" else f"orders/{order['order_no']}/cancel"
        body = {"enrolment_ids": [str(person)], "channel": "WECHAT"} if asked_by == "order" else None
        assert (await payment.post(path, body)).json()["code"] == "ORDER_PAID"
        await payment.worked()
        assert await state(payment, order["order_no"]) == "CONFIRMED"
        assert await payment.states(person) == ["PAID"]
        again = await payment.post(f"orders/{order['order_no']}/cancel")
        assert (again.status_code, again.json()["code"]) == (409, "ORDER_PAID")

    async def test_one_that_cannot_be_asked_about_now_is_asked_as_soon_as_may_be(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.pay(order["order_no"])
        payment.peer.answers_queries = False
        assert (await payment.post(f"orders/{order['order_no']}/cancel")).json()["code"] == "ORDER_PAID"
        assert await state(payment, order["order_no"]) == "AWAITING"
        payment.peer.answers_queries = True

        async def found() -> bool:
            await query_orders(payment.running)
            return await state(payment, order["order_no"]) == "CONFIRMED"

        await eventually(found, message="it is asked about without waiting for its next turn")


class TestWhichOrderARefusalIsAbout:
    """B5: problems said "look up that order" and named none."""

    async def test_one_that_was_paid_at_the_channel(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.pay(order["order_no"])
        for refused in (
            await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"}),
            await payment.post(f"orders/{order['order_no']}/cancel"),
        ):
            assert (refused.json()["code"], refused.json()["order_no"]) == ("ORDER_PAID", order["order_no"])

    async def test_one_that_the_channel_may_or_may_not_have_opened(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        payment.peer.out_of_order = True
        refused = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
        assert (refused.status_code, refused.json()["code"]) == (503, "CHANNEL_UNAVAILABLE")
        assert await state(payment, refused.json()["order_no"]) == "UNKNOWN"

    async def test_an_earlier_one_that_could_not_be_closed(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.out_of_order = True
        refused = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
        assert (refused.status_code, refused.json()["order_no"]) == (503, order["order_no"])

    async def test_one_that_has_ended(self, payment: RunningPayment) -> None:
        order = await payment.order(*await payment.bill())
        await payment.sql("UPDATE payment_order SET state = 'EXPIRED'")
        refused = await payment.post(f"orders/{order['order_no']}/cancel")
        assert (refused.json()["code"], refused.json()["order_no"]) == ("ORDER_NOT_OPEN", order["order_no"])

    async def test_one_that_the_channel_refused(self, payment: RunningPayment) -> None:
        order = await payment.order(*await payment.bill())
        payment.peer.refuses_closing = "SYSTEM_RULE"
        refused = await payment.post(f"orders/{order['order_no']}/cancel")
        assert (refused.status_code, refused.json()["code"]) == (502, "CHANNEL_REFUSED")
        assert refused.json()["order_no"] == order["order_no"]

    async def test_one_that_somebody_else_opened_at_the_same_moment(self, payment: RunningPayment) -> None:
        """Of those who come at once, the refused ones read which order is there."""
        (person,) = await payment.bill()
        body = {"enrolment_ids": [str(person)], "channel": "WECHAT"}
        for _ in range(5):
            answers = await asyncio.gather(*(payment.post("orders", body) for _ in range(6)))
            refused = [each.json() for each in answers if each.status_code == 409]
            for each in refused:
                assert "order_no" in each, each
                assert (await payment.get(f"orders/{each['order_no']}"))["lines"][0]["enrolment_id"] == str(person)
            if any(each["code"] == "ORDER_ALREADY_OPEN" for each in refused):
                return
        raise AssertionError("nobody was refused because of another order")

    async def test_what_is_about_no_order_names_none(self, payment: RunningPayment) -> None:
        (late,) = await payment.bill(1, row(until=date(2023, 10, 7)))
        refused = await payment.post("orders", {"enrolment_ids": [str(late)], "channel": "WECHAT"})
        assert (refused.json()["code"], "order_no" in refused.json()) == ("NOTHING_TO_PAY", False)


async def test_of_two_orders_at_once_for_one_bill_one_stays_open(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    body = {"enrolment_ids": [str(person)], "channel": "WECHAT"}
    answers = await asyncio.gather(*(payment.post("orders", body) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await payment.one("SELECT count(*) FROM order_line WHERE open") == 1
    awaiting = [number for number, at_channel in payment.peer.states.items() if at_channel == "NOTPAY"]
    assert [await state(payment, number) for number in awaiting] == ["AWAITING"]


async def test_who_owes_nothing_today_orders_nothing(payment: RunningPayment) -> None:
    (late,) = await payment.bill(1, row(until=date(2023, 10, 7)))
    (free,) = await payment.bill(1, row(0, aid_fen=38_000))
    (paid,) = await payment.bill()
    await payment.paid(await payment.order(paid))
    ended, of_no_time = new_id(), UUID("6f1f3c0e-1f0a-4c55-9a57-6b3a4d1c2024")
    await payment.one("INSERT INTO ended_enrolment VALUES ($1, $2) RETURNING 1", ended, VILLAGE)
    for person in (late, free, paid, ended, of_no_time):
        answer = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
        assert (answer.status_code, answer.json()["code"]) == (409, "NOTHING_TO_PAY")


async def test_who_orders_learns_that_somebody_is_held_rejected_or_not_priced_yet(payment: RunningPayment) -> None:
    """First use: a person who waits for a decision was said to have nothing to pay."""
    held, rejected, held_later, rejected_later, twice = (new_id() for _ in range(5))
    billed = (held_later, rejected_later, twice)
    await payment.assess(
        assessed(held, outcome="HELD"), assessed(rejected, outcome="REJECTED"), *(assessed(one) for one in billed)
    )
    await payment.assess(
        assessed(held_later, outcome="HELD", version=2),
        assessed(rejected_later, outcome="REJECTED", version=2),
        assessed(twice, outcome="HELD", version=2),
    )
    await payment.assess(assessed(twice, outcome="REJECTED", version=3))
    (owes,) = await payment.bill()
    for person, code in (
        (held, "ENROLMENT_HELD"),
        (held_later, "ENROLMENT_HELD"),
        (rejected, "ENROLMENT_REJECTED"),
        (rejected_later, "ENROLMENT_REJECTED"),
        (twice, "ENROLMENT_REJECTED"),
        (new_id(), "NOT_PRICED_YET"),
    ):
        answer = await payment.post("orders", {"enrolment_ids": [str(owes), str(person)], "channel": "WECHAT"})
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert str(person) in answer.json()["detail"], "which of the family it is"
        assert ("retry-after" in answer.headers) == (code == "NOT_PRICED_YET")
    assert await payment.one("SELECT count(*) FROM payment_order") == 0


async def test_malformed_orders_are_refused(payment: RunningPayment) -> None:
    for body in ({}, {"enrolment_ids": [], "channel": "WECHAT"}, {"enrolment_ids": ["x"], "channel": "WECHAT"},
                 {"enrolment_ids": [str(new_id())], "channel": "CASH"},
                 {"enrolment_ids": [str(new_id())], "channel": "WECHAT", "amount_fen": 1}):  # fmt: skip
        assert (await payment.post("orders", body)).status_code == 422
    assert (await payment.post("orders/no!/cancel")).status_code == 422


async def test_another_regions_caller_sees_no_bill_and_no_order(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    body = {"enrolment_ids": [str(person)], "channel": "WECHAT"}
    assert (await payment.post("orders", body, region="411521102")).json()["code"] == "NOT_PRICED_YET", "as for any id"
    assert (await payment.post(f"orders/{order['order_no']}/cancel", region="411521102")).status_code == 404


async def test_a_channel_that_does_not_answer_leaves_an_order_that_a_query_heals(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    payment.peer.out_of_order = True
    answer = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
    assert (answer.status_code, answer.json()["code"]) == (503, "CHANNEL_UNAVAILABLE")
    order_no = str(await payment.one("SELECT order_no FROM payment_order"))
    assert await state(payment, order_no) == "UNKNOWN"
    payment.peer.out_of_order = False
    await payment.asked()
    await eventually(lambda: _is(payment, order_no, "AWAITING"))
    assert (await payment.get(f"orders/{order_no}"))["code_url"].startswith("weixin://")


async def test_an_order_that_was_paid_and_refunded_there_without_us_gives_its_bill_free(
    payment: RunningPayment,
) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.sql("UPDATE payment_order SET state = 'UNKNOWN' RETURNING id")
    payment.peer.states[order["order_no"]] = "REFUND"
    await payment.asked()
    await eventually(lambda: _is(payment, order["order_no"], "CANCELLED"))
    assert (await payment.order(person))["order_no"] != order["order_no"]


async def test_cancelling_an_order_that_a_notice_confirms_meanwhile_says_so(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    async with payment.running.database.transaction(COUNTY) as crediting:
        await lock(crediting, [order["order_no"]])
        cancelling = asyncio.create_task(payment.post(f"orders/{order['order_no']}/cancel"))
        await eventually(lambda: payment.peer.states[order["order_no"]] == "CLOSED", message="the channel closed it")
        await crediting.execute(text("UPDATE payment_order SET state = 'CONFIRMED'"))
    assert (await cancelling).json()["code"] == "ORDER_PAID"
    assert await state(payment, order["order_no"]) == "CONFIRMED"


async def test_an_answer_that_the_channel_did_not_sign_is_not_believed(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    payment.peer.signs_with = "attacker"
    answer = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
    assert (answer.status_code, answer.json()["code"]) == (503, "CHANNEL_UNAVAILABLE")
    assert await payment.one("SELECT state FROM payment_order") == "UNKNOWN"


async def test_the_order_of_a_superseded_bill_is_closed_at_its_channel(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.assess(assessed(person, row(28_000, aid_fen=10_000), version=2))
    await close_withdrawn(payment.running)  # or the service's own job, where it comes first
    await eventually(lambda: _is(payment, order["order_no"], "CANCELLED"))
    assert payment.peer.states[order["order_no"]] == "CLOSED"
    assert (await payment.order(person))["amount_fen"] == 28_000


OTHER_TOWN, THIRD_TOWN = OTHER_VILLAGE[:9], "411521103"


async def test_an_order_over_two_towns_is_seen_and_cancelled_by_each_of_them(payment: RunningPayment) -> None:
    """A5: a town's clerk got 409 ORDER_ALREADY_OPEN for its own resident, and 404 on cancelling what held the bill."""
    (here,) = await payment.bill()
    (there,) = await payment.bill(1, region=OTHER_VILLAGE)
    order = await payment.order(here, there)
    path = f"orders/{order['order_no']}"
    seen = await payment.get(path, region=OTHER_TOWN)
    assert (seen["state"], seen["amount_fen"]) == ("AWAITING", 2 * DUE_FEN)
    assert [line["enrolment_id"] for line in seen["lines"]] == [str(there)], "who else is in it is not said"
    assert (await payment.post(f"{path}/cancel", region=THIRD_TOWN)).status_code == 404
    assert (await payment.post(f"{path}/cancel", region=OTHER_TOWN)).json()["state"] == "CANCELLED"
    assert payment.peer.states[order["order_no"]] == "CLOSED"
    assert await payment.one("SELECT count(*) FROM order_line WHERE open") == 0, "of the other town's bill, too"
    body = {"enrolment_ids": [str(here)], "channel": "WECHAT"}
    assert (await payment.post("orders", body, region=VILLAGE[:9])).status_code == 201


async def test_a_town_orders_again_what_an_order_over_two_towns_holds(payment: RunningPayment) -> None:
    """A5: row security hid the order whose open line the unique index still saw."""
    (here,) = await payment.bill()
    (there,) = await payment.bill(1, region=OTHER_VILLAGE)
    first = await payment.order(here, there)
    body = {"enrolment_ids": [str(there)], "channel": "WECHAT"}
    answer = await payment.post("orders", body, region=OTHER_TOWN)
    assert (answer.status_code, answer.json()["amount_fen"]) == (201, DUE_FEN)
    assert await state(payment, first["order_no"]) == "CANCELLED"
    assert payment.peer.states[first["order_no"]] == "CLOSED"


async def test_a_town_orders_for_nobody_beyond_it(payment: RunningPayment) -> None:
    """A5: an order over two towns is made by a caller who covers both."""
    (here,) = await payment.bill()
    (there,) = await payment.bill(1, region=OTHER_VILLAGE)
    body = {"enrolment_ids": [str(here), str(there)], "channel": "WECHAT"}
    answer = await payment.post("orders", body, region=OTHER_TOWN)
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_PRICED_YET"), "as for any id"
    assert payment.peer.orders == {}


async def test_a_town_changes_an_order_over_two_towns_only_through_the_service(payment: RunningPayment) -> None:
    """A5: reading is opened to each of them, and nothing else."""
    (here,) = await payment.bill()
    (there,) = await payment.bill(1, region=OTHER_VILLAGE)
    order = await payment.order(here, there)
    async with payment.running.database.transaction(OTHER_TOWN) as session:
        assert await lock(session, [order["order_no"]]) == {}
        changed = await session.execute(text("UPDATE payment_order SET state = 'CANCELLED' RETURNING id"))
        assert changed.all() == []
