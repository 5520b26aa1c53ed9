"""Money that only a bill names is kept by the bill's word once its channel says that there is no such payment."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.payment.payouts.channel_questions import ask_about_billed
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.harness.wechat_peer import MCHID, merchant, paid_notice
from tests.services.payment.bank.billed_days import FIRST, SECOND, BilledDays
from tests.services.payment.bank.statement_steps import breaks
from tests.services.payment.bank.stepped_days import SteppedPayment, stepped_payment
from tests.services.payment.bank.test_payouts import differing, settle
from tests.services.payment.running_payment import running_payment

TRANSACTION = "4200007777"


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[SteppedPayment]:
    async with stepped_payment(installation, tmp_path) as opened:
        yield opened


async def billed_only(payment: SteppedPayment, **changes: Any) -> UUID:
    """Somebody pays, the notice is lost, and the payout of it is met: only the bill names the payment."""
    (person,) = await payment.bill()
    order = await payment.order(person)
    said = {"success_time": f"{FIRST}T11:00:00+08:00", "transaction_id": TRANSACTION} | changes
    payment.peer.pay(order["order_no"], **said)
    await paid_out(payment, order["order_no"])
    return person


async def paid_out(payment: SteppedPayment, order_no: str) -> None:
    """The bills have one payment, and the bank has the payout."""
    days = BilledDays(payment)
    days.bill_payment(f"{FIRST} 11:00:00", TRANSACTION, order_no)
    days.payout(f"{SECOND} 05:00:00", DUE_FEN)
    await days.over(FIRST)
    await days.over(SECOND)
    await settle(payment, DUE_FEN)
    await payment.worked()
    await differing(payment, (4, "PAYMENT", None))


async def ask(payment: SteppedPayment, times: int = 4) -> None:
    """The turn comes so many times, with nothing else at work."""
    for _ in range(times):
        assert await ask_about_billed(payment.running, again_after_s=0) == 1


async def asked(payment: SteppedPayment) -> int:
    found: int = await payment.one("SELECT asked FROM settlement_difference")
    return found


async def test_money_that_its_channel_calls_paid_is_credited_however_long_that_takes(payment: SteppedPayment) -> None:
    """C1: crediting was behind for three turns; the money was suspended as lost, and the family never enrolled."""
    person = await billed_only(payment)
    await ask(payment)
    assert (await payment.get("suspense"), await asked(payment)) == ([], 0)
    await payment.worked()
    assert await payment.states(person) == ["PAID"]
    assert await payment.notices() == [("CREDITED", None)]
    await differing(payment, (4, "PAYMENT", "COUNTED"))
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"appid": "wx0000000000000000"}, "OTHER_APP"), ({"amount": {"total": "38000"}}, "UNREADABLE")],
    ids=["of another application", "that cannot be read"],
)
async def test_money_whose_payment_waits_in_quarantine_is_not_lost(
    payment: SteppedPayment, changes: dict[str, Any], reason: str
) -> None:
    """C1: what the channel called paid was suspended as lost while its notice waited for a person."""
    await billed_only(payment, **changes)
    await ask(payment, 2)
    await payment.worked()
    assert await payment.notices() == [("QUARANTINED", reason)]
    await ask(payment)
    assert (await payment.get("suspense"), await asked(payment)) == ([], 0)
    await differing(payment, (4, "PAYMENT", None))


async def test_money_of_which_a_notice_waits_is_not_lost_though_its_channel_knows_no_such_order(
    payment: SteppedPayment,
) -> None:
    """C1: the bill has another number than the notice in quarantine; the channel knows only the notice's."""
    (person,) = await payment.bill()
    order = await payment.order(person)
    said = {"transaction_id": TRANSACTION, "success_time": f"{FIRST}T11:00:00+08:00", "appid": "wx0000000000000000"}
    assert (await payment.notify(paid_notice(order["order_no"], DUE_FEN, **said))).is_success
    await payment.worked()
    await paid_out(payment, "VOUCHER7")
    await ask(payment)
    assert (await payment.get("suspense"), await asked(payment)) == ([], 4)
    await payment.sql("UPDATE raw_notice SET state = 'IGNORED', reason = 'test' RETURNING id")
    await ask(payment, 1)
    (kept,) = await payment.get("suspense")
    assert (kept["reason"], kept["order_no"]) == ("ORDER_LOST", "VOUCHER7")


async def test_who_was_not_asked_has_not_said_that_there_is_no_payment(
    installation: Installation, tmp_path: Path
) -> None:
    """C1: a merchant that left the settings was asked nothing, and three silences suspended its money as lost."""
    async with stepped_payment(installation, tmp_path) as payment:
        await paid_out(payment, "LOSTORDER1")
    other = merchant(tmp_path, "1900000110")
    async with running_payment(installation, tmp_path, role="web", known=other) as opened:
        payment = SteppedPayment(opened.installation, opened.running, opened.http, opened.peer)
        assert MCHID not in {each.mchid for each in payment.installation.settings.wechat_merchants}
        await ask(payment)
        assert (await payment.get("suspense"), await asked(payment)) == ([], 0)
        await differing(payment, (4, "PAYMENT", None))
