"""Alipay reports a refund with the sum of all refunds of its trade so far: each fen is taken once, in any order."""

from typing import Any

import pytest

from services.payment.crediting.worker import retry_parked
from services.payment.refunds.submission import submit_refunds
from simulator.alipay.notices import AlipayNotice
from tests.harness.assessments import row
from tests.harness.eventually import eventually
from tests.services.payment.alipay.running_alipay import RunningAlipay

CREDITED = {"channel:ALIPAY": 38_000, "premium": -38_000}
GIVEN_BACK = {"premium": -38_000, "refunded_unasked": 38_000}


async def paid_after_all(alipay: RunningAlipay) -> tuple[AlipayNotice, dict[int, dict[str, Any]]]:
    """Two people's order is cancelled, and its code is paid all the same; their refunds by what they are worth."""
    people = [*await alipay.bill(1, row(10_000)), *await alipay.bill(1, row(28_000))]
    order = await alipay.order(*people)
    assert (await alipay.post(f"orders/{order['order_no']}/cancel")).status_code == 200
    notice = await alipay.pay(order)
    await alipay.taken(notice)
    assert await alipay.notices() == [("SUSPENDED", "ORDER_CANCELLED")]
    return notice, {refund["amount_fen"]: refund for refund in await alipay.get("refunds")}


async def approved(alipay: RunningAlipay, refund: dict[str, Any]) -> str:
    """Approve a refund and wait until Alipay was asked for it; the number that it was asked under."""
    assert (await alipay.post(f"refunds/{refund['id']}/approve")).status_code == 200
    number = str(refund["refund_no"])

    async def is_noted() -> bool:
        return bool(await alipay.one("SELECT channel_refund_id FROM refund WHERE refund_no = $1", number))

    await eventually(is_noted, message="Alipay is asked")
    return number


async def console_refunds(alipay: RunningAlipay, paid: AlipayNotice, *amounts: str) -> list[AlipayNotice]:
    """Refunds by hand in Alipay's console, under numbers that it makes; their notices, not sent yet."""
    notices = []
    for place, amount in enumerate(amounts):
        asked = {"trade_no": paid.fields["trade_no"], "refund_amount": amount, "out_request_no": f"CONSOLE{place}"}
        await alipay.account.refund(asked)
        notices.append(alipay.account.refund_notice(f"CONSOLE{place}"))
    return notices


async def unasked(alipay: RunningAlipay) -> list[tuple[str, int]]:
    """What the books have of refunds that nobody asked for."""
    rows = await alipay.sql("SELECT channel_refund_id, amount_fen FROM unasked_refund ORDER BY channel_refund_id")
    return [(each["channel_refund_id"], each["amount_fen"]) for each in rows]


class TestOurs:
    async def test_two_refunds_of_one_trade_are_reported_by_the_channel_and_paid(self, alipay: RunningAlipay) -> None:
        _, refunds = await paid_after_all(alipay)
        for refund in refunds.values():
            await approved(alipay, refund)
        await eventually(lambda: paid(alipay, 2), message="both are notified")
        assert await alipay.balances() == {}
        assert sorted(refund["amount_fen"] for refund in await alipay.get("refunds")) == [10_000, 28_000]

    @pytest.mark.parametrize("place", [1, -1])
    async def test_a_sum_of_both_is_the_second_ones_own_sum_in_any_order(
        self, alipay: RunningAlipay, place: int
    ) -> None:
        alipay.alipay.drops_notices = True
        _, refunds = await paid_after_all(alipay)
        notices = [alipay.account.refund_notice(await approved(alipay, refunds[fen])) for fen in (10_000, 28_000)]
        assert [(each.fields["refund_fee"], each.fields["trade_status"]) for each in notices] == [
            ("100.00", "TRADE_SUCCESS"),
            ("380.00", "TRADE_CLOSED"),
        ]
        first, second = notices[::place]
        await alipay.taken(first, first.saying(notify_id="again"), second, first.saying(notify_id="third"))
        became = [state for state, _ in (await alipay.notices())[1:]]
        assert became == ["APPLIED", "REPEATED", "APPLIED", "REPEATED"]
        assert await alipay.balances() == {}
        assert len(await alipay.events("payment.refund_paid.v1")) == 2

    async def test_a_refund_that_was_only_taken_is_paid_by_a_query(self, alipay: RunningAlipay) -> None:
        alipay.account.hold_refunds = True
        _, refunds = await paid_after_all(alipay)
        number = await approved(alipay, refunds[28_000])
        await submit_refunds(alipay.running, again_after_s=0)
        assert not await paid(alipay, 1), "10000 without a change of funds is no refund"
        assert alipay.alipay.calls.count("alipay.trade.refund") >= 2, "asked again under its number"
        await alipay.account.carry_out(number)
        await submit_refunds(alipay.running, again_after_s=0)
        await eventually(lambda: paid(alipay, 1), message="the query's answer is settled")
        assert await alipay.balances() == {"channel:ALIPAY": 10_000, "suspense": -10_000}

    async def test_a_sum_that_cannot_hold_a_refund_is_left_to_a_person(self, alipay: RunningAlipay) -> None:
        alipay.alipay.drops_notices = True
        _, refunds = await paid_after_all(alipay)
        notice = alipay.account.refund_notice(await approved(alipay, refunds[28_000]))
        await alipay.taken(notice.saying(refund_fee="279.99"), notice.saying(notify_id="N2", refund_fee="380.01"))
        assert (await alipay.notices())[1:] == [("QUARANTINED", "REFUND_DIFFERS")] * 2


class TestUnasked:
    async def test_what_is_new_of_each_sum_is_taken_once(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        await alipay.taken(notice)
        part, whole = await console_refunds(alipay, notice, "100.00", "280.00")
        await alipay.taken(part, whole, part.saying(notify_id="again", trade_status="TRADE_FINISHED"))
        assert await unasked(alipay) == [("CONSOLE0", 10_000), ("CONSOLE1", 28_000)]
        assert [state for state, _ in await alipay.notices()] == ["CREDITED", "APPLIED", "APPLIED", "REPEATED"]
        assert await alipay.balances() == GIVEN_BACK

    async def test_in_the_wrong_order_the_sum_is_right_all_the_same(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        await alipay.taken(notice)
        part, whole = await console_refunds(alipay, notice, "100.00", "280.00")
        await alipay.taken(whole, part)
        assert [state for state, _ in await alipay.notices()] == ["CREDITED", "APPLIED", "REPEATED"]
        assert await alipay.balances() == GIVEN_BACK

    async def test_refunds_before_their_payment_are_parked_and_taken_after_it(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        part, whole = await console_refunds(alipay, notice, "100.00", "280.00")
        await alipay.taken(whole, part)
        assert await alipay.notices() == [("PARKED", "REFUND_BEFORE_PAYMENT")] * 2
        assert await alipay.balances() == {}
        await alipay.taken(notice)
        await alipay.worked()
        assert await unasked(alipay) == [("CONSOLE0", 10_000), ("CONSOLE1", 28_000)]
        assert await alipay.balances() == GIVEN_BACK

    async def test_while_a_refund_of_ours_is_on_its_way_a_sum_waits(self, alipay: RunningAlipay) -> None:
        alipay.alipay.drops_notices = True
        paid_notice, refunds = await paid_after_all(alipay)
        alipay.account.hold_refunds = True
        number = await approved(alipay, refunds[10_000])
        alipay.account.hold_refunds = False
        (by_hand,) = await console_refunds(alipay, paid_notice, "280.00")
        by_hand = by_hand.saying(gmt_refund="2023-10-08 18:00:00.320")
        await alipay.taken(by_hand)
        assert (await alipay.notices())[1:] == [("PARKED", "REFUND_OF_OPEN_SUM")]
        ours = await alipay.account.carry_out(number)
        await alipay.taken(ours.saying(gmt_refund="2023-10-09 09:00:00.320"))
        await retry_parked(alipay.running)
        await alipay.worked()
        assert [state for state, _ in (await alipay.notices())[1:]] == ["APPLIED", "APPLIED"]
        assert await alipay.balances() == {}

    async def test_of_one_day_with_ours_the_channels_bill_has_the_last_word(self, alipay: RunningAlipay) -> None:
        alipay.alipay.drops_notices = True
        paid_notice, refunds = await paid_after_all(alipay)
        ours = alipay.account.refund_notice(await approved(alipay, refunds[10_000]))
        (by_hand,) = await console_refunds(alipay, paid_notice, "280.00")
        await alipay.taken(ours, by_hand)
        assert (await alipay.notices())[1:] == [("APPLIED", None), ("QUARANTINED", "REFUND_NOT_ASKED")]
        assert await alipay.balances() == {"channel:ALIPAY": 28_000, "suspense": -28_000}


async def paid(alipay: RunningAlipay, count: int) -> bool:
    """Whether so many refunds are paid."""
    return bool(await alipay.one("SELECT count(*) = $1 FROM refund WHERE state = 'PAID'", count))
