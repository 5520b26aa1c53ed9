"""A trade bill's lines beside ours: what agrees is counted, and each difference has its class."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.payment.channel_bills.comparison import repository as comparison
from services.payment.channel_bills.models import Compared, ComparedRefund
from simulator.wechat.bill_files import TradeRow
from tests.harness.installation import COUNTY
from tests.services.payment.channel_bills.bill_rows import DAY, paid, trade_file
from tests.services.payment.channel_bills.test_fetching import NEXT, on, settled
from tests.services.payment.running_payment import RunningPayment


async def ordered_and_paid(payment: RunningPayment, count: int) -> list[TradeRow]:
    """So many people pay; their rows as the channel writes them."""
    rows = []
    for number, person in enumerate(await payment.bill(count), start=1):
        order = await payment.order(person)
        row = paid(number, order["amount_fen"], order=order["order_no"])
        await payment.paid(order, transaction_id=row.transaction)
        rows.append(row)
    return rows


async def read(payment: RunningPayment, *rows: TradeRow) -> Any:
    """Let the day end, and its bills be read; the id of the trade bill."""
    payment.peer.bills.put("TRADE", DAY, trade_file(*rows))
    payment.peer.bills.put("FUND_FLOW", DAY, "NO_STATEMENT_EXIST")
    await on(payment, NEXT)
    await settled(payment, {f"TRADE {DAY}": ("READ", None), f"FUND_FLOW {DAY}": ("EMPTY", None)})
    return await payment.one("SELECT id FROM channel_bill WHERE kind = 'TRADE'")


async def compared(payment: RunningPayment, bill_id: Any) -> Sequence[Compared]:
    async with payment.running.database.transaction(COUNTY) as session:
        return await comparison.compare(session, bill_id, limit=100)


async def compared_refunds(payment: RunningPayment, bill_id: Any) -> Sequence[ComparedRefund]:
    async with payment.running.database.transaction(COUNTY) as session:
        return await comparison.compare_refunds(session, bill_id, limit=100)


class TestPayments:
    async def test_a_day_on_which_all_agrees_is_one_row(self, payment: RunningPayment) -> None:
        rows = await ordered_and_paid(payment, 3)
        (agreed,) = await compared(payment, await read(payment, *rows))
        assert agreed == Compared(1, 3, 3 * 38000, 3 * 38000, None, None, None, None)

    async def test_each_difference_has_its_class_and_the_numbers_of_both_sides(self, payment: RunningPayment) -> None:
        """2 amounts differ, 3 theirs and an order of ours, 4 theirs only, 6 ours only."""
        first, second, third = await ordered_and_paid(payment, 3)
        (person,) = await payment.bill(1)
        lost = paid(4, order=(await payment.order(person))["order_no"])
        found = await compared(
            payment, await read(payment, first, replace(second, amount_fen=37999), lost, paid(5, order="ELSEWHERE"))
        )
        assert [(each.difference_class, each.ours_fen, each.theirs_fen, each.transaction_id) for each in found] == [
            (1, 38000, 38000, None),
            (2, 38000, 37999, second.transaction),
            (3, 0, 38000, lost.transaction),
            (4, 0, 38000, "4200000005"),
            (6, 38000, 0, third.transaction),
        ]
        ours = {row["transaction_id"]: row["id"] for row in await payment.sql("SELECT transaction_id, id FROM payment")}
        assert [each.payment_id for each in found[1:]] == [
            ours[second.transaction],
            None,
            None,
            ours[third.transaction],
        ]
        assert [each.line_no for each in found[1:]] == [2, 3, 4, None]
        assert [each.order_no for each in found[1:]] == [second.order, lost.order, "ELSEWHERE", third.order]

    async def test_a_payment_that_we_have_under_another_day_is_found_by_its_transaction(
        self, payment: RunningPayment
    ) -> None:
        (row,) = await ordered_and_paid(payment, 1)
        await payment.sql("UPDATE payment SET paid_on = $1", date(2023, 10, 7))
        (agreed,) = await compared(payment, await read(payment, row))
        assert (agreed.difference_class, agreed.payments) == (1, 1)


class TestRefunds:
    async def test_refunds_are_known_by_our_number(self, payment: RunningPayment) -> None:
        """1 both; 0 where we do not know the end yet; 3 the channel's success that we lack; 4 one not asked for."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        first = paid(1, order["amount_fen"], order=order["order_no"])
        second = replace(first, transaction="4200000002")
        for row in (first, second):
            await payment.paid(order, transaction_id=row.transaction)
        (refund,) = await payment.get("refunds")
        back = replace(
            second, refund_id="5000000002", refund_no=refund["refund_no"], refunded_fen=38000, refund_state="PROCESSING"
        )
        foreign = replace(back, refund_id="5000000009", refund_no="CONSOLE-1", refund_state="SUCCESS")
        bill_id = await read(payment, first, second, back, foreign)
        classes = {each.refund_no: each.difference_class for each in await compared_refunds(payment, bill_id)}
        assert classes == {refund["refund_no"]: 0, "CONSOLE-1": 4}
        await payment.sql("UPDATE bill_trade_line SET outcome = 'SUCCESS' WHERE refund_no = $1", refund["refund_no"])
        classes = {each.refund_no: each.difference_class for each in await compared_refunds(payment, bill_id)}
        assert classes[refund["refund_no"]] == 3
        await payment.sql(
            "UPDATE refund SET state = 'PAID', refunded_on = $1, approved_by = 'other', approved_on = $1",
            date.fromisoformat(DAY),
        )
        classes = {each.refund_no: each.difference_class for each in await compared_refunds(payment, bill_id)}
        assert classes[refund["refund_no"]] == 1
        await payment.sql("UPDATE bill_trade_line SET amount_fen = 38001 WHERE refund_no = $1", refund["refund_no"])
        classes = {each.refund_no: each.difference_class for each in await compared_refunds(payment, bill_id)}
        assert classes[refund["refund_no"]] == 2
        await payment.sql("DELETE FROM bill_trade_line WHERE refund_no = $1", refund["refund_no"])
        (ours,) = [each for each in await compared_refunds(payment, bill_id) if each.refund_no != "CONSOLE-1"]
        assert (ours.difference_class, ours.refund_id is not None, ours.theirs_fen) == (6, True, None)
