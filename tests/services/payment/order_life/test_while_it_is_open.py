"""An order while it is open: announced, and asked about."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.payment.channels.channel import ChannelRefused, ChannelUnavailable
from services.payment.crediting.worker import work_notices
from services.payment.orders import placement, service
from services.payment.orders.channel_query import query_orders
from services.payment.orders.state import OrderState
from shared.metrics_collector import read_gauges
from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation
from tests.harness.wechat_peer import APPID, MCHID, paid_notice
from tests.services.payment.order_life.asking import asked, at, began, questions, state
from tests.services.payment.running_payment import RunningPayment, running_payment


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
    assert datetime.fromisoformat(said["expires_at"]) == (began() + timedelta(hours=2)).replace(microsecond=0)
    assert {line["enrolment_id"]: line["amount_fen"] for line in said["lines"]} == {
        str(one): DUE_FEN,
        str(two): DUE_FEN,
    }
    assert "person_token" not in event["payload"]


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
            looks_again = payment.running.wake_event("order queries")
            await eventually(looks_again.is_set, within_s=2, message="the job goes on as soon as the rate allows")
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
            await placement.open_at_channel(running, written, running.resources.channels["WECHAT", MCHID])
        payment.peer.out_of_order = True
        with pytest.raises(ChannelUnavailable):
            await placement.open_at_channel(running, written, running.resources.channels["WECHAT", MCHID])
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
