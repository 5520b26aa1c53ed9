"""An order at its end: closed at its channel, then asked about once more."""

from datetime import date, datetime, timedelta

from services.payment.orders.channel_query import query_orders
from shared.domain.clock import business_date_of
from tests.harness.assessments import DUE_FEN, row
from tests.harness.fixed_clock import FixedClock
from tests.services.payment.order_life.asking import LIFE, advanced, asked, at, began, questions, state
from tests.services.payment.running_payment import RunningPayment


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
        today = business_date_of(began())
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
