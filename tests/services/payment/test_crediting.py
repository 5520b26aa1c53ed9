"""What signed payment notices do to orders, bills and the books."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from services.payment.crediting.worker import work_notices
from services.payment.notices.repository import claim
from tests.harness.assessments import DUE_FEN, assessed, row
from tests.harness.installation import COUNTY, Installation
from tests.harness.wechat_peer import MCHID, paid_notice
from tests.services.payment.till import OTHER_VILLAGE, Till, open_till

PAID = "payment.contribution_paid.v1"


async def test_a_notice_pays_the_bill_and_announces_it(till: Till) -> None:
    (person,) = await till.bill(1, row(28_000, aid_fen=10_000))
    order = await till.order(person)
    assert (order["amount_fen"], order["state"]) == (28_000, "AWAITING")
    await till.paid(order)
    assert await till.notices() == [("CREDITED", None)]
    bill = await till.get(f"bills/{person}")
    assert (bill["state"], bill["due_fen"], bill["paid_on"], bill["paid_through"]) == (
        "PAID", 28_000, "2023-10-08", "WECHAT",
    )  # fmt: skip
    assert await till.balances() == {
        "channel:WECHAT": 28_000,
        "premium": -28_000,
        "funder:medical_assistance_fund": 10_000,
        "aided": -10_000,
    }
    (event,) = await till.events(PAID)
    assert (event["key"], event["actor"]) == (person, "clerk")
    assert '"amount_fen":28000' in event["payload"]
    assert '"aided_fen":10000' in event["payload"]
    assert (await till.get(f"orders/{order['order_no']}"))["state"] == "CONFIRMED"


async def test_one_order_pays_for_a_whole_family(till: Till) -> None:
    people = await till.bill(3) + await till.bill(1, region=OTHER_VILLAGE)
    order = await till.order(*people)
    await till.paid(order)
    assert await till.states(*people) == ["PAID"] * 4
    assert len(await till.events(PAID)) == 4
    summary = await till.get("summary?benefit_year=2024")
    assert {town["region"]: (town["paid_count"], town["taken_fen"]) for town in summary["towns"]} == {
        "411521101": (3, 3 * DUE_FEN),
        "411521102": (1, DUE_FEN),
    }


async def test_the_same_notice_fifty_times_at_once_has_one_effect(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    notice = paid_notice(order["order_no"], DUE_FEN)
    answers = await asyncio.gather(*(till.notify(notice) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {204}
    await till.worked()
    assert (await till.notify(notice)).status_code == 204  # and once more, in a commit of its own
    await till.worked()
    assert await till.one("SELECT count(*) FROM raw_notice") == 1
    assert await till.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}
    assert len(await till.events(PAID)) == 1


async def test_a_second_notice_for_the_same_transaction_changes_nothing(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    for _ in range(3):
        await till.paid(order, transaction_id="4200001")
    assert await till.notices() == [("CREDITED", None), ("REPEATED", None), ("REPEATED", None)]
    assert await till.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}


async def test_one_transaction_cannot_pay_two_orders_even_when_both_are_worked_at_once(till: Till) -> None:
    one, two = await till.bill(2)
    first, second = await till.order(one), await till.order(two)
    notices = [paid_notice(order["order_no"], DUE_FEN, transaction_id="4200002") for order in (first, second)]
    await asyncio.gather(*(till.notify(notice) for notice in notices))
    await asyncio.gather(*(work_notices(till.running) for _ in range(3)))
    await till.worked()
    assert sorted(await till.notices()) == [("CREDITED", None), ("SUSPENDED", "SAME_TRANSACTION_OTHER_ORDER")]
    assert sorted(await till.states(one, two)) == ["OPEN", "PAID"]
    assert await till.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}  # one piece of money, booked once
    suspense = (await till.get("summary?benefit_year=2024"))["suspense"]
    assert (suspense["count"], suspense["fen"]) == (1, 0)


async def test_a_wrong_amount_enrols_nobody_and_is_set_aside(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    await till.paid(order, DUE_FEN - 1)
    assert await till.notices() == [("SUSPENDED", "WRONG_AMOUNT")]
    assert await till.states(person) == ["OPEN"]
    assert await till.balances() == {"channel:WECHAT": DUE_FEN - 1, "suspense": 1 - DUE_FEN}
    await till.paid(order)  # the right amount still pays the bill
    assert await till.states(person) == ["PAID"]


async def test_a_coupon_does_not_make_the_amount_wrong(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    await till.paid(order, amount={"total": DUE_FEN, "payer_total": DUE_FEN - 500, "currency": "CNY"})
    assert await till.states(person) == ["PAID"]


async def test_money_for_an_unknown_order_is_set_aside_and_named_as_unattributed(till: Till) -> None:
    await till.paid({"order_no": "nobody-ordered-this", "amount_fen": 12_300})
    assert await till.notices() == [("SUSPENDED", "UNKNOWN_ORDER")]
    summary = await till.get("summary?benefit_year=2024")
    assert summary["towns"] == []
    assert (summary["unattributed"]["count"], summary["unattributed"]["fen"]) == (1, 12_300)
    assert summary["unattributed"]["suspense_fen"] == summary["unattributed"]["channel_fen"] == 12_300
    assert summary["suspense"] == {
        "count": 1,
        "fen": 12_300,
        "by_reason": [{"reason": "UNKNOWN_ORDER", "count": 1, "fen": 12_300}],
    }
    assert len(await till.events("payment.payment_suspended.v1")) == 1


async def test_money_for_a_cancelled_order_is_set_aside(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    assert (await till.post(f"orders/{order['order_no']}/cancel")).json()["state"] == "CANCELLED"
    await till.paid(order)
    assert await till.notices() == [("SUSPENDED", "ORDER_CANCELLED")]
    assert await till.states(person) == ["OPEN"]


async def test_a_success_dated_before_the_expiry_counts_though_the_order_was_marked_expired(till: Till) -> None:
    one, two = await till.bill(2)
    in_time, too_late = await till.order(one), await till.order(two)
    await till.sql("UPDATE payment_order SET state = 'EXPIRED'")
    await till.sql("UPDATE order_line SET open = false")
    await till.paid(in_time, success_time="2023-10-09T23:59:59+08:00")
    await till.paid(too_late, success_time="2023-10-10T00:00:00+08:00")
    assert await till.notices() == [("CREDITED", None), ("SUSPENDED", "AFTER_EXPIRY")]
    assert await till.states(one, two) == ["PAID", "OPEN"]


async def test_the_row_of_the_payments_own_day_in_shanghai_decides(till: Till) -> None:
    (person,) = await till.bill(1, row(until=date(2023, 10, 8)), row(99_000, pay_from=date(2023, 10, 9)))
    order = await till.order(person)
    await till.paid(order, success_time="2023-10-08T15:59:59+00:00")  # one second before midnight in Shanghai
    assert (await till.get(f"bills/{person}"))["paid_on"] == "2023-10-08"


async def test_only_the_line_whose_bill_is_paid_already_goes_to_suspense(till: Till) -> None:
    one, two = await till.bill(2)
    both = await till.order(one, two)
    alone = await till.order(one)  # closes the first at its channel, which somebody paid in that moment all the same
    await till.paid(alone)
    await till.sql("UPDATE payment_order SET state = 'AWAITING' WHERE order_no = $1", both["order_no"])
    await till.paid(both)
    assert await till.notices() == [("CREDITED", None), ("SUSPENDED", "BILL_ALREADY_PAID")]
    assert await till.states(one, two) == ["PAID", "PAID"]
    assert await till.balances() == {"channel:WECHAT": 3 * DUE_FEN, "premium": -2 * DUE_FEN, "suspense": -DUE_FEN}


async def test_two_transactions_on_one_order_pay_once(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    notices = [paid_notice(order["order_no"], DUE_FEN) for _ in range(2)]
    await asyncio.gather(*(till.notify(notice) for notice in notices))
    await till.worked()
    assert sorted(await till.notices()) == [("CREDITED", None), ("SUSPENDED", "SECOND_TRANSACTION")]
    assert await till.balances() == {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}


async def test_money_for_a_superseded_bill_is_set_aside(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    await till.assess(assessed(person, row(28_000, aid_fen=10_000), version=2))
    await till.paid(order)
    assert await till.notices() == [("SUSPENDED", "BILL_SUPERSEDED")]
    assert await till.states(person) == ["OPEN"]


async def test_a_superseded_bill_whose_heir_wants_the_same_that_day_is_paid(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    later = row(99_000, pay_from=date(2024, 1, 1), until=date(2024, 6, 30))
    await till.assess(assessed(person, row(), later, version=2))
    await till.paid(order)
    await till.paid(order)
    assert await till.notices() == [("CREDITED", None), ("SUSPENDED", "SECOND_TRANSACTION")]
    assert await till.states(person) == ["PAID"]
    assert await till.balances() == {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}


async def test_a_claim_to_a_booked_transaction_is_kept_once_and_announced_to_nobody(till: Till) -> None:
    one, two, three = await till.bill(3)
    first, family = await till.order(one), await till.order(two, three)
    await till.paid(first, transaction_id="4200003")
    for _ in range(3):
        await till.paid(family, transaction_id="4200003")
    (claim,) = await till.get("suspense?state=CONTESTED")
    assert (claim["enrolment_id"], claim["reason"]) == (None, "SAME_TRANSACTION_OTHER_ORDER")
    assert await till.events("payment.payment_suspended.v1") == []
    assert await till.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}


@pytest.mark.expects_errors
async def test_only_the_notice_that_cannot_be_worked_is_set_aside_and_worked_again_once_mended(till: Till) -> None:
    poisoned, healthy = await till.bill(2)
    orders = [await till.order(person) for person in (poisoned, healthy)]
    await till.sql("UPDATE bill SET schedule = '[{}]' WHERE enrolment_id = $1 RETURNING id", poisoned)
    await asyncio.gather(*(till.notify(paid_notice(order["order_no"], DUE_FEN)) for order in orders))
    await till.worked()
    assert sorted(await till.notices()) == [("CREDITED", None), ("QUARANTINED", "UNPROCESSABLE")]
    assert await till.states(healthy) == ["PAID"]
    mend = "UPDATE bill SET schedule = h.schedule FROM bill h WHERE bill.enrolment_id = $1 AND h.enrolment_id = $2"
    await till.sql(f"{mend} RETURNING bill.id", poisoned, healthy)
    (kept,) = await till.get("quarantine")
    assert (kept["reason"], kept["order_no"]) == ("UNPROCESSABLE", orders[0]["order_no"])
    assert (await till.post(f"quarantine/{kept['id']}/retry")).status_code == 202
    await till.worked()
    assert sorted(await till.notices()) == [("CREDITED", None), ("CREDITED", None)]
    again = await till.post(f"quarantine/{kept['id']}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "NOTICE_NOT_RETRIABLE")


@pytest.mark.expects_errors
async def test_who_sets_a_notice_aside_takes_no_other_in_its_place(installation: Installation, tmp_path: Path) -> None:
    async with open_till(installation, tmp_path, role="web") as till:
        for person in await till.bill(2):
            order = await till.order(person)
            assert (await till.notify(paid_notice(order["order_no"], DUE_FEN))).status_code == 204
        await till.sql("UPDATE bill SET schedule = '[{}]' RETURNING id")
        async with till.running.database.transaction(COUNTY) as somebody_else:
            (first,) = await claim(somebody_else, 1)
            assert await work_notices(till.running) == 1
        states = {row["id"]: row["state"] for row in await till.sql("SELECT id, state FROM raw_notice")}
    assert states.pop(first.id) == "RECEIVED"
    assert list(states.values()) == ["QUARANTINED"]


async def test_other_merchants_apps_and_currencies_are_quarantined_without_a_transfer(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    await till.paid(order, mchid="1900009999")
    await till.paid(order, appid="wx0000000000000000")
    await till.paid(order, amount={"total": DUE_FEN, "currency": "HKD"})
    await till.paid(order, mchid=None, sp_mchid=MCHID)
    assert await till.notices() == [
        ("QUARANTINED", "OTHER_MERCHANT"),
        ("QUARANTINED", "OTHER_APP"),
        ("QUARANTINED", "OTHER_CURRENCY"),
        ("QUARANTINED", "UNREADABLE"),
    ]
    assert await till.balances() == {}
    assert (await till.get("summary?benefit_year=2024"))["quarantine"]["count"] == 4


async def test_a_notice_that_is_no_success_is_kept_and_ignored(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    await till.paid(order, trade_state="PAYERROR")
    assert await till.notices() == [("IGNORED", "PAYERROR")]
    assert await till.balances() == {}
