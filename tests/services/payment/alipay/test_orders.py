"""Orders at Alipay: opened, learnt by asking where no notice comes, ended by its word, and never believed unsigned."""

import pytest

from services.payment.orders.questions import repository as questions
from tests.harness.installation import COUNTY
from tests.services.payment.alipay.running_alipay import RunningAlipay


async def test_an_order_has_a_code_and_the_address_of_its_app(alipay: RunningAlipay) -> None:
    order = await alipay.order(*await alipay.bill(2))
    assert order["code_url"].startswith("https://qr.alipay.com/")
    assert (order["amount_fen"], order["state"]) == (76_000, "AWAITING")
    notice = await alipay.pay(order)
    assert notice.notify_url == "http://canbao.test/payment/v1/callbacks/alipay/2021000000000001"
    assert notice.fields["total_amount"] == "760.00"


async def test_a_payment_whose_notice_never_comes_is_learnt_by_a_query_and_credited_once(
    alipay: RunningAlipay,
) -> None:
    notice = await alipay.ordered_and_paid()
    await alipay.asked()
    await alipay.worked()
    assert await alipay.notices() == [("CREDITED", None)]
    await alipay.taken(notice)
    assert await alipay.notices() == [("CREDITED", None), ("REPEATED", None)]
    assert await alipay.balances() == {"channel:ALIPAY": 38_000, "premium": -38_000}
    (kept,) = await alipay.sql("SELECT envelope FROM raw_notice WHERE source = 'QUERY'")
    assert b"canary" not in kept["envelope"], "of the payer nothing is kept"


async def test_a_code_that_nobody_scanned_leaves_its_order_open(alipay: RunningAlipay) -> None:
    order = await alipay.order(*await alipay.bill())
    await alipay.asked()
    assert (await alipay.get(f"orders/{order['order_no']}"))["state"] == "AWAITING"
    async with alipay.running.database.transaction(COUNTY) as session:
        assert await questions.any_due(session, "ALIPAY", alipay.account.seller_id, alipay.running.clock.now()) is False


async def test_cancelling_a_paid_order_learns_that_it_is_paid(alipay: RunningAlipay) -> None:
    notice = await alipay.ordered_and_paid()
    answer = await alipay.post(f"orders/{notice.fields['out_trade_no']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "ORDER_PAID")
    await alipay.worked()
    assert await alipay.notices() == [("CREDITED", None)]


@pytest.mark.parametrize("fen", [1, 100_000_000])
async def test_an_answer_of_another_sum_is_suspended(alipay: RunningAlipay, fen: int) -> None:
    order = await alipay.order(*await alipay.bill())
    known = alipay.account.journal.get("alipay order", order["order_no"])
    await alipay.account.journal.put("alipay order", order["order_no"], {**known, "amount_fen": fen})
    await alipay.pay(order)
    await alipay.asked()
    await alipay.worked()
    assert await alipay.notices() == [("SUSPENDED", "WRONG_AMOUNT")]


async def test_an_opening_whose_answer_breaks_off_is_opened_by_the_same_request_again(alipay: RunningAlipay) -> None:
    people = await alipay.bill()
    alipay.alipay.crash_next = 1
    answer = await alipay.post("orders", {"enrolment_ids": [str(one) for one in people], "channel": "ALIPAY"})
    assert (answer.status_code, answer.json()["code"]) == (503, "CHANNEL_UNAVAILABLE")
    await alipay.asked()
    order = await alipay.get(f"orders/{answer.json()['order_no']}")
    assert order["state"] == "AWAITING"
    assert order["code_url"].startswith("https://qr.alipay.com/")
