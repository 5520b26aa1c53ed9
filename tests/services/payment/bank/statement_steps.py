"""Steps of the tests about the bank's statements: booking lines, reversing them by two clients, waiting for a day."""

from typing import Any
from uuid import UUID

import httpx

from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.wechat_peer import MCHID
from tests.services.payment.running_payment import RunningPayment
from verify.checks import CHECKS
from verify.snapshot import open_databases

DAY, NEXT_DAY, BOOKED_ON = "2023-10-08", "2023-10-09", "2023-10-10"
REASON = {"reason": "金额录错一位", "evidence": "银行回单 0917"}


def line(number: int = 1, amount_fen: int = DUE_FEN, day: str = DAY, **changed: Any) -> dict[str, Any]:
    reference = f"WECHAT:{MCHID}:{day}"
    return {"line_no": number, "kind": "SETTLEMENT", "reference": reference, "amount_fen": amount_fen} | changed


async def book(
    payment: RunningPayment, *lines: dict[str, Any], number: str = "B1", booked_on: str = BOOKED_ON, **changed: Any
) -> httpx.Response:
    body = {"statement_no": number, "booked_on": booked_on, "lines": list(lines)} | changed
    return await payment.post("bank-statements", body, client="bank")


async def lines_of(payment: RunningPayment, number: str = "B1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await payment.get(f"bank-lines?statement_no={number}"))["items"]
    return found


async def proposed(payment: RunningPayment, line_id: str, *, client: str = "bank") -> str:
    answer = await payment.post(f"bank-lines/{line_id}/reversal", REASON, client=client)
    assert answer.status_code == 202, answer.text
    found: str = answer.json()["id"]
    return found


async def decide(payment: RunningPayment, approval: str, what: str, client: str) -> httpx.Response:
    return await payment.post(f"approvals/{approval}/{what}", {"because": "已与银行回单核对"}, client=client)


async def close_difference(payment: RunningPayment, difference: str, reason: str) -> str:
    """Two people close a difference by their word; the approval."""
    path = f"settlement-differences/{difference}/closing"
    approval = str((await payment.post(path, {"reason": reason}, client="bank")).json()["id"])
    assert (await decide(payment, approval, "approval", "tax")).status_code == 200
    return approval


async def reverse(payment: RunningPayment, line_id: str) -> None:
    answer = await decide(payment, await proposed(payment, line_id), "approval", "tax")
    assert (answer.status_code, answer.json()["state"]) == (200, "APPROVED"), answer.text


async def day_in(payment: RunningPayment, state: str, day: str) -> dict[str, Any]:
    async def there() -> dict[str, Any]:
        batches = (await payment.get(f"remittances?kind=ONLINE&state={state}"))["items"]
        found: list[dict[str, Any]] = [batch for batch in batches if batch["settlement_day"] == day]
        assert len(found) == 1, await payment.get("remittances?kind=ONLINE")
        return found[0]

    return await eventually(there)


async def pay(payment: RunningPayment, *, success_time: str) -> UUID:
    (person,) = await payment.bill()
    await payment.paid(await payment.order(person), success_time=success_time)
    return person


# What of the auditor's checks is about payment's own rows; the other services of these tests stand still.
OF_PAYMENT = (
    "CHANNEL_SUCCESSES",
    "CHANNEL_WORD",
    "MONEY_HAS_A_SOURCE",
    "SUSPENSE_DECIDED",
    "MOVED_FOR_A_REASON",
    "PAYMENTS_BOOKED",
    "BANK_STATEMENT",
    "CHANNEL_BILLS",
    "BILLS_AS_READ",
    "DIFFERENCES_PROVED",
    "REMITTED_ONCE",
    "BOOKS_EQUATION",
    "BOOKS_POSTINGS",
    "BOOKS_SUMS",
    "BOOKS_ACCOUNTS",
)


async def breaks(payment: RunningPayment) -> list[str]:
    """What the auditor finds wrong in payment's rows."""
    async with open_databases(payment.installation.settings) as databases:
        results = [await check.result(databases) for check in CHECKS if check.code in OF_PAYMENT]
    assert len(results) == len(OF_PAYMENT)
    return [f"{result.code}: {each}" for result in results if result.breaks for each in result.rows]


async def attribute(payment: RunningPayment, transaction: str, day: str, **refund: str) -> httpx.Response:
    """Propose that a payment, or one refund of it, was settled with another day."""
    body = {"channel": "WECHAT", "merchant_id": MCHID, "transaction_id": transaction, "settlement_day": day}
    return await payment.post("settlement-attributions", body | refund | REASON, client="bank")


async def attributed(payment: RunningPayment, transaction: str, day: str, **refund: str) -> None:
    """The same, approved by another client."""
    answer = await attribute(payment, transaction, day, **refund)
    assert answer.status_code == 202, answer.text
    approved = await decide(payment, answer.json()["id"], "approval", "tax")
    assert (approved.status_code, approved.json()["state"]) == (200, "APPROVED"), approved.text


async def refund_of(payment: RunningPayment) -> dict[str, Any]:
    """The one refund that waits is approved and asked for at the channel."""

    async def requested() -> str:
        (refund,) = await payment.get("refunds")
        found: str = refund["id"]
        return found

    assert (await payment.post(f"refunds/{await eventually(requested)}/approve")).is_success
    asked: dict[str, Any] = (await eventually(lambda: payment.peer.refunds))[0]
    return asked
