"""A settlement day has as many batches as the bank's money came in parts, and money has the day it was settled with."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.wechat_peer import refund_notice
from tests.services.payment.bank.statement_steps import (
    DAY,
    NEXT_DAY,
    attribute,
    attributed,
    book,
    breaks,
    day_in,
    decide,
    line,
    lines_of,
    pay,
    reverse,
)
from tests.services.payment.running_payment import RunningPayment, running_payment

THIRD_DAY = "2023-10-10"


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    # The days of these tests lie before the channel's first bill.
    async with running_payment(installation, tmp_path, today=date(2023, 10, 20)) as opened:
        yield opened


async def part(payment: RunningPayment, number: int, state: str, day: str = DAY) -> dict[str, Any]:
    """A part of a day, once it is in that state."""

    async def there() -> dict[str, Any]:
        batches = (await payment.get(f"remittances?kind=ONLINE&state={state}"))["items"]
        found = [one for one in batches if (one["settlement_day"], one["part"]) == (day, number)]
        assert found, await payment.get("remittances?kind=ONLINE")
        only: dict[str, Any] = found[0]
        return only

    return await eventually(there)


async def refunded(payment: RunningPayment, success_time: str) -> dict[str, Any]:
    """The one refund that waits is approved, and the channel says that it is paid; returns what we asked for."""

    async def requested() -> str:
        (refund,) = [one for one in await payment.get("refunds") if one["state"] == "REQUESTED"]
        found: str = refund["id"]
        return found

    assert (await payment.post(f"refunds/{await eventually(requested)}/approve")).is_success
    before = len(payment.peer.refunds)
    await eventually(lambda: len(payment.peer.refunds) > before or payment.peer.refunds, message="asked")
    asked: dict[str, Any] = payment.peer.refunds[-1]
    assert (await payment.notify(refund_notice(asked, success_time=success_time))).status_code == 204
    await payment.worked()
    return asked


async def transaction_of(payment: RunningPayment, day: str) -> str:
    """The channel's number of the one payment of a day."""
    found: str = await payment.one("SELECT transaction_id FROM payment WHERE paid_on = $1", date.fromisoformat(day))
    return found


async def test_a_day_paid_out_in_two_parts_is_two_batches(payment: RunningPayment) -> None:
    """C1: the second payment's notice came after the first match; that premium was PAID and never remitted."""
    early, late = await payment.bill(2)
    late_order = await payment.order(late)
    await payment.paid(await payment.order(early), success_time=f"{DAY}T10:00:00+08:00")
    await book(payment, line(1))
    first = await part(payment, 1, "READY_TO_REMIT")
    await payment.paid(late_order, success_time=f"{DAY}T11:00:00+08:00")
    await book(payment, line(1), number="B2", booked_on="2023-10-11")
    second = await part(payment, 2, "READY_TO_REMIT")
    assert [(one["amount_fen"], one["line_count"]) for one in (first, second)] == [(DUE_FEN, 1), (DUE_FEN, 1)]
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    assert await breaks(payment) == []


async def test_money_after_the_match_that_nobody_paid_is_held_as_a_part_of_its_own_and_reversed(
    payment: RunningPayment,
) -> None:
    """C1: the week's statement repeated a day under another number; the line was left without a way on."""
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    await book(payment, line(1))
    await part(payment, 1, "READY_TO_REMIT")
    await book(payment, line(7), number="W41")
    held = await part(payment, 2, "HELD")
    assert [(one["kind"], one["ours_fen"], one["theirs_fen"]) for one in held["differences"]] == [
        ("SETTLEMENT_OVER", 0, DUE_FEN)
    ]
    (repeated,) = await lines_of(payment, "W41")
    assert repeated["batch_id"] == held["id"]
    await reverse(payment, repeated["id"])
    assert (await part(payment, 2, "CLOSED_EMPTY"))["declared_fen"] == 0
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


async def test_a_payment_of_the_last_second_is_settled_with_the_next_day(payment: RunningPayment) -> None:
    """C1: paid 23:59:59 and settled with the next day; both days held, everybody's money."""
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order, success_time=f"{DAY}T23:59:59+08:00")
    await pay(payment, success_time=f"{NEXT_DAY}T10:00:00+08:00")
    await book(payment, line(1), line(2, amount_fen=2 * DUE_FEN, day=NEXT_DAY))
    await part(payment, 1, "HELD")
    await part(payment, 1, "HELD", NEXT_DAY)
    last = await payment.one("SELECT transaction_id FROM payment WHERE order_no = $1", order["order_no"])
    await attributed(payment, last, NEXT_DAY)
    assert (await part(payment, 1, "READY_TO_REMIT"))["line_count"] == 1
    assert (await part(payment, 1, "READY_TO_REMIT", NEXT_DAY))["line_count"] == 2
    assert await payment.balances() == {"pending": 3 * DUE_FEN, "premium": -3 * DUE_FEN}
    assert await breaks(payment) == []


async def test_a_refund_whose_word_comes_after_its_day_is_deducted_from_the_day_that_it_is_attributed_to(
    payment: RunningPayment,
) -> None:
    """C5: a refund whose word came after its day was matched was never deducted."""
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order, success_time=f"{DAY}T10:00:00+08:00")
    await payment.paid(order, success_time=f"{DAY}T10:01:00+08:00")
    await pay(payment, success_time=f"{NEXT_DAY}T10:00:00+08:00")
    await pay(payment, success_time=f"{THIRD_DAY}T10:00:00+08:00")
    await book(payment, line(1, amount_fen=2 * DUE_FEN), line(2, day=NEXT_DAY))
    await part(payment, 1, "READY_TO_REMIT")
    await part(payment, 1, "READY_TO_REMIT", NEXT_DAY)
    asked = await refunded(payment, f"{NEXT_DAY}T23:00:00+08:00")
    await book(payment, line(1, amount_fen=0, day=THIRD_DAY), number="B2", booked_on="2023-10-11")
    await part(payment, 1, "HELD", THIRD_DAY)
    await attributed(payment, asked["transaction_id"], THIRD_DAY, refund_no=asked["out_refund_no"])
    assert (await part(payment, 1, "READY_TO_REMIT", THIRD_DAY))["line_count"] == 1
    assert await payment.balances() == {"pending": 3 * DUE_FEN, "premium": -3 * DUE_FEN}
    assert await breaks(payment) == []


async def test_a_refund_is_deducted_once_whatever_parts_its_day_has(payment: RunningPayment) -> None:
    """C5: the same refund would be counted again by every further part of its day."""
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order, success_time=f"{DAY}T10:00:00+08:00")
    await payment.paid(order, success_time=f"{DAY}T10:01:00+08:00")
    await refunded(payment, f"{DAY}T20:00:00+08:00")
    await book(payment, line(1))
    await part(payment, 1, "READY_TO_REMIT")
    await pay(payment, success_time=f"{DAY}T21:00:00+08:00")
    await book(payment, line(1), number="B2")
    assert (await part(payment, 2, "READY_TO_REMIT"))["line_count"] == 1
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    # Both parts are taken back, and counted again as one.
    for number in ("B1", "B2"):
        (booked,) = await lines_of(payment, number)
        await reverse(payment, booked["id"])
    assert await payment.balances() == {"channel:WECHAT": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    assert await breaks(payment) == []
    await book(payment, line(1, amount_fen=2 * DUE_FEN), number="B3")
    assert (await part(payment, 3, "READY_TO_REMIT"))["line_count"] == 2
    assert await breaks(payment) == []


async def test_a_deduction_from_a_later_payout_is_taken_back_with_its_line(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order, success_time=f"{DAY}T10:00:00+08:00")
    await payment.paid(order, success_time=f"{DAY}T10:01:00+08:00")
    await book(payment, line(1, amount_fen=2 * DUE_FEN))
    await part(payment, 1, "READY_TO_REMIT")
    await refunded(payment, f"{NEXT_DAY}T09:00:00+08:00")
    await book(payment, line(1, amount_fen=-DUE_FEN, day=NEXT_DAY), number="B2")
    await part(payment, 1, "CLOSED_EMPTY", NEXT_DAY)
    (booked,) = await lines_of(payment, "B2")
    await reverse(payment, booked["id"])
    assert await payment.balances() == {"channel:WECHAT": -DUE_FEN, "pending": 2 * DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []
    await book(payment, line(1, amount_fen=-DUE_FEN, day=NEXT_DAY), number="B3")
    await part(payment, 2, "CLOSED_EMPTY", NEXT_DAY)
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


async def test_what_was_settled_or_was_not_paid_yet_is_attributed_to_no_day(payment: RunningPayment) -> None:
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    transaction = await transaction_of(payment, DAY)
    early = await attribute(payment, transaction, "2023-10-07")
    assert (early.status_code, early.json()["code"]) == (409, "DATE_BEFORE_PREVIOUS_STEP")
    unknown = await attribute(payment, "4200000000", NEXT_DAY)
    assert unknown.status_code == 404
    no_refund = await attribute(payment, transaction, NEXT_DAY, refund_no="R404")
    assert no_refund.status_code == 404
    future = await attribute(payment, transaction, "2033-10-07")
    assert (future.status_code, future.json()["code"]) == (422, "DATE_IN_THE_FUTURE")
    waiting = (await attribute(payment, transaction, NEXT_DAY)).json()["id"]
    own = await decide(payment, waiting, "approval", "bank")
    assert (own.status_code, own.json()["code"]) == (403, "APPROVAL_OF_OWN_ACT")
    await book(payment, line(1))
    await day_in(payment, "READY_TO_REMIT", DAY)
    late = await decide(payment, waiting, "approval", "tax")
    assert (late.status_code, late.json()["code"]) == (409, "SETTLEMENT_ALREADY_COUNTED")
    await decide(payment, waiting, "withdrawal", "bank")
    settled = await attribute(payment, transaction, NEXT_DAY)
    assert (settled.status_code, settled.json()["code"]) == (409, "SETTLEMENT_ALREADY_COUNTED")
