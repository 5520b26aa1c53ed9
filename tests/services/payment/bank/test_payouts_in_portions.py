"""F: a payout of any size is settled some movements at a time, and goes on from where it stood."""

from datetime import date
from pathlib import Path
from typing import Any

from services.payment.payouts.bill_job import step
from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.wechat_peer import refund_id, refund_notice
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import REASON, book, breaks, line, lines_of
from tests.services.payment.running_payment import RunningPayment, running_payment

PORTION = 2


async def paid_out(payment: RunningPayment) -> None:
    """Three people pay, one of them twice; what came twice is given back, and the bills of it are there."""
    days = BilledDays(payment)
    (person,) = await payment.bill()
    order = await payment.order(person)
    for hour in (10, 11):
        await payment.paid(order, success_time=f"{FIRST}T{hour}:00:00+08:00")
        twice = await payment.one("SELECT transaction_id FROM payment ORDER BY paid_at DESC LIMIT 1")
        days.bill_payment(f"{FIRST} {hour}:00:00", twice, order["order_no"])
    await days.pay(f"{FIRST} 12:00:00")
    await days.pay(f"{FIRST} 13:00:00")

    async def requested() -> str:
        (refund,) = await payment.get("refunds")
        found: str = refund["id"]
        return found

    assert (await payment.post(f"refunds/{await eventually(requested)}/approve")).is_success
    asked: dict[str, Any] = (await eventually(lambda: payment.peer.refunds))[0]
    notice = refund_notice(asked, success_time=f"{FIRST}T14:00:00+08:00")
    assert (await payment.notify(notice)).status_code == 204
    await payment.worked()
    days.bill_refund(f"{FIRST} 14:00:00", twice, refund_id(asked), asked["out_refund_no"])
    days.payout(f"{SECOND} 05:00:00", 3 * DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)

    async def awaited() -> bool:
        return bool(await payment.sql("SELECT FROM payout WHERE state = 'AWAITED'"))

    await eventually(awaited, message="the payout is taken out of its bill")


async def states(payment: RunningPayment) -> tuple[Any, Any]:
    """Of the payout and of its batch."""
    (found,) = await payment.sql(
        "SELECT o.state, b.state AS batch FROM payout o LEFT JOIN remittance_batch b ON b.id = o.batch_id"
    )
    return found["state"], found["batch"]


async def on_its_way(payment: RunningPayment) -> tuple[Any, ...]:
    """How many lines and fen the batch has on their way, and how many lines it counted."""
    (found,) = await payment.sql(
        """
        SELECT b.line_count, b.amount_fen, (SELECT count(*) FROM remittance_line WHERE batch_id = b.id) AS lines,
               (SELECT count(*) FROM payment_line WHERE counted_by = b.id) AS counted
        FROM remittance_batch b
        """
    )
    return tuple(found)


async def test_a_payout_is_settled_in_portions_and_the_books_agree_after_each(
    installation: Installation, tmp_path: Path
) -> None:
    """F: what is counted, booked and on its way agree at every commit; what is half settled is not reversed."""
    async with running_payment(installation, tmp_path) as payment:
        await paid_out(payment)
    async with running_payment(installation, tmp_path, role="web", today=date.fromisoformat(THIRD)) as payment:
        assert (await book(payment, line(1, 3 * DUE_FEN, FIRST), booked_on=SECOND)).status_code == 201
        assert await step(payment.running, portion=PORTION) == 1
        assert await states(payment) == ("SETTLING", "OPEN")
        assert await on_its_way(payment) == (1, DUE_FEN, 1, 2)
        assert await breaks(payment) == []
        (entered,) = await lines_of(payment)
        refused = await payment.post(f"bank-lines/{entered['id']}/reversal", REASON, client="bank")
        assert (refused.status_code, refused.json()["code"]) == (409, "BANK_LINE_BEING_SETTLED")
        # What the bank books besides is no part of a batch that is being settled.
        assert (await book(payment, line(1, 100, FIRST), number="B2", booked_on=SECOND)).status_code == 201

        assert await step(payment.running, portion=PORTION) == 1
        assert await on_its_way(payment) == (3, 3 * DUE_FEN, 3, 4)
        assert (await states(payment), await breaks(payment)) == (("SETTLING", "OPEN"), [])

        assert await step(payment.running, portion=PORTION) == 1
        assert await states(payment) == ("MET", "READY_TO_REMIT")
        assert await on_its_way(payment) == (3, 3 * DUE_FEN, 3, 4)
        assert await step(payment.running, portion=PORTION) == 1
        held = (await payment.get("remittances?kind=ONLINE&state=HELD"))["items"]
        assert [(one["part"], one["declared_fen"]) for one in held] == [(2, 100)]
        assert await step(payment.running, portion=PORTION) == 0
        assert await payment.balances() == {"pending": 3 * DUE_FEN, "premium": -3 * DUE_FEN}
        assert await breaks(payment) == []
