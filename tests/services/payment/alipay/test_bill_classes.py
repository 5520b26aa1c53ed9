"""Each class of reconciliation by Alipay's own bills: a difference with its class and its numbers, or none at all."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.payment.refunds.submission import submit_refunds
from simulator.alipay import bills
from simulator.alipay.bill_files import AlipayTradeRow, account_bill, packed, trade_bill
from simulator.alipay.flows import AlipayFlow
from simulator.alipay.notices import AlipayNotice
from tests.harness.alipay_peer import SELLER_ID
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.services.payment.alipay.running_alipay import SteppedAlipay, stepped_alipay
from tests.services.payment.bank.statement_steps import book, breaks, line
from tests.services.payment.bank.test_payouts import differing, part

FIRST, SECOND, THIRD = "2023-10-08", "2023-10-09", "2023-10-10"


@pytest.fixture
async def stepped(installation: Installation, tmp_path: Path) -> AsyncIterator[SteppedAlipay]:
    async with stepped_alipay(installation, tmp_path) as opened:
        opened.alipay.drops_notices = True
        yield opened


class PrintedDay:
    """The first day as its bills have it, which may be another one than happened, and its payout on the second."""

    def __init__(self) -> None:
        self.trades: list[AlipayTradeRow] = []
        self.flows: list[AlipayFlow] = []

    def payment(self, trade_no: str, order_no: str, fen: int = DUE_FEN) -> None:
        at = f"{FIRST} 10:34:56"
        self.trades.append(AlipayTradeRow(at, trade_no, order_no, fen, fen))
        self.flows.append(AlipayFlow(at, f"F{trade_no}", trade_no, order_no, "交易付款", fen))

    def refund(self, trade_no: str, number: str, fen: int = DUE_FEN) -> None:
        at = f"{FIRST} 16:00:00"
        self.trades.append(AlipayTradeRow(at, trade_no, "ORDER", -fen, -fen, number))
        self.flows.append(AlipayFlow(at, f"F{number}", number, "ORDER", "交易退款", -fen))

    @property
    def left_fen(self) -> int:
        return sum(flow.amount_fen for flow in self.flows)

    def printed(self) -> dict[tuple[str, str], bytes]:
        paid_out = [AlipayFlow(f"{SECOND} 05:00:00", "FPO1", "PO1", "", "提现", -self.left_fen)]
        first = account_bill(self.flows, balance_fen=0, seller_id=SELLER_ID, day=FIRST)
        second = account_bill(paid_out, balance_fen=self.left_fen, seller_id=SELLER_ID, day=SECOND)
        trade = trade_bill(self.trades, seller_id=SELLER_ID, day=FIRST)
        return {
            (bills.TRADE, FIRST): packed(trade, "业务明细"),
            (bills.ACCOUNT, FIRST): packed(first, "账务明细"),
            (bills.ACCOUNT, SECOND): packed(second, "账务明细"),
        }


async def over(stepped: SteppedAlipay, fen: int) -> None:
    """The first day is over and paid out, and the bank has it; the third day begins."""
    for day in (SECOND, THIRD):
        stepped.account.day.today = date.fromisoformat(day)
        await stepped.installation.set_business_date(stepped.account.day.today, "payment")
        await stepped.worked()
    settled = line(1, amount_fen=fen, reference=f"ALIPAY:{SELLER_ID}:{FIRST}")
    assert (await book(stepped, settled, booked_on=SECOND)).status_code == 201
    await stepped.worked()


async def given_back(stepped: SteppedAlipay, *, approve: bool = True) -> tuple[str, str]:
    """Somebody pays a cancelled order, and gets it back where that is approved; the trade's and the refund's number."""
    known = {refund["id"] for refund in await stepped.get("refunds")}
    order = await stepped.order(*await stepped.bill())
    assert (await stepped.post(f"orders/{order['order_no']}/cancel")).status_code == 200
    paid = await stepped.pay(order)
    await stepped.taken(paid)
    (refund,) = [each for each in await stepped.get("refunds") if each["id"] not in known]
    if approve:
        assert (await stepped.post(f"refunds/{refund['id']}/approve")).status_code == 200
        await submit_refunds(stepped.running)
        await stepped.taken(stepped.account.refund_notice(refund["refund_no"]))
    return paid.fields["trade_no"], refund["refund_no"]


async def found(stepped: SteppedAlipay, *names: str) -> list[tuple[Any, ...]]:
    items = (await stepped.get("settlement-differences"))["items"]
    return sorted(tuple(one[name] for name in names) for one in items)


async def test_a_day_on_which_all_agrees_goes_on_to_the_treasury(stepped: SteppedAlipay) -> None:
    """Class 1, by the bills that the channel makes of what happened: two payments, and one given back."""
    for _ in range(2):
        await stepped.taken(await stepped.ordered_and_paid())
    await given_back(stepped)
    await over(stepped, 2 * DUE_FEN)
    ready = await part(stepped, "READY_TO_REMIT")
    assert (ready["by_bill"], ready["line_count"], ready["amount_fen"]) == (True, 2, 2 * DUE_FEN)
    await differing(stepped)
    assert await breaks(stepped) == []


async def test_each_difference_of_payments_has_its_class_and_numbers(stepped: SteppedAlipay) -> None:
    """2 amounts differ, which a coupon of the seller's makes too; 4 theirs only; 6 ours only."""
    day, paid = PrintedDay(), [await stepped.ordered_and_paid() for _ in range(3)]
    await stepped.taken(*paid)
    same, less, ours = map(_numbers, paid)
    day.payment(*same)
    day.payment(*less, DUE_FEN - 100)
    unpaid = (await stepped.order(*await stepped.bill()))["order_no"]
    day.payment("2023100822009", unpaid)
    day.payment("2023100822010", "ELSEWHERE")
    stepped.alipay.printed = day.printed()
    await over(stepped, day.left_fen)
    named = ("difference_class", "transaction_id", "order_no", "ours_fen", "theirs_fen")
    assert await found(stepped, *named) == [
        (2, *less, DUE_FEN, DUE_FEN - 100),
        (4, "2023100822009", unpaid, None, DUE_FEN),
        (4, "2023100822010", "ELSEWHERE", None, DUE_FEN),
        (6, *ours, DUE_FEN, None),
    ]
    assert await breaks(stepped) == []


async def test_each_difference_of_refunds_has_its_class_and_number(stepped: SteppedAlipay) -> None:
    """1 both; 2 amounts differ; 3 theirs while ours waits to be approved; 4 made by hand; 6 ours only."""
    day = PrintedDay()
    for place in range(4):
        trade_no, number = await given_back(stepped, approve=place != 3)
        day.payment(trade_no, await stepped.one("SELECT order_no FROM payment WHERE transaction_id = $1", trade_no))
        if place != 2:
            day.refund(trade_no, number, DUE_FEN - (place == 1))
    credited = await stepped.ordered_and_paid()
    await stepped.taken(credited)
    day.payment(*_numbers(credited))
    day.refund(credited.fields["trade_no"], "CONSOLE1")
    numbers = [refund["refund_no"] for refund in await stepped.get("refunds")]
    stepped.alipay.printed = day.printed()
    await over(stepped, day.left_fen)
    classes = {number: each for each, number in await found(stepped, "difference_class", "refund_no")}
    assert classes == {numbers[1]: 2, numbers[2]: 6, numbers[3]: 3, "CONSOLE1": 4}
    assert numbers[0] not in classes


async def test_a_bill_that_says_something_else_is_not_used_and_asked_for_again(stepped: SteppedAlipay) -> None:
    paid = await stepped.ordered_and_paid()
    await stepped.taken(paid)
    day = PrintedDay()
    day.payment(*_numbers(paid))
    right = day.printed()
    wrong = trade_bill(day.trades, seller_id=SELLER_ID, day=FIRST).replace("共380.00元".encode("gbk"), b"")
    stepped.alipay.printed = right | {(bills.TRADE, FIRST): packed(wrong, "业务明细")}
    stepped.account.day.today = date.fromisoformat(SECOND)
    await stepped.installation.set_business_date(stepped.account.day.today, "payment")
    await stepped.worked()
    stands = "SELECT state, fault FROM channel_bill WHERE kind = 'TRADE' AND bill_day = $1"
    (bill,) = await stepped.sql(stands, date.fromisoformat(FIRST))
    assert (bill["state"], bill["fault"]) == ("WANTED", "WRONG_SUMMARY")
    stepped.alipay.printed = right
    await stepped.sql(
        "UPDATE channel_bill SET asked_at = asked_at - interval '1 hour' WHERE state = 'WANTED' RETURNING id"
    )
    await over(stepped, DUE_FEN)
    assert (await stepped.sql(stands, date.fromisoformat(FIRST)))[0]["state"] == "READ"
    await differing(stepped)


def _numbers(notice: AlipayNotice) -> tuple[str, str]:
    return notice.fields["trade_no"], notice.fields["out_trade_no"]
