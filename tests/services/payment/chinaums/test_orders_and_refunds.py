"""Orders and refunds at ChinaUMS: opened, asked about, closed, given back, through payment's own endpoints."""

from pathlib import Path
from typing import Any

from services.payment.refunds.submission import submit_refunds
from simulator.chinaums.notices import ChinaumsNotice
from tests.harness.assessments import DUE_FEN
from tests.harness.chinaums_peer import MID, SOURCE
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.services.payment.chinaums.conftest import MOMENT, RunningChinaums, running_chinaums


async def test_a_payment_whose_notice_is_lost_is_learnt_by_asking_and_its_notice_repeats_it(
    ums: RunningChinaums,
) -> None:
    person, late = await ums.pay_new()
    await ums.payment.asked()
    await ums.payment.worked()
    assert await ums.payment.states(person) == ["PAID"]
    await ums.notify(late)
    assert await ums.payment.notices() == [("CREDITED", None), ("REPEATED", None)]
    (first, _) = await ums.payment.sql("SELECT source, serial, envelope FROM raw_notice ORDER BY id")
    assert (first["source"], first["serial"]) == ("QUERY", "connection")
    assert b"payer-" not in first["envelope"]


async def test_where_answers_have_to_be_signed_an_unsigned_one_says_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    async with running_chinaums(installation, tmp_path, answers_are_signed=True) as ums:
        ums.channel.peer.signs_answers = True
        person, _ = await ums.pay_new()
        ums.channel.peer.signs_answers = False
        await ums.payment.asked()
        assert await ums.payment.notices() == []
        ums.channel.peer.signs_answers = True
        await ums.payment.asked()
        await ums.payment.worked()
        assert await ums.payment.states(person) == ["PAID"]
        assert await ums.payment.one("SELECT serial FROM raw_notice") == "answer"


async def test_a_cancelled_order_is_closed_there_and_money_that_crosses_goes_back(
    ums: RunningChinaums,
) -> None:
    (person,) = await ums.payment.bill()
    order = await ums.order(person)
    (bill,) = ums.channel.account.journal.all("ums bill").values()
    assert bill["number"].startswith(SOURCE)
    assert len(bill["number"]) == 29
    assert bill["amount_fen"] == DUE_FEN == order["amount_fen"]
    assert bill["notify_url"].endswith(f"/payment/v1/callbacks/chinaums/{MID}")
    assert order["code_url"].endswith(bill["code_id"])
    closed = await ums.payment.post(f"orders/{order['order_no']}/cancel")
    assert closed.status_code == 200, closed.text
    assert ums.channel.account.journal.get("ums bill", ums.bill(order))["status"] == "CLOSED"
    await ums.notify(await ums.pay(order))
    assert await ums.payment.notices() == [("SUSPENDED", "ORDER_CANCELLED")]
    (refund,) = await ums.payment.get("refunds")
    assert (refund["state"], refund["amount_fen"]) == ("REQUESTED", DUE_FEN)


async def test_a_second_payment_goes_back_and_only_the_channels_answer_ends_it(ums: RunningChinaums) -> None:
    (person,) = await ums.payment.bill()
    order = await ums.order(person)
    await ums.notify(await ums.pay(order))
    await ums.notify(await ums.pay(order))
    (refund,) = await ums.payment.get("refunds")
    assert refund["reason"] == "SECOND_TRANSACTION"
    await ums.payment.post(f"refunds/{refund['id']}/approve")
    given = ums.channel.account.journal.all("ums refund")

    async def accepted() -> bool:
        return bool(await ums.payment.one("SELECT bool_and(channel_refund_id IS NOT NULL) FROM refund"))

    await eventually(accepted, message="the channel accepted the refund")
    ((number, known),) = given.items()
    assert (known["payment"], known["amount_fen"]) == (f"{ums.bill(order)}1", DUE_FEN)
    assert await ums.payment.one("SELECT state FROM refund") == "ASKED", "accepted is not paid"

    async def paid() -> bool:
        await submit_refunds(ums.payment.running, again_after_s=0.0)
        await ums.payment.worked()
        return bool(await ums.payment.one("SELECT state = 'PAID' FROM refund"))

    await eventually(paid, message="the channel's answer ends the refund")
    assert len(given) == 1, "one number is one refund, however often it is asked"
    assert number == await ums.payment.one("SELECT channel_refund_id FROM refund")
    assert await ums.payment.balances() == {"channel:UNIONPAY_QR": DUE_FEN, "premium": -DUE_FEN}


async def test_a_refund_that_comes_before_its_payment_waits_for_it(ums: RunningChinaums) -> None:
    person, notice = await ums.pay_new()
    paid: dict[str, Any] = next(iter(ums.channel.account.journal.all("ums payment").values()))
    bare = {name: value for name, value in notice.fields.items() if name != "billPayment"}
    back = {
        "billStatus": "REFUND",
        "notifyId": "back",
        "merOrderId": paid["number"],
        "refundOrderId": f"{SOURCE}CONSOLE1",
        "refundAmount": str(DUE_FEN),
        "refundStatus": "SUCCESS",
        "refundPayTime": "2023-10-08 12:00:00",
    }
    refund = ChinaumsNotice({**bare, **back}, notice.notify_url)
    await ums.notify(refund)
    assert await ums.payment.notices() == [("PARKED", "REFUND_BEFORE_PAYMENT")]
    await ums.notify(notice)
    await ums.payment.worked()
    assert sorted(await ums.payment.notices()) == [("APPLIED", None), ("CREDITED", None)]
    assert await ums.payment.states(person) == ["PAID"]
    await ums.notify(ums.changed(refund, notifyId="back2", refundStatus="DONE"))
    assert (await ums.payment.notices())[-1] == ("QUARANTINED", "UNREADABLE")
    assert back["refundPayTime"] > MOMENT
