"""Money without an order: one credit for each number of an institution, whatever comes twice, late or too early."""

from datetime import timedelta

import pytest

from services.payment.crediting.direct.state import DirectSource
from shared.domain.ids import new_id
from tests.harness.assessments import DUE_FEN, row
from tests.services.payment.bank.statement_steps import breaks
from tests.services.payment.direct.collected_money import AT, collected, credit, days_later, reverse, said, taken_back
from tests.services.payment.running_payment import TODAY, RunningPayment

pytestmark = pytest.mark.asyncio(loop_scope="module")
FUNDER = "funder:medical_assistance_fund"


async def test_a_file_s_money_is_credited_once_or_suspended_with_its_reason(payment: RunningPayment) -> None:
    one, two, early, third = await payment.bill(4, row(aid_fen=10_000))
    stranger = new_id()
    words = [
        collected(one, "1"),
        collected(one, "2", paid_at=AT + timedelta(minutes=1)),
        collected(third, "3", amount_fen=DUE_FEN + 1),
        collected(stranger, "4"),
        collected(early, "5", paid_at=AT - timedelta(days=30)),
        collected(two, "1", institution="CCB"),
    ]
    outcomes = await credit(payment, *words)
    assert said(outcomes) == [
        ("1", "CREDITED", None),
        ("1", "CREDITED", None),
        ("2", "SUSPENDED", "BILL_ALREADY_PAID"),
        ("3", "SUSPENDED", "AMOUNT_NOT_DUE_THAT_DAY"),
        ("4", "SUSPENDED", "NOT_REGISTERED"),
        ("5", "SUSPENDED", "OUTSIDE_EVERY_ROW"),
    ]
    assert await payment.states(one, two, early, third) == ["PAID", "PAID", "OPEN", "OPEN"]
    again = await credit(payment, *(collected(one, each.sequence) for each in words[:1]))
    assert [each.repeated for each in again.values()] == [True]
    books = await payment.balances()
    assert books == {
        "channel:HRB_BANK_COUNTER": 6 * DUE_FEN + 1,
        "premium": -2 * DUE_FEN,
        "suspense": -4 * DUE_FEN - 1,
        FUNDER: 20_000,
        "aided": -20_000,
    }
    assert len(await payment.events("payment.contribution_paid.v1")) == 2
    assert len(await payment.events("payment.payment_suspended.v1")) == 4
    assert await breaks(payment) == []


async def test_another_word_under_one_number_is_refused_online_and_a_claim_in_a_file(payment: RunningPayment) -> None:
    one, other = await payment.bill(2)
    await credit(payment, collected(one, source=DirectSource.ONLINE))
    online = {"source": DirectSource.ONLINE}
    assert said(await credit(payment, collected(one, amount_fen=1, **online))) == [
        ("1", "REFUSED", "SAME_TRANSACTION_OTHER_AMOUNT")
    ]
    assert said(await credit(payment, collected(other, **online))) == [
        ("1", "REFUSED", "SAME_TRANSACTION_OTHER_PERSON")
    ]
    for _ in range(2):
        assert said(await credit(payment, collected(other))) == [("1", "CONTESTED", "SAME_TRANSACTION_OTHER_PERSON")]
    assert await payment.one("SELECT count(*) FROM suspense WHERE state = 'CONTESTED'") == 1
    assert said(await credit(payment, collected(one, "2", **online))) == [("2", "REFUSED", "BILL_ALREADY_PAID")]
    assert await payment.one("SELECT count(*) FROM direct_payment") == 1
    assert await payment.balances() == {"channel:HRB_BANK_COUNTER": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


async def test_a_reversal_opens_the_bill_again_and_takes_the_aid_back(payment: RunningPayment) -> None:
    (one,) = await payment.bill(1, row(aid_fen=10_000))
    first = collected(one)
    await credit(payment, first)
    assert said(await reverse(payment, taken_back(first))) == [("1", "REVERSED", None)]
    repeated = await reverse(payment, taken_back(first))
    assert [each.repeated for each in repeated.values()] == [True]
    assert await payment.balances() == {}
    assert await payment.states(one) == ["OPEN"]
    assert said(await credit(payment, collected(one))) == [("1", "REVERSED", None)]
    assert said(await credit(payment, collected(one, "2"))) == [("2", "CREDITED", None)]
    assert await payment.states(one) == ["PAID"]
    books = await payment.balances()
    assert books == {"channel:HRB_BANK_COUNTER": DUE_FEN, "premium": -DUE_FEN, FUNDER: 10_000, "aided": -10_000}
    assert len(await payment.events("payment.contribution_reversed.v1")) == 1
    assert await breaks(payment) == []


async def test_a_payment_that_was_taken_back_before_it_came_pays_nothing(payment: RunningPayment) -> None:
    (one,) = await payment.bill(1)
    first = collected(one)
    assert said(await reverse(payment, taken_back(first))) == [("1", "AWAITED", None)]
    assert said(await credit(payment, first)) == [("1", "REVERSED", None)]
    assert await payment.balances() == {}
    assert await payment.states(one) == ["OPEN"]
    second = collected(one, "2")
    await reverse(payment, taken_back(second, amount_fen=1))
    assert said(await credit(payment, second)) == [("2", "SUSPENDED", "SAME_TRANSACTION_OTHER_AMOUNT")]
    assert await breaks(payment) == []


async def test_suspended_money_is_taken_back_too(payment: RunningPayment) -> None:
    word = collected(new_id())
    await credit(payment, word)
    assert said(await reverse(payment, taken_back(word, amount_fen=1))) == [("1", "REFUSED", "OTHER_AMOUNT")]
    assert said(await reverse(payment, taken_back(word))) == [("1", "REVERSED", None)]
    assert await payment.balances() == {}
    assert await payment.one("SELECT state FROM suspense") == "REVERSED"
    assert await breaks(payment) == []


async def test_the_tax_bureau_s_own_money_waits_for_the_treasury(payment: RunningPayment) -> None:
    (one,) = await payment.bill(1)
    tax = {"channel": "TAX_HALL", "institution": "TAX"}
    await credit(payment, collected(one, **tax), collected(new_id(), "2", **tax))
    assert await payment.balances() == {"tax_direct": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}
    assert await payment.one("SELECT state FROM suspense") == "NEEDS_TREASURY_REFUND"
    assert await breaks(payment) == []


async def test_the_cut_off_decides_only_the_day_of_the_payout(payment: RunningPayment) -> None:
    (one,) = await payment.bill(1, row(until=TODAY))
    later = days_later(TODAY, 1)
    assert said(await credit(payment, collected(one, business_date=later))) == [("1", "CREDITED", None)]
    rows = await payment.sql(
        "SELECT p.paid_on, l.attributed_to FROM payment p JOIN payment_line l ON l.payment_id = p.id"
    )
    assert [tuple(each) for each in rows] == [(TODAY, later)]
    assert await breaks(payment) == []
