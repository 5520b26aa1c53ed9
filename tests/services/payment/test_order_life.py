"""An order's life: asked about while it is open, closed at its channel when it ends, and asked about once more.

No job runs beside these tests. Time is what the service's clock says; nothing waits for it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.payment.channels.channel import ChannelRefused, ChannelUnavailable
from services.payment.crediting.worker import work_notices
from services.payment.orders import service
from services.payment.orders.channel_query import query_orders
from services.payment.orders.expiry import end_unreachable, hurry_lapsed, on_business_date_advanced
from services.payment.orders.state import OrderState
from services.payment.refunds.submission import submit_refunds
from shared.contracts.event import Received, Trace
from shared.contracts.registration import BusinessDateAdvanced
from shared.domain.clock import SystemClock, business_date_of
from shared.domain.ids import new_id
from shared.metrics_collector import read_gauges
from tests.harness.assessments import DUE_FEN, row
from tests.harness.eventually import eventually
from tests.harness.fixed_clock import FixedClock
from tests.harness.installation import COUNTY, Installation
from tests.harness.wechat_peer import APPID, MCHID, merchant, paid_notice
from tests.services.payment.running_payment import RunningPayment, running_payment

OTHER = "1900000222"
LIFE = timedelta(hours=2, seconds=1)
BEGAN = SystemClock().now()


@pytest.fixture(autouse=True)
def begun_now() -> None:
    """Each test begins now: a notice that is minutes old is refused."""
    globals()["BEGAN"] = SystemClock().now()


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    async with running_payment(installation, tmp_path, role="web") as opened:
        at(opened, timedelta())
        yield opened


def at(payment: RunningPayment, after: timedelta) -> None:
    """Let it be so long after the beginning."""
    payment.running.clock = FixedClock(BEGAN + after)


def questions(payment: RunningPayment, order: dict[str, Any] | None = None) -> int:
    """How often the channel was asked about an order, or about any."""
    number = order["order_no"] if order else ""
    return len([call for call in payment.peer.calls if call.startswith("GET") and f"/out-trade-no/{number}" in call])


async def state(payment: RunningPayment, order: dict[str, Any]) -> str:
    return str((await payment.get(f"orders/{order['order_no']}"))["state"])


async def asked(payment: RunningPayment, after: timedelta) -> None:
    """The jobs come by so long after the beginning, and what they learn is credited."""
    at(payment, after)
    for _ in range(3):
        await hurry_lapsed(payment.running)
        await end_unreachable(payment.running)
        await query_orders(payment.running)
        await work_notices(payment.running)


async def advanced(payment: RunningPayment, day: date) -> None:
    """The business date moves, as registration announces it."""
    fact = BusinessDateAdvanced(region=COUNTY, installation_id=new_id(), business_date=day)
    event = Received(fact, new_id(), 1, "registration", SystemClock().now(), Trace.start("operator"))
    async with payment.running.database.transaction(COUNTY) as session:
        await on_business_date_advanced(session, [event], payment.running.resources)


async def test_an_order_is_announced_before_its_channel_knows_it(payment: RunningPayment) -> None:
    """E1: nobody could say which orders a payment database of earlier had forgotten."""
    one, two = await payment.bill(2)
    payment.peer.out_of_order = True
    refused = await payment.post("orders", {"enrolment_ids": [str(one), str(two)], "channel": "WECHAT"})
    assert refused.status_code == 503
    (event,) = await payment.events("payment.order_opened.v1")
    said = json.loads(event["payload"])
    assert str(event["key"]) == said["order_id"]
    assert (said["order_no"], said["channel"]) == (refused.json()["order_no"], "WECHAT")
    assert (said["merchant_id"], said["appid"], said["trade_type"]) == (MCHID, APPID, "NATIVE")
    assert said["amount_fen"] == 2 * DUE_FEN
    assert datetime.fromisoformat(said["expires_at"]) == (BEGAN + timedelta(hours=2)).replace(microsecond=0)
    assert {line["enrolment_id"]: line["amount_fen"] for line in said["lines"]} == {
        str(one): DUE_FEN,
        str(two): DUE_FEN,
    }
    assert "person_token" not in event["payload"]


async def measured(payment: RunningPayment) -> dict[str, float | None]:
    """What monitoring would read of orders and refunds whose merchant is not configured."""
    await read_gauges(payment.running)
    names = {
        "orders": "orders_without_merchant",
        "refunds": "refunds_without_merchant",
        "refunds_fen": "refunds_without_merchant_fen",
    }
    return {name: REGISTRY.get_sample_value(f"canbao_{gauge}") for name, gauge in names.items()}


class TestWhileItIsOpen:
    async def test_an_order_whose_notice_was_lost_is_credited_within_minutes(self, payment: RunningPayment) -> None:
        """B2: it was asked about two business days later."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.pay(order["order_no"])
        await asked(payment, timedelta(seconds=59))
        assert questions(payment) == 0
        await asked(payment, timedelta(minutes=1))
        assert await state(payment, order) == "CONFIRMED"
        assert await payment.states(person) == ["PAID"]
        await asked(payment, timedelta(hours=5))
        assert questions(payment) == 1, "what is paid is not asked about"

    async def test_it_is_asked_at_one_three_five_ten_and_every_ten_minutes(self, payment: RunningPayment) -> None:
        await payment.order(*await payment.bill())
        seen: list[int] = []
        for minute in range(1, 31):
            await asked(payment, timedelta(minutes=minute))
            if questions(payment) > len(seen):
                seen.append(minute)
        assert seen == [1, 3, 5, 10, 20, 30]

    async def test_the_longest_unasked_comes_first_within_the_merchants_rate(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        slow = installation.with_settings(wechat_questions_per_second=2)
        async with running_payment(slow, tmp_path, role="web") as payment:
            orders = []
            for number, person in enumerate(await payment.bill(5)):
                at(payment, timedelta(seconds=-number))  # the last one is the oldest
                orders.append(await payment.order(person))
            at(payment, timedelta(minutes=2))
            taken = [await query_orders(payment.running) for _ in range(3)]
            assert taken == [2, 0, 0], "two in this second, whatever process asks"
            assert [questions(payment, order) for order in orders] == [0, 0, 0, 1, 1]
            at(payment, timedelta(minutes=2, seconds=1))
            both = await asyncio.gather(query_orders(payment.running), query_orders(payment.running))
            assert sum(both) == 2
            assert [questions(payment, order) for order in orders] == [0, 1, 1, 1, 1]

    async def test_one_that_the_channel_has_ended_gives_its_bill_free(self, payment: RunningPayment) -> None:
        """As where we died between closing it there and writing so."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.states[order["order_no"]] = "CLOSED"
        await asked(payment, timedelta(minutes=1))
        assert await state(payment, order) == "CANCELLED"
        assert await payment.one("SELECT count(*) FROM order_line WHERE open") == 0

    @pytest.mark.parametrize("word", ["ACCEPT", None])
    async def test_a_word_that_nobody_knows_ends_nothing(self, payment: RunningPayment, word: str | None) -> None:
        """A1, attacked: a signed answer without a known state ended the order, and its payment paid no bill."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.states[order["order_no"]] = word
        await asked(payment, timedelta(minutes=1))
        assert await state(payment, order) == "AWAITING"
        payment.peer.pay(order["order_no"])
        await asked(payment, timedelta(minutes=3))
        assert await payment.states(person) == ["PAID"]

    async def test_one_that_somebody_pays_is_not_opened_again(self, payment: RunningPayment) -> None:
        """B2, attacked: while the payer confirmed, it was opened once more, refused, and ended as never opened."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        await payment.sql("UPDATE payment_order SET state = 'UNKNOWN', next_ask_at = '-infinity' RETURNING id")
        payment.peer.states[order["order_no"]] = "USERPAYING"
        payment.peer.refuses_opening = "INVALID_REQUEST"
        await asked(payment, timedelta(minutes=1))
        assert await state(payment, order) == "UNKNOWN"
        payment.peer.pay(order["order_no"])
        await asked(payment, timedelta(minutes=3))
        assert await payment.states(person) == ["PAID"]

    async def test_a_refusal_ends_none_that_another_process_has_opened(self, payment: RunningPayment) -> None:
        """B2, attacked: its code was with the payer already, and what was paid by it paid no bill."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        running = payment.running
        written = replace(await service.show(running, order["order_no"], COUNTY), state=OrderState.UNKNOWN)
        payment.peer.refuses_opening = "FREQUENCY_LIMITED"
        with pytest.raises(ChannelRefused):
            await service.open_at_channel(running, written, running.resources.channels[MCHID])
        payment.peer.out_of_order = True
        with pytest.raises(ChannelUnavailable):
            await service.open_at_channel(running, written, running.resources.channels[MCHID])
        assert await state(payment, order) == "AWAITING"
        await payment.notify(paid_notice(order["order_no"], DUE_FEN))
        await work_notices(running)
        assert await payment.states(person) == ["PAID"]

    async def test_what_waits_to_be_asked_about_is_measured(self, payment: RunningPayment) -> None:
        await payment.order(*await payment.bill())
        at(payment, timedelta(minutes=5))
        await read_gauges(payment.running)
        assert REGISTRY.get_sample_value("canbao_orders_unasked") == 1
        assert 235 < (REGISTRY.get_sample_value("canbao_orders_unasked_oldest_seconds") or 0) < 245
        await query_orders(payment.running)
        await read_gauges(payment.running)
        assert REGISTRY.get_sample_value("canbao_orders_unasked") == 0

    async def test_one_that_was_asked_by_a_process_that_died_is_asked_again(self, payment: RunningPayment) -> None:
        await payment.order(*await payment.bill())
        payment.peer.answers_queries = False
        await asked(payment, timedelta(minutes=1))
        payment.peer.answers_queries = True
        before = questions(payment)
        await asked(payment, timedelta(minutes=3))
        assert questions(payment) == before + 1


class TestAtItsEnd:
    async def test_it_is_closed_at_the_channel_then_asked_once_more(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        await asked(payment, LIFE)
        assert payment.peer.states[order["order_no"]] == "CLOSED"
        assert await state(payment, order) == "EXPIRED"
        assert payment.peer.calls[-2].endswith("/close")
        assert payment.peer.calls[-1].startswith("GET")
        count = len(payment.peer.calls)
        await asked(payment, LIFE + timedelta(hours=3))
        assert len(payment.peer.calls) == count, "the answer was final"
        assert (await payment.order(person))["order_no"] != order["order_no"], "asking again opens a new one"

    async def test_a_payment_whose_notice_was_lost_is_found_by_asking_once_the_order_expired(
        self, payment: RunningPayment
    ) -> None:
        paid, unpaid = await payment.bill(2)
        first, second = await payment.order(paid), await payment.order(unpaid)
        payment.peer.pay(first["order_no"])
        await asked(payment, LIFE)
        assert [await state(payment, order) for order in (first, second)] == ["CONFIRMED", "EXPIRED"]
        assert await payment.states(paid, unpaid) == ["PAID", "OPEN"]
        assert "canary" not in str(await payment.one("SELECT encode(envelope, 'escape') FROM raw_notice"))
        await payment.order(unpaid)  # an expired order no longer stands in the way

    async def test_an_order_valid_today_does_not_expire(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        await asked(payment, timedelta(hours=1, minutes=59))
        assert await state(payment, order) == "AWAITING"

    async def test_an_order_never_outlives_the_price_it_was_made_at(self, payment: RunningPayment) -> None:
        """In a rehearsal only an advance of the business date ends the price's last day."""
        (person,) = await payment.bill(1, row(until=date(2023, 10, 8)), row(99_000, pay_from=date(2023, 10, 9)))
        order = await payment.order(person)
        await asked(payment, timedelta(minutes=1))
        assert await state(payment, order) == "AWAITING"
        await advanced(payment, date(2023, 10, 9))
        await asked(payment, timedelta(seconds=90))
        assert payment.peer.states[order["order_no"]] == "CLOSED"
        assert await state(payment, order) == "EXPIRED"
        assert (await payment.order(person))["amount_fen"] == 99_000

    async def test_a_payment_of_after_that_day_is_suspended_whatever_the_clock_says(
        self, payment: RunningPayment
    ) -> None:
        (person,) = await payment.bill(1, row(until=date(2023, 10, 8)), row(pay_from=date(2023, 10, 9)))
        order = await payment.order(person)
        payment.peer.pay(order["order_no"], success_time="2023-10-09T00:00:00+08:00")
        await asked(payment, timedelta(minutes=1))
        assert await payment.notices() == [("SUSPENDED", "AFTER_EXPIRY")]

    async def test_where_the_business_date_is_today_it_ends_with_the_last_second_of_its_last_day(
        self, payment: RunningPayment
    ) -> None:
        today = business_date_of(BEGAN)
        late = datetime.fromisoformat(f"{today}T23:30:00+08:00")
        await payment.sql("DELETE FROM business_date")
        (person,) = await payment.bill(1, row(pay_from=date(2023, 1, 1), until=today))
        payment.running.clock = FixedClock(late)
        assert (await payment.order(person))["expires_at"] == f"{today}T23:59:59+08:00"
        payment.running.clock = FixedClock(late + timedelta(minutes=29, seconds=30))
        (other,) = await payment.bill(1, row(pay_from=date(2023, 1, 1), until=today))
        refused = await payment.post("orders", {"enrolment_ids": [str(other)], "channel": "WECHAT"})
        assert (refused.status_code, refused.json()["code"]) == (409, "NOTHING_TO_PAY")

    async def test_a_crash_between_closing_and_asking_asks_again(self, payment: RunningPayment) -> None:
        """The process dies as soon as the order is written as ended."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.answers_queries = False
        at(payment, LIFE)
        await query_orders(payment.running)
        assert await state(payment, order) == "EXPIRED"
        payment.peer.answers_queries = True
        payment.peer.pay(order["order_no"])
        await asked(payment, LIFE + timedelta(minutes=1))
        assert await payment.notices() == [("CREDITED", None)]

    async def test_a_crash_between_closing_there_and_writing_so_closes_again(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.states[order["order_no"]] = "CLOSED"
        await asked(payment, LIFE)
        assert await state(payment, order) == "EXPIRED"

    async def test_a_payer_who_is_confirming_is_no_final_answer(self, payment: RunningPayment) -> None:
        """B2: USERPAYING at expiry was taken for unpaid."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.states[order["order_no"]] = "USERPAYING"
        payment.peer.refuses_closing = "USERPAYING"
        await asked(payment, LIFE)
        assert await state(payment, order) == "AWAITING"
        payment.peer.pay(order["order_no"])
        await asked(payment, LIFE + timedelta(minutes=1))
        assert await payment.states(person) == ["PAID"]

    async def test_nor_is_it_where_the_channel_closed_meanwhile(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        await asked(payment, LIFE)
        await payment.sql("UPDATE payment_order SET next_ask_at = '-infinity'")
        payment.peer.states[order["order_no"]] = "USERPAYING"
        await asked(payment, LIFE + timedelta(minutes=1))
        payment.peer.pay(order["order_no"])
        await asked(payment, LIFE + timedelta(minutes=2))
        assert await payment.notices() == [("CREDITED", None)]

    async def test_one_that_the_channel_will_not_close_holds_its_bill_no_longer(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.refuses_closing = "SYSTEM_RULE"
        await asked(payment, LIFE)
        assert await state(payment, order) == "EXPIRED"
        payment.peer.refuses_closing = None
        await asked(payment, LIFE + timedelta(minutes=1))
        assert payment.peer.states[order["order_no"]] == "CLOSED", "it is tried again"

    async def test_one_that_is_not_closed_and_of_which_the_channel_says_nothing_clear_ends_likewise(
        self, payment: RunningPayment
    ) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.refuses_closing = "SYSTEM_RULE"
        payment.peer.states[order["order_no"]] = "ACCEPT"
        await asked(payment, LIFE)
        assert await state(payment, order) == "EXPIRED"
        payment.peer.pay(order["order_no"])
        await asked(payment, LIFE + timedelta(minutes=1))
        assert await payment.states(person) == ["PAID"], "it was asked about again"

    async def test_one_whose_money_pays_no_bill_holds_its_bill_no_longer(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.pay(order["order_no"], amount={"total": DUE_FEN, "currency": "HKD"})
        await asked(payment, LIFE)
        assert (await payment.notices(), await state(payment, order)) == (
            [("QUARANTINED", "OTHER_CURRENCY")],
            "AWAITING",
        )
        await asked(payment, LIFE + timedelta(minutes=6))
        assert await state(payment, order) == "EXPIRED"
        assert await payment.one("SELECT count(*) FROM payment_order WHERE next_ask_at IS NOT NULL") == 0

    async def test_an_order_that_never_got_its_code_ends_likewise(self, payment: RunningPayment) -> None:
        (person,) = await payment.bill()
        payment.peer.out_of_order = True
        await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
        payment.peer.out_of_order = False
        await asked(payment, LIFE)
        assert await payment.one("SELECT state FROM payment_order") == "EXPIRED"
        assert payment.peer.orders == {}, "it is not opened any more"


class TestCancelled:
    async def test_it_is_asked_once_more_later(self, payment: RunningPayment) -> None:
        """B2: a payment that crossed the closing was found by nobody."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        await payment.post(f"orders/{order['order_no']}/cancel")
        payment.peer.pay(order["order_no"])
        await asked(payment, timedelta(minutes=4))
        assert questions(payment) == 0
        await asked(payment, timedelta(minutes=5))
        assert await payment.notices() == [("SUSPENDED", "ORDER_CANCELLED")]
        await asked(payment, timedelta(hours=3))
        assert questions(payment) == 1

    async def test_one_that_is_still_payable_there_is_closed_again(self, payment: RunningPayment) -> None:
        """As where we died between opening a cancelled order and closing it."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        await payment.post(f"orders/{order['order_no']}/cancel")
        payment.peer.states[order["order_no"]] = "NOTPAY"
        await asked(payment, timedelta(minutes=5))
        assert payment.peer.states[order["order_no"]] == "CLOSED"
        await asked(payment, timedelta(minutes=6))
        assert await payment.one("SELECT count(*) FROM payment_order WHERE next_ask_at IS NOT NULL") == 0


class TestAMerchantThatLeaves:
    """B1: taken out of the settings, its open orders held their bills for ever and its refunds waited in silence."""

    async def test_its_orders_hold_their_bills_until_their_end_and_no_longer(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        async with running_payment(installation, tmp_path, role="web") as before:
            at(before, timedelta())
            asks, waits = await before.bill(2)
            first, second = await before.order(asks), await before.order(waits)
        async with running_payment(installation, tmp_path, role="web", known=merchant(tmp_path, OTHER)) as left:
            body = {"enrolment_ids": [str(asks)], "channel": "WECHAT"}
            await asked(left, timedelta(minutes=10))
            refused = await left.post("orders", body)
            assert (refused.status_code, refused.json()["code"]) == (409, "CHANNEL_NOT_OFFERED")
            assert refused.json()["order_no"] == first["order_no"]
            at(left, LIFE)
            assert (await left.post("orders", body)).status_code == 201, "at the merchant of now"
            assert await state(left, first) == "EXPIRED"
            await asked(left, LIFE)
            assert await state(left, second) == "EXPIRED"
            assert questions(left) == 0, "nobody can ask about them"
        async with running_payment(installation, tmp_path, role="web") as back:
            back.peer.orders[second["order_no"]] = {"amount": {"total": DUE_FEN}}
            back.peer.pay(second["order_no"])
            await asked(back, LIFE + timedelta(days=1))
            assert await back.states(waits) == ["PAID"], "once its merchant can be asked again"

    async def test_what_nobody_can_ask_about_is_counted_and_its_refunds_are_listed_so(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        """An approved refund was taken for asked, and only a log line said that it was not."""
        async with running_payment(installation, tmp_path, role="web") as before:
            at(before, timedelta())
            twice, waits = await before.bill(2)
            await before.order(waits)
            order = await before.order(twice)
            for transaction in ("4200000001", "4200000002"):
                await before.notify(paid_notice(order["order_no"], DUE_FEN, transaction_id=transaction))

            async def put_forward() -> list[dict[str, Any]]:
                await work_notices(before.running)
                return list(await before.get("refunds"))

            (refund,) = await eventually(put_forward)
            assert refund["waits_for_merchant"] is False
        async with running_payment(installation, tmp_path, role="web", known=merchant(tmp_path, OTHER)) as left:
            at(left, LIFE)
            await left.post(f"refunds/{refund['id']}/approve")
            assert await submit_refunds(left.running) == 0
            (refund,) = await left.get("refunds?state=APPROVED")
            assert refund["waits_for_merchant"] is True
            assert await measured(left) == {"orders": 1, "refunds": 1, "refunds_fen": DUE_FEN}
        async with running_payment(installation, tmp_path, role="web") as back:
            at(back, LIFE)
            assert await submit_refunds(back.running) == 1
            assert [each["transaction_id"] for each in back.peer.refunds] == ["4200000002"]
            assert await measured(back) == {"orders": 0, "refunds": 0, "refunds_fen": 0}

    async def test_it_may_stay_for_what_it_has_and_take_nothing_new(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        """The way on: keys and refunds stay, new orders go to the next merchant."""
        given_up = merchant(tmp_path).model_copy(update={"takes_orders": False})
        async with running_payment(installation, tmp_path, role="web") as before:
            at(before, timedelta())
            (person,) = await before.bill()
            order = await before.order(person)
        async with running_payment(installation, tmp_path, role="web", known=given_up) as after:
            after.peer.orders[order["order_no"]] = {"amount": {"total": DUE_FEN}}
            after.peer.pay(order["order_no"])
            (other,) = await after.bill()
            refused = await after.post("orders", {"enrolment_ids": [str(other)], "channel": "WECHAT"})
            assert (refused.status_code, refused.json()["code"]) == (409, "CHANNEL_NOT_OFFERED")
            await asked(after, timedelta(minutes=1))
            assert await after.states(person) == ["PAID"]
