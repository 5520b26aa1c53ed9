"""The way back: a second payment goes to suspense and returns by its channel, final only when the channel says so."""

from typing import Any

from services.payment.crediting.worker import retry_parked
from services.payment.refunds.payer_messages import payer_reason
from services.payment.refunds.submission import submit_refunds
from services.payment.suspense.reasons import SuspenseReason
from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.wechat_peer import refund_notice
from tests.services.payment.running_payment import RunningPayment

HELD = {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}
PAYABLE = {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "refund_payable": -DUE_FEN}
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
    assert await payment.notices() == [("QUARANTINED", "REFUND_NOT_ASKED"), ("CREDITED", None)]
    assert await payment.balances() == RETURNED


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
    assert (await payment.notices())[1] == ("QUARANTINED", "REFUND_NOT_ASKED")
    assert await retry_parked(payment.running) == 0


async def test_other_suspended_money_goes_back_when_somebody_asks_for_it(payment: RunningPayment) -> None:
    await payment.paid({"order_no": "nobody-ordered-this", "amount_fen": 700})
    (item,) = await payment.get("suspense?state=HELD")
    assert await payment.get("refunds") == []
    refund_id = (await payment.post(f"suspense/{item['id']}/refund")).json()["refund_id"]
    assert (await payment.post(f"suspense/{item['id']}/refund")).json()["refund_id"] == refund_id
    await payment.post(f"refunds/{refund_id}/approve")
    await reported(payment, await asked(payment), "SUCCESS")
    assert await payment.balances() == {}
    assert (await payment.get("suspense"))[0]["state"] == "REFUNDED"


async def test_a_refund_outside_the_callers_region_is_not_found(payment: RunningPayment) -> None:
    refund = await paid_twice(payment)
    answer = await payment.post(f"refunds/{refund['id']}/approve", region="411522")
    assert answer.status_code == 404
    assert await payment.get("refunds", region="411522") == []
