"""Each class of reconciliation, by what runs: a difference with its class, its numbers and an owner, or none at all."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.payment.refunds.submission import submit_refunds
from simulator.wechat.bill_files import TradeRow
from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.wechat_peer import refund_id, refund_notice
from tests.services.payment.bank.billed_days import FIRST, SECOND, THIRD, BilledDays
from tests.services.payment.bank.statement_steps import breaks
from tests.services.payment.bank.stepped_days import SteppedPayment, stepped_payment
from tests.services.payment.bank.test_payouts import differing, part, settle
from tests.services.payment.bank.test_unasked_refunds import twice_paid


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[SteppedPayment]:
    async with stepped_payment(installation, tmp_path) as opened:
        yield opened


async def over(days: BilledDays, payment: SteppedPayment, fen: int) -> None:
    """The first day is over and paid out, and the bank has it; the third day begins."""
    days.payout(f"{SECOND} 05:00:00", fen)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, fen)
    await payment.worked()


class TestPayments:
    async def test_a_day_on_which_all_agrees_has_no_difference(self, payment: SteppedPayment) -> None:
        """Class 1."""
        days = BilledDays(payment)
        for hour in (10, 11, 12):
            await days.pay(f"{FIRST} {hour}:00:00")
        await over(days, payment, 3 * DUE_FEN)
        ready = await part(payment, "READY_TO_REMIT")
        assert (ready["line_count"], ready["amount_fen"]) == (3, 3 * DUE_FEN)
        await differing(payment)

    async def test_each_difference_has_its_class_and_the_numbers_of_both_sides(self, payment: SteppedPayment) -> None:
        """2 amounts differ; 4 theirs only, though an order of ours waits for it; 6 ours only. 0 is not there yet."""
        days = BilledDays(payment)
        await days.pay(f"{FIRST} 10:00:00")
        await days.pay(f"{FIRST} 11:00:00", in_bill=False)
        await days.pay(f"{FIRST} 12:00:00", in_bill=False)
        rows = await payment.sql("SELECT transaction_id, order_no FROM payment ORDER BY paid_at")
        differs, ours = rows[1], rows[2]
        days.bill_payment(f"{FIRST} 11:00:00", differs["transaction_id"], differs["order_no"], DUE_FEN - 1)
        (person,) = await payment.bill()
        unpaid = (await payment.order(person))["order_no"]
        days.bill_payment(f"{FIRST} 13:00:00", "4200000004", unpaid)
        days.bill_payment(f"{FIRST} 14:00:00", "4200000005", "ELSEWHERE")
        await over(days, payment, 4 * DUE_FEN - 1)
        found = (await payment.get("settlement-differences"))["items"]
        numbers = ("difference_class", "transaction_id", "order_no", "ours_fen", "theirs_fen", "owner")
        assert sorted(tuple(one[name] for name in numbers) for one in found) == [
            (2, *_numbers(differs), DUE_FEN, DUE_FEN - 1, "CHANNEL"),
            (4, "4200000004", unpaid, None, DUE_FEN, "OFFICE"),
            (4, "4200000005", "ELSEWHERE", None, DUE_FEN, "OFFICE"),
            (6, *_numbers(ours), DUE_FEN, None, "CHANNEL"),
        ]
        assert await breaks(payment) == []

    async def test_a_payment_that_we_have_under_another_day_is_found_by_its_transaction(
        self, payment: SteppedPayment
    ) -> None:
        """Class 1: the channel's day is another one than ours."""
        days = BilledDays(payment)
        await days.pay(f"{FIRST} 10:00:00")
        await payment.sql("UPDATE payment SET paid_on = $1 RETURNING id", date(2023, 10, 7))
        await over(days, payment, DUE_FEN)
        await part(payment, "READY_TO_REMIT")
        await differing(payment)


class TestRefunds:
    @pytest.mark.parametrize(
        ("outcome", "fen", "word", "expected"),
        [
            ("PROCESSING", 0, None, []),
            ("SUCCESS", DUE_FEN, "SUCCESS", []),
            ("SUCCESS", DUE_FEN - 1, "SUCCESS", [2]),
            ("FAIL", 0, "SUCCESS", [5]),
            (None, 0, "SUCCESS", [6]),
            ("FAIL", 0, "CLOSED", []),
        ],
        ids=["0 not yet", "1 both", "2 amounts", "5 ours only succeeded", "6 ours only", "7 both failed"],
    )
    async def test_a_refund_of_ours_is_known_by_our_number(
        self, payment: SteppedPayment, outcome: str | None, fen: int, word: str | None, expected: list[int]
    ) -> None:
        days = BilledDays(payment)
        transaction = await twice_paid(payment, days)
        asked = await _asked(payment)
        if outcome is not None:
            number = (refund_id(asked), asked["out_refund_no"])
            row = TradeRow(f"{FIRST} 12:00:00", transaction, "ORDER", DUE_FEN, 0, *number, fen or DUE_FEN, outcome)
            days.trades[FIRST].append(row)
        if fen:
            days.flow(f"{FIRST} 12:00:00", refund_id(asked), "退款", -fen, voucher=asked["out_refund_no"])
        if word is not None:
            said = {"success_time": f"{FIRST}T12:00:00+08:00"} if word == "SUCCESS" else {}
            assert (await payment.notify(refund_notice(asked, word, **said))).is_success
            await payment.worked()
        await over(days, payment, 2 * DUE_FEN - fen)
        found = (await payment.get("settlement-differences"))["items"]
        assert [(one["difference_class"], one["kind"], one["refund_no"]) for one in found] == [
            (each, "REFUND", asked["out_refund_no"]) for each in expected
        ]
        assert await breaks(payment) == []

    async def test_a_refund_that_succeeded_there_and_not_here(self, payment: SteppedPayment) -> None:
        """3 theirs succeeded while ours waits for its approval; 4 is one that nobody here asked for."""
        days = BilledDays(payment)
        transaction = await twice_paid(payment, days)
        (refund,) = await payment.get("refunds")
        days.flow(f"{FIRST} 12:00:00", "5000000002", "退款", -DUE_FEN, voucher=refund["refund_no"])
        days.flow(f"{FIRST} 13:00:00", "5000000009", "退款", -DUE_FEN, voucher="CONSOLE1")
        days.trades[FIRST].append(
            TradeRow(f"{FIRST} 12:00:00", transaction, "O", DUE_FEN, 0, "5000000002", refund["refund_no"], DUE_FEN)
        )
        await over(days, payment, 0)
        found = (await payment.get("settlement-differences"))["items"]
        assert sorted((one["difference_class"], one["refund_no"]) for one in found) == [
            (3, refund["refund_no"]),
            (4, "CONSOLE1"),
        ]

    async def test_a_refund_in_no_bill_is_named_once_and_closed_by_the_bill_that_brings_it(
        self, payment: SteppedPayment
    ) -> None:
        """Class 6: paid by its word; nothing of it stood in the bills, and nobody saw to it."""
        days = BilledDays(payment)
        transaction = await twice_paid(payment, days)
        asked = await _asked(payment)
        assert (await payment.notify(refund_notice(asked, success_time=f"{FIRST}T12:00:00+08:00"))).is_success
        await payment.worked()
        await over(days, payment, 2 * DUE_FEN)
        (difference,) = await differing(payment, (6, "REFUND", None))
        assert (difference["owner"], difference["ours_fen"], difference["theirs_fen"]) == ("CHANNEL", DUE_FEN, None)
        days.bill_refund(f"{THIRD} 12:00:00", transaction, refund_id(asked), asked["out_refund_no"])
        days.payout("2023-10-11 05:00:00", -DUE_FEN)
        await days.over(THIRD)
        await days.over("2023-10-11")
        await settle(payment, -DUE_FEN, THIRD, "B2", "2023-10-11")
        await payment.worked()
        await differing(payment, (6, "REFUND", "COUNTED"))
        assert await breaks(payment) == []


async def _asked(payment: SteppedPayment) -> dict[str, Any]:
    """The refund that waits is approved, and the channel is asked for it."""
    (refund,) = await payment.get("refunds")
    assert (await payment.post(f"refunds/{refund['id']}/approve")).is_success
    await submit_refunds(payment.running)
    asked: dict[str, Any] = (await eventually(lambda: payment.peer.refunds))[0]
    return asked


def _numbers(row: Any) -> tuple[str, str]:
    return row["transaction_id"], row["order_no"]
