"""What signed payment notices do to orders, bills and the books."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.payment.crediting.worker import work_notices
from services.payment.notices.repository import claim
from tests.harness.assessments import DUE_FEN, assessed, row
from tests.harness.installation import COUNTY, Installation
from tests.harness.wechat_peer import MCHID, paid_notice
from tests.services.payment.running_payment import OTHER_VILLAGE, RunningPayment, running_payment

PAID = "payment.contribution_paid.v1"


async def test_a_notice_pays_the_bill_and_announces_it(payment: RunningPayment) -> None:
    (person,) = await payment.bill(1, row(28_000, aid_fen=10_000))
    order = await payment.order(person)
    assert (order["amount_fen"], order["state"]) == (28_000, "AWAITING")
    await payment.paid(order)
    assert await payment.notices() == [("CREDITED", None)]
    bill = await payment.get(f"bills/{person}")
    assert (bill["state"], bill["due_fen"], bill["paid_on"], bill["paid_through"]) == (
        "PAID", 28_000, "2023-10-08", "WECHAT",
    )  # fmt: skip
    assert await payment.balances() == {
        "channel:WECHAT": 28_000,
        "premium": -28_000,
        "funder:medical_assistance_fund": 10_000,
        "aided": -10_000,
    }
    (event,) = await payment.events(PAID)
    assert (event["key"], event["actor"]) == (person, "clerk")
    assert '"amount_fen":28000' in event["payload"]
    assert '"aided_fen":10000' in event["payload"]
    assert (await payment.get(f"orders/{order['order_no']}"))["state"] == "CONFIRMED"


async def test_one_order_pays_for_a_whole_family(payment: RunningPayment) -> None:
    people = await payment.bill(3) + await payment.bill(1, region=OTHER_VILLAGE)
    order = await payment.order(*people)
    await payment.paid(order)
    assert await payment.states(*people) == ["PAID"] * 4
    assert len(await payment.events(PAID)) == 4
    summary = await payment.get("summary?benefit_year=2024")
    assert {town["region"]: (town["paid_count"], town["taken_fen"]) for town in summary["towns"]} == {
        "411521101": (3, 3 * DUE_FEN),
        "411521102": (1, DUE_FEN),
    }


@pytest.mark.guard("SAME_NOTICE_AGAIN", mechanism="WECHAT")
async def test_the_same_notice_fifty_times_at_once_has_one_effect(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    notice = paid_notice(order["order_no"], DUE_FEN)
    answers = await asyncio.gather(*(payment.notify(notice) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {204}
    await payment.worked()
    assert (await payment.notify(notice)).status_code == 204  # and once more, in a commit of its own
    await payment.worked()
    assert await payment.one("SELECT count(*) FROM raw_notice") == 1
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}
    assert len(await payment.events(PAID)) == 1


@pytest.mark.guard("SAME_TRANSACTION_AGAIN", mechanism="WECHAT")
async def test_a_second_notice_for_the_same_transaction_changes_nothing(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    for _ in range(3):
        await payment.paid(order, transaction_id="4200001")
    assert await payment.notices() == [("CREDITED", None), ("REPEATED", None), ("REPEATED", None)]
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}


@pytest.mark.guard("TRANSACTION_ON_ANOTHER_ORDER", mechanism="WECHAT")
async def test_one_transaction_cannot_pay_two_orders_even_when_both_are_worked_at_once(payment: RunningPayment) -> None:
    one, two = await payment.bill(2)
    first, second = await payment.order(one), await payment.order(two)
    notices = [paid_notice(order["order_no"], DUE_FEN, transaction_id="4200002") for order in (first, second)]
    await asyncio.gather(*(payment.notify(notice) for notice in notices))
    await asyncio.gather(*(work_notices(payment.running) for _ in range(3)))
    await payment.worked()
    assert sorted(await payment.notices()) == [("CREDITED", None), ("SUSPENDED", "SAME_TRANSACTION_OTHER_ORDER")]
    assert sorted(await payment.states(one, two)) == ["OPEN", "PAID"]
    assert await payment.balances() == {
        "channel:WECHAT": DUE_FEN,
        "premium": -DUE_FEN,
    }  # one piece of money, booked once
    suspense = (await payment.get("summary?benefit_year=2024"))["suspense"]
    assert (suspense["count"], suspense["fen"]) == (1, 0)


@pytest.mark.guard("OTHER_AMOUNT", mechanism="WECHAT")
async def test_a_wrong_amount_enrols_nobody_and_is_suspended(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order, DUE_FEN - 1)
    assert await payment.notices() == [("SUSPENDED", "WRONG_AMOUNT")]
    assert await payment.states(person) == ["OPEN"]
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN - 1, "suspense": 1 - DUE_FEN}
    await payment.paid(order)  # the right amount still pays the bill
    assert await payment.states(person) == ["PAID"]


async def test_a_coupon_does_not_make_the_amount_wrong(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order, amount={"total": DUE_FEN, "payer_total": DUE_FEN - 500, "currency": "CNY"})
    assert await payment.states(person) == ["PAID"]


@pytest.mark.guard("UNKNOWN_ORDER", mechanism="WECHAT")
async def test_money_for_an_unknown_order_is_suspended_and_named_as_unattributed(payment: RunningPayment) -> None:
    await payment.paid({"order_no": "nobody-ordered-this", "amount_fen": 12_300})
    assert await payment.notices() == [("SUSPENDED", "UNKNOWN_ORDER")]
    summary = await payment.get("summary?benefit_year=2024")
    assert summary["towns"] == []
    assert (summary["unattributed"]["count"], summary["unattributed"]["fen"]) == (1, 12_300)
    assert summary["unattributed"]["suspense_fen"] == summary["unattributed"]["channel_fen"] == 12_300
    assert summary["suspense"] == {
        "count": 1,
        "fen": 12_300,
        "by_reason": [{"reason": "UNKNOWN_ORDER", "count": 1, "fen": 12_300}],
    }
    assert len(await payment.events("payment.payment_suspended.v1")) == 1


async def test_money_for_a_cancelled_order_is_suspended(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    assert (await payment.post(f"orders/{order['order_no']}/cancel")).json()["state"] == "CANCELLED"
    await payment.paid(order)
    assert await payment.notices() == [("SUSPENDED", "ORDER_CANCELLED")]
    assert await payment.states(person) == ["OPEN"]


async def test_a_success_dated_before_the_expiry_counts_though_the_order_was_marked_expired(
    payment: RunningPayment,
) -> None:
    one, two = await payment.bill(2)
    in_time, too_late = await payment.order(one), await payment.order(two)
    await payment.sql(
        "UPDATE payment_order SET state = 'EXPIRED', next_ask_at = NULL, expires_at = '2023-10-09 23:59:59+08',"
        " last_day = '2023-10-09'"
    )
    await payment.sql("UPDATE order_line SET open = false")
    await payment.paid(in_time, success_time="2023-10-09T23:59:59+08:00")
    await payment.paid(too_late, success_time="2023-10-10T00:00:00+08:00")
    assert await payment.notices() == [("CREDITED", None), ("SUSPENDED", "AFTER_EXPIRY")]
    assert await payment.states(one, two) == ["PAID", "OPEN"]


async def test_the_row_of_the_payments_own_day_in_shanghai_decides(payment: RunningPayment) -> None:
    (person,) = await payment.bill(1, row(until=date(2023, 10, 8)), row(99_000, pay_from=date(2023, 10, 9)))
    order = await payment.order(person)
    await payment.paid(order, success_time="2023-10-08T15:59:59+00:00")  # one second before midnight in Shanghai
    assert (await payment.get(f"bills/{person}"))["paid_on"] == "2023-10-08"


async def test_only_the_line_whose_bill_is_paid_already_goes_to_suspense(payment: RunningPayment) -> None:
    one, two = await payment.bill(2)
    both = await payment.order(one, two)
    alone = await payment.order(one)  # closes the first at its channel, which somebody paid in that moment all the same
    await payment.paid(alone)
    await payment.sql("UPDATE payment_order SET state = 'AWAITING' WHERE order_no = $1", both["order_no"])
    await payment.paid(both)
    assert await payment.notices() == [("CREDITED", None), ("SUSPENDED", "BILL_ALREADY_PAID")]
    assert await payment.states(one, two) == ["PAID", "PAID"]
    assert await payment.balances() == {"channel:WECHAT": 3 * DUE_FEN, "premium": -2 * DUE_FEN, "suspense": -DUE_FEN}


@pytest.mark.guard("TWO_TRANSACTIONS_ON_ONE_ORDER", mechanism="WECHAT")
async def test_two_transactions_on_one_order_pay_once(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    notices = [paid_notice(order["order_no"], DUE_FEN) for _ in range(2)]
    await asyncio.gather(*(payment.notify(notice) for notice in notices))
    await payment.worked()
    assert sorted(await payment.notices()) == [("CREDITED", None), ("SUSPENDED", "SECOND_TRANSACTION")]
    assert await payment.balances() == {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}


async def test_money_for_a_superseded_bill_is_suspended(installation: Installation, tmp_path: Path) -> None:
    """No job runs that would cancel the order first."""
    async with running_payment(installation, tmp_path, role="web") as payment:
        (person,) = await payment.bill()
        order = await payment.order(person)
        await payment.assess(assessed(person, row(28_000, aid_fen=10_000), version=2))
        await payment.notify(paid_notice(order["order_no"], DUE_FEN))
        await work_notices(payment.running)
        assert await payment.notices() == [("SUSPENDED", "BILL_SUPERSEDED")]
        assert await payment.states(person) == ["OPEN"]


async def test_a_superseded_bill_whose_successor_wants_the_same_that_day_is_paid(
    installation: Installation, tmp_path: Path
) -> None:
    """No job runs that would cancel the order first."""
    async with running_payment(installation, tmp_path, role="web") as payment:
        (person,) = await payment.bill()
        order = await payment.order(person)
        later = row(99_000, pay_from=date(2024, 1, 1), until=date(2024, 6, 30))
        await payment.assess(assessed(person, row(), later, version=2))
        for _ in range(2):
            await payment.notify(paid_notice(order["order_no"], DUE_FEN))
            await work_notices(payment.running)
        assert await payment.notices() == [("CREDITED", None), ("SUSPENDED", "SECOND_TRANSACTION")]
        assert await payment.states(person) == ["PAID"]
        assert await payment.balances() == {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}


async def test_a_claim_to_a_booked_transaction_is_kept_once_and_announced_to_nobody(payment: RunningPayment) -> None:
    one, two, three = await payment.bill(3)
    first, family = await payment.order(one), await payment.order(two, three)
    await payment.paid(first, transaction_id="4200003")
    for _ in range(3):
        await payment.paid(family, transaction_id="4200003")
    (claim,) = await payment.get("suspense?state=CONTESTED")
    assert (claim["enrolment_id"], claim["reason"]) == (None, "SAME_TRANSACTION_OTHER_ORDER")
    assert await payment.events("payment.payment_suspended.v1") == []
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}


@pytest.mark.expects_errors
async def test_only_the_notice_that_cannot_be_worked_is_quarantined_and_worked_again_once_repaired(
    payment: RunningPayment,
) -> None:
    poisoned, healthy = await payment.bill(2)
    orders = [await payment.order(person) for person in (poisoned, healthy)]
    await payment.sql("UPDATE bill SET schedule = '[{}]' WHERE enrolment_id = $1 RETURNING id", poisoned)
    await asyncio.gather(*(payment.notify(paid_notice(order["order_no"], DUE_FEN)) for order in orders))
    with capture_logs() as captured:
        await payment.worked()
    assert sorted(await payment.notices()) == [("CREDITED", None), ("QUARANTINED", "UNPROCESSABLE")]
    [line] = [line for line in captured if line["event"] == "a notice cannot be worked"]
    [stored] = await payment.sql("SELECT id, correlation_id FROM raw_notice WHERE state = 'QUARANTINED'")
    assert (line["notice_id"], line["trace_id"]) == (str(stored["id"]), str(stored["correlation_id"]))
    assert await payment.states(healthy) == ["PAID"]
    repair = "UPDATE bill SET schedule = h.schedule FROM bill h WHERE bill.enrolment_id = $1 AND h.enrolment_id = $2"
    await payment.sql(f"{repair} RETURNING bill.id", poisoned, healthy)
    (kept,) = await payment.get("quarantine")
    assert (kept["reason"], kept["order_no"]) == ("UNPROCESSABLE", orders[0]["order_no"])
    assert (await payment.post(f"quarantine/{kept['id']}/retry")).status_code == 202
    await payment.worked()
    assert sorted(await payment.notices()) == [("CREDITED", None), ("CREDITED", None)]
    again = await payment.post(f"quarantine/{kept['id']}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "NOTICE_NOT_RETRIABLE")


@pytest.mark.expects_errors
async def test_who_sets_a_notice_aside_takes_no_other_in_its_place(installation: Installation, tmp_path: Path) -> None:
    async with running_payment(installation, tmp_path, role="web") as payment:
        for person in await payment.bill(2):
            order = await payment.order(person)
            assert (await payment.notify(paid_notice(order["order_no"], DUE_FEN))).status_code == 204
        await payment.sql("UPDATE bill SET schedule = '[{}]' RETURNING id")
        async with payment.running.database.transaction(COUNTY) as somebody_else:
            (first,) = await claim(somebody_else, 1)
            assert await work_notices(payment.running) == 1
        states = {row["id"]: row["state"] for row in await payment.sql("SELECT id, state FROM raw_notice")}
    assert states.pop(first.id) == "RECEIVED"
    assert list(states.values()) == ["QUARANTINED"]


@pytest.mark.parametrize(("kind", "column"), [("PAYMENT", "order_no"), ("REFUND", "transaction_id")])
async def test_a_stored_notice_without_what_its_kind_says_is_unreadable(
    installation: Installation, tmp_path: Path, kind: str, column: str
) -> None:
    async with running_payment(installation, tmp_path, role="web") as payment:
        order = await payment.order(*await payment.bill())
        assert (await payment.notify(paid_notice(order["order_no"], DUE_FEN))).status_code == 204
        # Whole but for this one column.
        whole = f"kind = '{kind}', refund_no = 'R00001', {column} = NULL"
        await payment.sql(f"UPDATE raw_notice SET {whole} RETURNING id")
        assert await work_notices(payment.running) == 1
        assert await payment.notices() == [("QUARANTINED", "UNREADABLE")]
        assert await payment.balances() == {}


@pytest.mark.guard("OTHER_MERCHANT_OR_APP", mechanism="WECHAT")
@pytest.mark.guard("OTHER_CURRENCY", mechanism="WECHAT")
async def test_other_merchants_apps_and_currencies_are_quarantined_without_a_transfer(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order, mchid="1900009999")
    await payment.paid(order, appid="wx0000000000000000")
    await payment.paid(order, amount={"total": DUE_FEN, "currency": "HKD"})
    await payment.paid(order, mchid=None, sp_mchid=MCHID)
    assert await payment.notices() == [
        ("QUARANTINED", "OTHER_MERCHANT"),
        ("QUARANTINED", "OTHER_APP"),
        ("QUARANTINED", "OTHER_CURRENCY"),
        ("QUARANTINED", "UNREADABLE"),
    ]
    assert await payment.balances() == {}
    quarantine = (await payment.get("summary?benefit_year=2024"))["quarantine"]
    assert quarantine["count"] == 4
    assert {one["reason"]: one["count"] for one in quarantine["by_reason"]} == {
        "OTHER_APP": 1, "OTHER_CURRENCY": 1, "OTHER_MERCHANT": 1, "UNREADABLE": 1,
    }  # fmt: skip


async def test_a_notice_that_is_no_success_is_kept_and_ignored(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order, trade_state="PAYERROR")
    assert await payment.notices() == [("IGNORED", "PAYERROR")]
    assert await payment.balances() == {}
