"""The trade bill (交易账单) of type ALL: payments and refunds of a day.

Whether 总交易单数 counts refunds is not written down anywhere: both are believed. The sums leave no line out.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import compress
from operator import le
from typing import BinaryIO, ClassVar

from services.payment.channels.bills import BillFault, FaultyBill, Portion, TradeKind
from services.payment.channels.wechat.bill_file import BillFile, Column, agree
from services.payment.channels.wechat.bill_values import (
    AMOUNT,
    MOMENT,
    NUMBER,
    OPTIONAL_NUMBER,
    Amounts,
    Moments,
    count_of,
    fen_of,
    number_of,
    optional_number,
)

_PAYMENT, _REFUND = TradeKind.PAYMENT.value, TradeKind.REFUND.value
_KINDS = {"SUCCESS": _PAYMENT, "REFUND": _REFUND, "REVOKED": _REFUND}
_TOTALS = ("应结订单总金额", "退款总金额", "充值券退款总金额", "订单总金额", "申请退款总金额")


class TradeBill(BillFile):
    """Each detail is a payment (SUCCESS) or a refund (REFUND, or REVOKED where the payment itself was taken back)."""

    needed: ClassVar[Mapping[str, str]] = {
        "交易时间": MOMENT,
        "商户号": NUMBER,
        "微信订单号": NUMBER,
        "商户订单号": NUMBER,
        "交易状态": NUMBER,
        "微信退款单号": OPTIONAL_NUMBER,
        "商户退款单号": OPTIONAL_NUMBER,
        "退款状态": OPTIONAL_NUMBER,
        "应结订单金额": AMOUNT,
        "退款金额": AMOUNT,
        "充值券退款金额": AMOUNT,
        "订单金额": AMOUNT,
        "申请退款金额": AMOUNT,
    }

    def __init__(self, file: BinaryIO, merchant_id: str, day: date) -> None:
        super().__init__(file, merchant_id, day)
        self._fen, self._moments = Amounts(), Moments()
        self._payments = 0
        self._totals = [0] * len(_TOTALS)

    def read(self, columns: Sequence[Column], first: int) -> Portion:
        """Lines of the needed columns in their order, the first of them with that number; adds up their sums."""
        moments, merchants, transactions, orders, states, refund_ids, refund_nos, refund_states, *yuan = columns
        due, returned, coupons, ordered, asked = map(self._fen.of, yuan)
        for place, column in enumerate((due, returned, coupons, ordered, asked)):
            self._totals[place] += sum(column)
        if merchants.count(self.merchant_id) != len(merchants):
            raise FaultyBill(BillFault.OTHER_MERCHANT)
        if not set(states) <= _KINDS.keys():
            raise FaultyBill(BillFault.WRONG_LINE, "neither payment nor refund")
        kinds = [_KINDS[state] for state in states]
        if {moment[:10] for moment in set(compress(moments, map(_PAYMENT.__eq__, kinds)))} - {self.day}:
            raise FaultyBill(BillFault.OTHER_DAY)
        self._payments += kinds.count(_PAYMENT)
        amounts, dues, outcomes = ordered, due, list(states)
        ids: list[str | None] = [None] * len(kinds)
        numbers = ids.copy()
        for at in [at for at, kind in enumerate(kinds) if kind is _REFUND]:
            amounts[at], dues[at], outcomes[at] = asked[at], returned[at], refund_states[at] or states[at]
            ids[at], numbers[at] = number_of(refund_ids[at]), optional_number(refund_nos[at])
        if not all(amounts) or not all(map(le, dues, amounts)):
            raise FaultyBill(BillFault.WRONG_LINE, "what is due and what was ordered do not fit")
        happened = [*map(self._moments.__getitem__, moments)]
        lines = range(first, first + len(kinds))
        return Portion((lines, kinds, orders, transactions, numbers, ids, outcomes, amounts, dues, happened))

    def check(self, summary: Mapping[str, str]) -> None:
        """Every total but that of fees, of which WeChat writes five places and adds up otherwise."""
        agree("总交易单数", count_of(summary["总交易单数"]), self.count, self._payments)
        for name, ours in zip(_TOTALS, self._totals, strict=True):
            agree(name, fen_of(summary[name]), ours)
