"""The way back: a second payment goes to suspense and returns by its channel, final only when the channel says so."""

from typing import Any
from uuid import UUID

import pytest

from services.payment.crediting.worker import retry_parked
from services.payment.refunds.payer_messages import payer_reason
from services.payment.refunds.service import approve
from services.payment.refunds.submission import submit_refunds
from services.payment.suspense.reasons import SuspenseReason
from shared.contracts.event import Trace
from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY
from tests.harness.wechat_peer import MCHID, refund_id, refund_notice
from tests.services.payment.running_payment import TODAY, RunningPayment

HELD = {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}
PAYABLE = {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "refund_payable": -DUE_FEN}
WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)
    WHERE NOT granted AND activity.datname = current_database()
"""
RETURNED = {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}


async def paid_twice(payment: RunningPayment) -> dict[str, Any]:
    """Somebody pays one order twice; the refund that is put forward."""
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order, transaction_id="4200000001")
    await payment.paid(order, transaction_id="4200000002")
    (refund,) = await payment.get("refunds")
    found: dict[str, Any] = refund
    return found


async def asked(payment: RunningPayment, times: int = 1) -> dict[str, Any]:
    """Wait until the channel was asked so many times; the last request as it received it."""
    await eventually(lambda: len(payment.peer.refunds) >= times, message="the channel is asked")
    return payment.peer.refunds[times - 1]


async def noted(payment: RunningPayment) -> None:
    """Wait until what the channel replied to the first request is kept: until then its row is busy."""

    async def is_kept() -> bool:
        return bool(await payment.one("SELECT bool_and(channel_refund_id IS NOT NULL) FROM refund"))

    await eventually(is_kept, message="the reply is kept")


async def state(payment: RunningPayment, refund: dict[str, Any]) -> str:
    """Where a refund stands."""
    return str((await payment.sql("SELECT state FROM refund WHERE id = $1::uuid", refund["id"]))[0]["state"])


async def reported(payment: RunningPayment, request: dict[str, Any], status: str, **changes: Any) -> None:
    """The channel reports what became of a refund."""
    assert (await payment.notify(refund_notice(request, status, **changes))).status_code == 204
    await payment.worked()


async def test_a_second_payment_goes_back_once_somebody_approved_it(payment: RunningPayment) -> None:
    refund = await paid_twice(payment)
    assert (refund["state"], refund["reason"], refund["amount_fen"]) == ("REQUESTED", "SECOND_TRANSACTION", DUE_FEN)
    assert await payment.balances() == HELD
    assert payment.peer.refunds == []  # nothing leaves before a person says so

    assert (await payment.post(f"refunds/{refund['id']}/approve")).json()["state"] == "APPROVED"
    assert await payment.balances() == PAYABLE
    request = await asked(payment)
    assert (request["transaction_id"], request["amount"]["refund"]) == ("4200000002", DUE_FEN)
    assert await payment.balances() == PAYABLE  # accepted by the channel is not paid
    assert await payment.events("payment.refund_paid.v1") == []

    await reported(payment, request, "SUCCESS")
    assert await state(payment, refund) == "PAID"
    assert await payment.balances() == RETURNED
    (event,) = await payment.events("payment.refund_paid.v1")
    assert '"refunded_on":"2023-10-09"' in event["payload"]
    summary = await payment.get("summary?benefit_year=2024")
    assert (summary["suspense"]["count"], summary["refunds"]["count"]) == (0, 0)
    assert summary["refunds"]["by_state"]["PAID"] == {"count": 1, "fen": DUE_FEN}


async def test_the_same_success_reported_twice_moves_the_money_once(payment: RunningPayment) -> None:
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    request = await asked(payment)
    await reported(payment, request, "SUCCESS")
    await reported(payment, request, "SUCCESS")
    await reported(payment, request, "CLOSED")
    assert (await payment.notices())[2:] == [("APPLIED", None), ("REPEATED", None), ("REPEATED", None)]
    assert await payment.balances() == RETURNED


async def test_approving_twice_asks_once(payment: RunningPayment) -> None:
    refund = await paid_twice(payment)
    for _ in range(3):
        assert (await payment.post(f"refunds/{refund['id']}/approve")).status_code == 200
    await asked(payment)
    await submit_refunds(payment.running)
    assert len(payment.peer.refunds) == 1
    assert await payment.balances() == PAYABLE


async def test_a_retry_asks_under_the_same_number(payment: RunningPayment) -> None:
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    await asked(payment)
    await noted(payment)
    await submit_refunds(payment.running, again_after_s=0)
    assert (await asked(payment, 2))["out_refund_no"] == payment.peer.refunds[0]["out_refund_no"] == refund["refund_no"]


async def test_abnormal_is_not_final(payment: RunningPayment) -> None:
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    request = await asked(payment)
    await reported(payment, request, "ABNORMAL")
    assert await state(payment, refund) == "ABNORMAL"
    assert await payment.balances() == PAYABLE
    await reported(payment, request, "SUCCESS")
    assert await payment.balances() == RETURNED


async def test_a_refund_that_the_channel_closed_is_asked_again_under_another_number(payment: RunningPayment) -> None:
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    first = await asked(payment)
    await reported(payment, first, "CLOSED")
    assert await state(payment, refund) == "PAY_FAILED"
    assert (await payment.post(f"refunds/{refund['id']}/approve")).json()["state"] == "APPROVED"
    second = await asked(payment, 2)
    assert second["out_refund_no"] != first["out_refund_no"]
    await reported(payment, second, "SUCCESS")
    assert await payment.balances() == RETURNED


async def asked_under_two_numbers(payment: RunningPayment) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A refund that the channel closed and that was asked again; the refund and what the channel was asked."""
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    first = await asked(payment)
    await reported(payment, first, "CLOSED")
    await payment.post(f"refunds/{refund['id']}/approve")
    return refund, first, await asked(payment, 2)


async def test_late_word_about_an_earlier_number_of_ours_is_a_repetition(payment: RunningPayment) -> None:
    """B3: it was quarantined REFUND_NOT_ASKED."""
    refund, first, second = await asked_under_two_numbers(payment)
    await reported(payment, first, "CLOSED")
    await reported(payment, first, "ABNORMAL")
    await reported(payment, first, "PROCESSING")
    assert (await payment.notices())[3:] == [("REPEATED", None), ("REPEATED", None), ("IGNORED", None)]
    assert await state(payment, refund) == "ASKED", "the newer attempt stands"
    await reported(payment, second, "SUCCESS")
    await reported(payment, first, "CLOSED")
    assert (await payment.notices())[-1] == ("REPEATED", None)
    assert await payment.balances() == RETURNED


async def test_a_success_of_a_number_that_was_closed_is_looked_at_by_a_person(payment: RunningPayment) -> None:
    """B3, its other side: money that left twice is no repetition."""
    _, first, second = await asked_under_two_numbers(payment)
    await reported(payment, second, "SUCCESS")
    await reported(payment, first, "SUCCESS")
    await reported(payment, first, "CLOSED", amount={"total": DUE_FEN, "refund": DUE_FEN - 1})
    assert (await payment.notices())[4:] == [("QUARANTINED", "REFUND_DIFFERS")] * 2
    assert await payment.balances() == RETURNED


async def test_a_number_that_only_looks_like_ours_is_not_ours(payment: RunningPayment) -> None:
    """B3: neither another refund's id nor an attempt that was never made is an earlier number."""
    refund, first, _ = await asked_under_two_numbers(payment)
    for number in (f"R{'0' * 32}T1", refund["refund_no"][:-1] + "3", refund["refund_no"] + "x"):
        await reported(payment, first | {"out_refund_no": number}, "CLOSED")
    assert (await payment.notices())[3:] == [("QUARANTINED", "REFUND_NOT_ASKED")] * 3


async def test_word_about_a_number_while_the_next_attempt_is_approved_is_not_lost(payment: RunningPayment) -> None:
    """B3 and A1: while the row was locked it got its next number, and the notice found no such refund."""
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    first = await asked(payment)
    await reported(payment, first, "CLOSED")
    async with payment.running.database.transaction(COUNTY) as approving:
        await approve(approving, UUID(refund["id"]), TODAY, Trace.start("somebody"))
        assert (await payment.notify(refund_notice(first, "CLOSED"))).status_code == 204

        async def waits() -> bool:
            return bool(await payment.one(WAITING))

        await eventually(waits, message="the notice waits for the refund")
    await payment.worked()
    assert (await payment.notices())[-1] == ("REPEATED", None)


async def test_the_channels_own_number_is_kept_from_its_reply_its_notice_and_its_answer(
    payment: RunningPayment,
) -> None:
    """B3: refund_id was kept nowhere, and the channel's bills name refunds by it."""
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    request = await asked(payment)

    async def kept() -> str | None:
        found: str | None = (await payment.get("refunds"))[0]["channel_refund_id"]
        return found

    await noted(payment)
    assert await kept() == refund_id(request), "from the reply"
    payment.peer.refund_answers[refund["refund_no"]] = {"status": "PROCESSING", "refund_id": "50000000382019052709"}
    assert await submit_refunds(payment.running, again_after_s=0) == 1
    assert await kept() == "50000000382019052709", "from the answer to a query"
    await reported(payment, request, "CLOSED", refund_id="50300007092019120200009812345")
    assert await kept() == "50300007092019120200009812345", "from the notice"
    await payment.post(f"refunds/{refund['id']}/approve")
    second = await asked(payment, 2)

    async def of_the_new_attempt() -> bool:
        return await kept() == refund_id(second)

    await eventually(of_the_new_attempt, message="another attempt has another number")
    await reported(payment, second, "SUCCESS", refund_id=17)
    assert (await kept(), await state(payment, refund)) == (refund_id(second), "ASKED"), (
        "a number that is no text is not read: the channel is asked"
    )
    await reported(payment, second, "SUCCESS")
    assert (await kept(), await state(payment, refund)) == (refund_id(second), "PAID")


async def test_a_refund_that_a_query_finds_concluded_keeps_the_channels_number(payment: RunningPayment) -> None:
    """B3: the notice was lost, and the answer to a query took its place."""
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    request = await asked(payment)
    payment.peer.refund_answers[refund["refund_no"]] = {
        "status": "SUCCESS",
        "refund_id": "50000000382019052709",
        "out_trade_no": "unsaid",
        "transaction_id": request["transaction_id"],
        "success_time": "2023-10-09T09:00:00+08:00",
        "amount": {"total": DUE_FEN, "refund": DUE_FEN},
    }
    await noted(payment)
    assert await submit_refunds(payment.running, again_after_s=0) == 1
    await payment.worked()
    (found,) = await payment.get("refunds")
    assert (found["state"], found["channel_refund_id"]) == ("PAID", "50000000382019052709")


async def test_a_service_providers_refund_is_another_merchants(payment: RunningPayment) -> None:
    """W4: partner mode (sp_mchid, sub_mchid) was unreadable; of a refund, too."""
    request = {"transaction_id": "4200000009", "out_refund_no": "theirs", "amount": {"total": 7, "refund": 7}}
    await reported(payment, request, "SUCCESS", mchid=None, sp_mchid=MCHID, sub_mchid="1900007777")
    assert await payment.notices() == [("QUARANTINED", "OTHER_MERCHANT")]
    (kept,) = await payment.get("quarantine")
    assert (kept["payee_provider_id"], kept["payee_merchant_id"], kept["refund_no"]) == (MCHID, "1900007777", "theirs")


async def test_another_merchants_refund_does_not_wait_for_a_payment_that_never_comes(payment: RunningPayment) -> None:
    """W4, of its kind: it was parked REFUND_BEFORE_PAYMENT for ever."""
    request = {"transaction_id": "4200000009", "out_refund_no": "theirs", "amount": {"total": 7, "refund": 7}}
    await reported(payment, request, "SUCCESS", mchid="1900009999")
    assert await payment.notices() == [("QUARANTINED", "OTHER_MERCHANT")]


async def test_a_refund_that_the_channel_refuses_keeps_its_number_because_an_earlier_try_may_have_arrived(
    payment: RunningPayment,
) -> None:
    refund = await paid_twice(payment)
    payment.peer.refuses_refunds = "NOT_ENOUGH"
    await payment.post(f"refunds/{refund['id']}/approve")
    first = await asked(payment)

    async def refused() -> bool:
        return bool((await payment.get("refunds"))[0]["failure"] == "NOT_ENOUGH")

    await eventually(refused, message="the refusal is noted")
    assert await state(payment, refund) == "ASKED"
    assert await submit_refunds(payment.running) == 0, "not again before its turn"
    payment.peer.refuses_refunds = None
    assert (await payment.post(f"refunds/{refund['id']}/approve")).json()["state"] == "ASKED"
    second = await asked(payment, 2)
    assert second["out_refund_no"] == first["out_refund_no"]
    await reported(payment, second, "SUCCESS")
    assert await payment.balances() == RETURNED
    assert (await payment.get("refunds"))[0]["failure"] is None


async def test_the_payer_reads_why_in_words(payment: RunningPayment) -> None:
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    assert (await asked(payment))["reason"] == "重复缴费，款项退回"
    assert all(len(payer_reason(reason).encode()) <= 80 for reason in SuspenseReason)


async def test_a_refund_of_another_amount_than_asked_is_quarantined(payment: RunningPayment) -> None:
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    await reported(payment, await asked(payment), "SUCCESS", amount={"total": DUE_FEN, "refund": DUE_FEN - 1})
    assert (await payment.notices())[-1] == ("QUARANTINED", "REFUND_DIFFERS")
    assert await payment.balances() == PAYABLE


async def test_a_refund_dated_before_its_payment_is_held_and_moves_nothing(payment: RunningPayment) -> None:
    """D1: the channel's word is kept, and no money is booked as gone before it came."""
    refund = await paid_twice(payment)
    await payment.post(f"refunds/{refund['id']}/approve")
    asked_for = await asked(payment)
    await reported(payment, asked_for, "SUCCESS", success_time="2023-10-07T23:59:59+08:00")
    assert (await payment.notices())[-1] == ("QUARANTINED", "REFUND_TOO_EARLY")
    assert await payment.balances() == PAYABLE
    await reported(payment, asked_for, "SUCCESS", success_time="2023-10-08T23:59:59+08:00")
    assert await payment.balances() == RETURNED


@pytest.mark.guard("REFUND_BEFORE_PAYMENT", mechanism="WECHAT")
async def test_a_refund_notice_before_its_payment_is_parked_and_looked_at_again(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    stranger = {"transaction_id": "4200000009", "out_refund_no": "made-by-hand", "amount": {"total": 1, "refund": 1}}
    await reported(payment, stranger, "SUCCESS")
    assert await payment.notices() == [("PARKED", "REFUND_BEFORE_PAYMENT")]
    summary = await payment.get("summary?benefit_year=2024")
    assert (summary["parked"], summary["quarantine"]["count"]) == ({"count": 1, "fen": 1}, 0)
    await payment.paid(order, transaction_id="4200000009")
    await payment.worked()
    assert await payment.notices() == [("APPLIED", None), ("CREDITED", None)]
    assert await payment.balances() == RETURNED | {"channel:WECHAT": DUE_FEN - 1, "refunded_unasked": 1}


async def test_a_refund_notice_that_was_parked_while_its_payment_was_booked_is_looked_at_again(
    payment: RunningPayment,
) -> None:
    (person,) = await payment.bill()
    await payment.paid(await payment.order(person), transaction_id="4200000009")
    stranger = {"transaction_id": "4200000009", "out_refund_no": "made-by-hand", "amount": {"total": 1, "refund": 1}}
    await reported(payment, stranger, "SUCCESS")
    await payment.sql("UPDATE raw_notice SET state = 'PARKED', reason = 'x' WHERE kind = 'REFUND' RETURNING id")
    assert await retry_parked(payment.running) == 1
    await payment.worked()
    assert (await payment.notices())[1] == ("APPLIED", None)
    assert (await payment.balances())["refunded_unasked"] == 1, "once, however often it is looked at"
    assert await retry_parked(payment.running) == 0


async def test_other_suspended_money_goes_back_when_one_asks_and_another_approves(payment: RunningPayment) -> None:
    """C1: nobody approves their own act, and a name that reads the same is no other client."""
    await payment.paid({"order_no": "nobody-ordered-this", "amount_fen": 700})
    (item,) = await payment.get("suspense?state=HELD")
    assert await payment.get("refunds") == []
    refund_id = (await payment.post(f"suspense/{item['id']}/refund")).json()["refund_id"]
    assert (await payment.post(f"suspense/{item['id']}/refund")).json()["refund_id"] == refund_id
    for client in ("clerk", "ＣＬＥＲＫ"):
        refused = await payment.post(f"refunds/{refund_id}/approve", client=client)
        assert (refused.status_code, refused.json()["code"]) == (403, "APPROVAL_OF_OWN_ACT")
    assert [one["state"] for one in await payment.get("refunds")] == ["REQUESTED"]
    assert (await payment.post(f"refunds/{refund_id}/approve", client="chief")).is_success
    await reported(payment, await asked(payment), "SUCCESS")
    assert await payment.balances() == {}
    assert (await payment.get("suspense"))[0]["state"] == "REFUNDED"


async def test_a_refund_outside_the_callers_region_is_not_found(payment: RunningPayment) -> None:
    refund = await paid_twice(payment)
    answer = await payment.post(f"refunds/{refund['id']}/approve", region="411522")
    assert answer.status_code == 404
    assert await payment.get("refunds", region="411522") == []
