"""Suspended money that its channel had paid out is matched: it goes on alone, and its bank line has its way back."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.services.payment.bank.statement_steps import DAY, book, breaks, day_in, line, lines_of, pay, reverse
from tests.services.payment.casework import matched, orphan
from tests.services.payment.running_payment import RunningPayment, running_payment


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    # The days of these tests lie before the channel's first bill.
    async with running_payment(installation, tmp_path, today=date(2023, 10, 20)) as opened:
        yield opened


async def test_money_that_was_settled_before_it_was_matched_goes_on_in_a_part_of_its_day(
    payment: RunningPayment,
) -> None:
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    suspense = await orphan(payment, success_time=f"{DAY}T11:00:00+08:00")
    assert (await book(payment, line(1, amount_fen=2 * DUE_FEN))).status_code == 201
    first = await day_in(payment, "READY_TO_REMIT", DAY)
    assert (first["amount_fen"], first["line_count"]) == (DUE_FEN, 1), "suspended money is not brought on"
    (person,) = await payment.bill()
    await matched(payment, suspense, person)
    parts = (await payment.get("remittances?kind=ONLINE&state=READY_TO_REMIT"))["items"]
    assert [(one["amount_fen"], one["line_count"]) for one in parts] == [(DUE_FEN, 1)] * 2
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    assert await breaks(payment) == []

    (settled,) = await lines_of(payment)
    await reverse(payment, settled["id"])
    states = [one["state"] for one in (await payment.get("remittances?kind=ONLINE"))["items"]]
    assert states == ["REVERSED", "REVERSED"]
    assert await payment.balances() == {"channel:WECHAT": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    assert (await book(payment, line(1, amount_fen=2 * DUE_FEN), number="B2")).status_code == 201
    again = await day_in(payment, "READY_TO_REMIT", DAY)
    assert (again["amount_fen"], again["line_count"]) == (2 * DUE_FEN, 2), "both are premium now"
    assert await breaks(payment) == []
