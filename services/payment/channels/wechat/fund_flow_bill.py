"""The fund-flow bill (资金账单) of the basic account: every movement of the merchant's balance in its order.

A payment of 23:59:59 may be booked at 00:00:01 and then stands in the next day's bill. 提现 is a payout to the bank.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import BinaryIO, ClassVar

from services.payment.channels.bills import BillFault, FaultyBill, FlowKind, Portion
from services.payment.channels.wechat.bill_file import BillFile, Column, agree
from services.payment.channels.wechat.bill_values import (
    AMOUNT,
    MOMENT,
    NUMBER,
    OPTIONAL_NUMBER,
    WORD,
    Amounts,
    Moments,
    count_of,
    fen_of,
)

_IN, _OUT = "收入", "支出"
# A recharge is a payout the other way: from the bank account to the balance.
_KINDS = {"交易": FlowKind.PAYMENT, "退款": FlowKind.REFUND, "提现": FlowKind.PAYOUT, "充值": FlowKind.PAYOUT}
_FEE = "手续费"
_REMARK_LIMIT = 512


class FundFlowBill(BillFile):
    """Each detail is one movement; the balance after it is the one before it and its amount, to the fen."""

    needed: ClassVar[Mapping[str, str]] = {
        "记账时间": MOMENT,
        "微信支付业务单号": OPTIONAL_NUMBER,
        "资金流水单号": NUMBER,
        "业务类型": WORD,
        "收支类型": WORD,
        "收支金额(元)": AMOUNT,
        "账户结余(元)": WORD,
        "备注": WORD,
        "业务凭证号": WORD,
    }
    also_named: ClassVar[Mapping[str, str]] = {"收支金额（元）": "收支金额(元)", "账户结余（元）": "账户结余(元)"}

    def __init__(self, file: BinaryIO, merchant_id: str, day: date) -> None:
        super().__init__(file, merchant_id, day)
        self._fen, self._moments = Amounts(), Moments()
        self._balance: int | None = None
        self._counts, self._totals = {_IN: 0, _OUT: 0}, {_IN: 0, _OUT: 0}

    def read(self, columns: Sequence[Column], first: int) -> Portion:
        """Lines of the needed columns in their order, the first of them with that number; adds up their sums."""
        moments, business_nos, flow_nos, businesses, directions, yuan, left, remarks, vouchers = columns
        if {moment[:10] for moment in set(moments)} != {self.day}:
            raise FaultyBill(BillFault.OTHER_DAY)
        if not set(directions) <= self._counts.keys():
            raise FaultyBill(BillFault.WRONG_LINE, "neither income nor expense")
        sums = self._fen.of(yuan)
        amounts = [fen if way == _IN else -fen for fen, way in zip(sums, directions, strict=True)]
        balances = list(map(fen_of, left))
        self._balance = _followed(self._balance, amounts, balances)
        self._counts[_OUT] += directions.count(_OUT)
        self._counts[_IN] += directions.count(_IN)
        self._totals[_OUT] -= sum(fen for fen in amounts if fen < 0)
        self._totals[_IN] += sum(fen for fen in amounts if fen > 0)
        booked = [*map(self._moments.__getitem__, moments)]
        shortened = [voucher[:_REMARK_LIMIT] or None for voucher in vouchers]
        kinds, said = [*map(_kind, businesses)], [remark[:_REMARK_LIMIT] for remark in remarks]
        lines = range(first, first + len(amounts))
        return Portion((lines, booked, flow_nos, business_nos, shortened, kinds, amounts, balances, said))

    def check(self, summary: Mapping[str, str]) -> None:
        """Counts and sums of income and expense."""
        agree("资金流水总笔数", count_of(summary["资金流水总笔数"]), self.count)
        for name in (_IN, _OUT):
            agree(f"{name}笔数", count_of(summary[f"{name}笔数"]), self._counts[name])
            agree(f"{name}金额", fen_of(summary[f"{name}金额"]), self._totals[name])


def _followed(before: int | None, amounts: Sequence[int], balances: Sequence[int]) -> int:
    """The last balance; raises FaultyBill where one is not the one before it and its amount."""
    for amount, balance in zip(amounts, balances, strict=True):
        if before is not None and balance != before + amount:
            raise FaultyBill(BillFault.BROKEN_BALANCE, f"{before} and {amount} are not {balance}")
        before = balance
    return balances[-1]


@lru_cache(maxsize=256)
def _kind(business: str) -> str:
    kind = _KINDS.get(business)
    if kind is None:
        kind = FlowKind.FEE if _FEE in business else FlowKind.OTHER
    return kind.value
