"""The fund-flow bill (资金账单) of the basic account: every movement of the merchant's balance in its order.

A payment of 23:59:59 may be booked at 00:00:01 and then stands in the next day's bill. 提现 is a payout to the bank.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from services.payment.channels.bills import BillFault, FaultyBill, FlowKind, FlowLine
from services.payment.channels.wechat.bill_file import BillFile, Detail, agree
from services.payment.channels.wechat.bill_values import Amounts, count_of, fen_of, moment_of, number_of

_IN, _OUT = "收入", "支出"
# A recharge is a payout the other way: from the bank account to the balance.
_KINDS = {"交易": FlowKind.PAYMENT, "退款": FlowKind.REFUND, "提现": FlowKind.PAYOUT, "充值": FlowKind.PAYOUT}
_FEE = "手续费"
_REMARK_LIMIT = 512


class FundFlowBill(BillFile):
    """Each detail is one movement; the balance after it is the one before it and its amount, to the fen."""

    needed = (
        "记账时间",
        "微信支付业务单号",
        "资金流水单号",
        "业务类型",
        "收支类型",
        "收支金额(元)",
        "账户结余(元)",
        "备注",
        "业务凭证号",
    )
    also_named: ClassVar[Mapping[str, str]] = {"收支金额（元）": "收支金额(元)", "账户结余（元）": "账户结余(元)"}
    _balance: int | None = None
    _counts = (0, 0)
    _totals = (0, 0)

    def read(self, details: Iterator[Detail]) -> list[FlowLine]:
        """The lines, and their sums added to those so far."""
        fen, day = Amounts(), self.day
        lines: list[FlowLine] = []
        counts, totals, before = [*self._counts], [*self._totals], self._balance
        for moment, business_no, flow_no, business, direction, yuan, left, remark, voucher in details:
            self.count += 1
            if moment[:10] != day:
                raise FaultyBill(BillFault.OTHER_DAY)
            if direction not in (_IN, _OUT):
                raise FaultyBill(BillFault.WRONG_LINE, "neither income nor expense")
            side, amount, balance = direction == _OUT, fen[yuan], fen_of(left)
            counts[side] += 1
            totals[side] += amount
            amount = -amount if side else amount
            if before is not None and balance != before + amount:
                raise FaultyBill(BillFault.BROKEN_BALANCE, f"{before} and {amount} are not {balance}")
            before = balance
            named = number_of(business_no) if business_no else ""
            numbers = number_of(flow_no), named, voucher[:_REMARK_LIMIT] or None
            line = (*numbers, _kind(business), amount, balance, remark[:_REMARK_LIMIT])
            lines.append(FlowLine(self.count, moment_of(moment), *line))
        self._counts, self._totals, self._balance = (counts[0], counts[1]), (totals[0], totals[1]), before
        return lines

    def check(self, summary: Mapping[str, str]) -> None:
        """Counts and sums of income and expense."""
        agree("资金流水总笔数", count_of(summary["资金流水总笔数"]), self.count)
        for at, name in enumerate((_IN, _OUT)):
            agree(f"{name}笔数", count_of(summary[f"{name}笔数"]), self._counts[at])
            agree(f"{name}金额", fen_of(summary[f"{name}金额"]), self._totals[at])


def _kind(business: str) -> str:
    kind = _KINDS.get(business)
    if kind is None:
        kind = FlowKind.FEE if _FEE in business else FlowKind.OTHER
    return kind.value
