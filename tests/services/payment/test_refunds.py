"""The way back: a second payment goes to suspense and returns by its channel, final only when the channel says so."""

from typing import Any

from services.payment.crediting.worker import retry_parked
from services.payment.refunds.payer_messages import payer_reason
from services.payment.refunds.submission import submit_refunds
from services.payment.suspense.reasons import SuspenseReason
from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.wechat_peer import refund_notice
from tests.services.payment.till import Till

HELD = {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}
PAYABLE = {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "refund_payable": -DUE_FEN}
RETURNED = {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}


async def paid_twice(till: Till) -> dict[str, Any]:
    """Somebody pays one order twice; the refund that is put forward."""
    (person,) = await till.bill()
    order = await till.order(person)
    await till.paid(order, transaction_id="4200000001")
    await till.paid(order, transaction_id="4200000002")
    (refund,) = await till.get("refunds")
    found: dict[str, Any] = refund
    return found


async def asked(till: Till, times: int = 1) -> dict[str, Any]:
    """Wait until the channel was asked so many times; the last request as it received it."""
    await eventually(lambda: len(till.peer.refunds) >= times, message="the channel is asked")
    return till.peer.refunds[times - 1]


async def state(till: Till, refund: dict[str, Any]) -> str:
    """Where a refund stands."""
    return str((await till.sql("SELECT state FROM refund WHERE id = $1::uuid", refund["id"]))[0]["state"])


async def told(till: Till, request: dict[str, Any], status: str, **changes: Any) -> None:
    """The channel tells what became of a refund."""
    assert (await till.notify(refund_notice(request, status, **changes))).status_code == 204
    await till.worked()


async def test_a_second_payment_goes_back_once_somebody_approved_it(till: Till) -> None:
    refund = await paid_twice(till)
    assert (refund["state"], refund["reason"], refund["amount_fen"]) == ("REQUESTED", "SECOND_TRANSACTION", DUE_FEN)
    assert await till.balances() == HELD
    assert till.peer.refunds == []  # nothing leaves before a person says so

    assert (await till.post(f"refunds/{refund['id']}/approve")).json()["state"] == "APPROVED"
    assert await till.balances() == PAYABLE
    request = await asked(till)
    assert (request["transaction_id"], request["amount"]["refund"]) == ("4200000002", DUE_FEN)
    assert await till.balances() == PAYABLE  # accepted by the channel is not paid
    assert await till.events("payment.refund_paid.v1") == []

    await told(till, request, "SUCCESS")
    assert await state(till, refund) == "PAID"
    assert await till.balances() == RETURNED
    (event,) = await till.events("payment.refund_paid.v1")
    assert '"refunded_on":"2023-10-09"' in event["payload"]
    summary = await till.get("summary?benefit_year=2024")
    assert (summary["suspense"]["count"], summary["refunds"]["count"]) == (0, 0)
    assert summary["refunds"]["by_state"]["PAID"] == {"count": 1, "fen": DUE_FEN}


async def test_the_same_success_told_twice_moves_the_money_once(till: Till) -> None:
    refund = await paid_twice(till)
    await till.post(f"refunds/{refund['id']}/approve")
    request = await asked(till)
    await told(till, request, "SUCCESS")
    await told(till, request, "SUCCESS")
    await told(till, request, "CLOSED")
    assert (await till.notices())[2:] == [("APPLIED", None), ("REPEATED", None), ("REPEATED", None)]
    assert await till.balances() == RETURNED


async def test_approving_twice_asks_once(till: Till) -> None:
    refund = await paid_twice(till)
    for _ in range(3):
        assert (await till.post(f"refunds/{refund['id']}/approve")).status_code == 200
    await asked(till)
    await submit_refunds(till.running)
    assert len(till.peer.refunds) == 1
    assert await till.balances() == PAYABLE


async def test_a_retry_asks_under_the_same_number(till: Till) -> None:
    refund = await paid_twice(till)
    await till.post(f"refunds/{refund['id']}/approve")
    await asked(till)
    await submit_refunds(till.running, again_after_s=0)
    assert (await asked(till, 2))["out_refund_no"] == till.peer.refunds[0]["out_refund_no"] == refund["refund_no"]


async def test_abnormal_is_not_final(till: Till) -> None:
    refund = await paid_twice(till)
    await till.post(f"refunds/{refund['id']}/approve")
    request = await asked(till)
    await told(till, request, "ABNORMAL")
    assert await state(till, refund) == "ABNORMAL"
    assert await till.balances() == PAYABLE
    await told(till, request, "SUCCESS")
    assert await till.balances() == RETURNED


async def test_a_refund_that_the_channel_closed_is_asked_anew_under_another_number(till: Till) -> None:
    refund = await paid_twice(till)
    await till.post(f"refunds/{refund['id']}/approve")
    first = await asked(till)
    await told(till, first, "CLOSED")
    assert await state(till, refund) == "PAY_FAILED"
    assert (await till.post(f"refunds/{refund['id']}/approve")).json()["state"] == "APPROVED"
    second = await asked(till, 2)
    assert second["out_refund_no"] != first["out_refund_no"]
    await told(till, second, "SUCCESS")
    assert await till.balances() == RETURNED


async def test_a_refund_that_the_channel_refuses_keeps_its_number_because_an_earlier_try_may_have_arrived(
    till: Till,
) -> None:
    refund = await paid_twice(till)
    till.peer.refuses_refunds = "NOT_ENOUGH"
    await till.post(f"refunds/{refund['id']}/approve")
    first = await asked(till)

    async def refused() -> bool:
        return bool((await till.get("refunds"))[0]["failure"] == "NOT_ENOUGH")

    await eventually(refused, message="the refusal is noted")
    assert await state(till, refund) == "ASKED"
    assert await submit_refunds(till.running) == 0, "not again before its turn"
    till.peer.refuses_refunds = None
    assert (await till.post(f"refunds/{refund['id']}/approve")).json()["state"] == "ASKED"
    second = await asked(till, 2)
    assert second["out_refund_no"] == first["out_refund_no"]
    await told(till, second, "SUCCESS")
    assert await till.balances() == RETURNED
    assert (await till.get("refunds"))[0]["failure"] is None


async def test_the_payer_reads_why_in_words(till: Till) -> None:
    refund = await paid_twice(till)
    await till.post(f"refunds/{refund['id']}/approve")
    assert (await asked(till))["reason"] == "重复缴费，款项退回"
    assert all(len(payer_reason(reason).encode()) <= 80 for reason in SuspenseReason)


async def test_a_refund_of_another_amount_than_asked_is_quarantined(till: Till) -> None:
    refund = await paid_twice(till)
    await till.post(f"refunds/{refund['id']}/approve")
    await told(till, await asked(till), "SUCCESS", amount={"total": DUE_FEN, "refund": DUE_FEN - 1})
    assert (await till.notices())[-1] == ("QUARANTINED", "REFUND_DIFFERS")
    assert await till.balances() == PAYABLE


async def test_a_refund_notice_before_its_payment_is_parked_and_looked_at_again(till: Till) -> None:
    (person,) = await till.bill()
    order = await till.order(person)
    stranger = {"transaction_id": "4200000009", "out_refund_no": "made-by-hand", "amount": {"total": 1, "refund": 1}}
    await told(till, stranger, "SUCCESS")
    assert await till.notices() == [("PARKED", "REFUND_BEFORE_PAYMENT")]
    await till.paid(order, transaction_id="4200000009")
    await till.worked()
    assert await till.notices() == [("QUARANTINED", "REFUND_NOT_ASKED"), ("CREDITED", None)]
    assert await till.balances() == RETURNED


async def test_a_refund_notice_that_was_parked_while_its_payment_was_booked_is_looked_at_again(till: Till) -> None:
    (person,) = await till.bill()
    await till.paid(await till.order(person), transaction_id="4200000009")
    stranger = {"transaction_id": "4200000009", "out_refund_no": "made-by-hand", "amount": {"total": 1, "refund": 1}}
    await told(till, stranger, "SUCCESS")
    await till.sql("UPDATE raw_notice SET state = 'PARKED', reason = 'x' WHERE kind = 'REFUND' RETURNING id")
    assert await retry_parked(till.running) == 1
    await till.worked()
    assert (await till.notices())[1] == ("QUARANTINED", "REFUND_NOT_ASKED")
    assert await retry_parked(till.running) == 0


async def test_other_suspended_money_goes_back_when_somebody_asks_for_it(till: Till) -> None:
    await till.paid({"order_no": "nobody-ordered-this", "amount_fen": 700})
    (item,) = await till.get("suspense?state=HELD")
    assert await till.get("refunds") == []
    refund_id = (await till.post(f"suspense/{item['id']}/refund")).json()["refund_id"]
    assert (await till.post(f"suspense/{item['id']}/refund")).json()["refund_id"] == refund_id
    await till.post(f"refunds/{refund_id}/approve")
    await told(till, await asked(till), "SUCCESS")
    assert await till.balances() == {}
    assert (await till.get("suspense"))[0]["state"] == "REFUNDED"


async def test_a_refund_outside_the_callers_region_is_not_found(till: Till) -> None:
    refund = await paid_twice(till)
    answer = await till.post(f"refunds/{refund['id']}/approve", region="411522")
    assert answer.status_code == 404
    assert await till.get("refunds", region="411522") == []
