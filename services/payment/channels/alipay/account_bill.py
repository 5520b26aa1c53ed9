"""The account bill (账务明细, type ``signcustomer``): every movement of the seller's balance.

提现 is a payout to the bank. It may run backwards in time. Lines are numbered in the order of time, because a payout
covers what comes before it. The balance is kept as it is said and proves nothing: Alipay does not promise that it is
continuous. Which column names a refund depends on the product that was signed for, and no public source says it for
all: it is a setting of the seller.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import BinaryIO, ClassVar

from services.payment.channels.alipay.bill_archive import ArchiveLimits
from services.payment.channels.alipay.bill_file import AlipayBillFile, Row, agree, column_name
from services.payment.channels.alipay.bill_values import billed_moment, fen_of, number_of
from services.payment.channels.bills import BillFault, FaultyBill, FlowKind, Portion

_IN, _OUT = "收入合计", "支出合计"
# The newer words for what older bills call 在线支付.
_PAID = ("在线支付", "交易付款", "交易")
_REFUND, _PAYOUT, _RECHARGE, _FEES = "退款", "提现", "充值", ("收费", "服务费", "手续费")
_REMARK_LIMIT = 512
_TWO = 2
_SUMS = ("收入金额", "支出金额", "账户余额")
_COLUMNS = (
    *("账务流水号", "业务流水号", "商户订单号", "发生时间"),
    *("收入金额", "支出金额", "账户余额", "业务类型", "备注"),
)


class AlipayAccountBill(AlipayBillFile):
    """Each row is one movement: its income, or its expense."""

    table: ClassVar[str] = "账务明细列表"

    def __init__(self, file: BinaryIO, seller_id: str, day: date, limits: ArchiveLimits, *, refund_column: str) -> None:
        super().__init__(file, seller_id, day, limits)
        self._refund_column = refund_column
        self._totals = {_IN: (0, 0), _OUT: (0, 0)}
        self._rows, self._runs_backwards = self._looked_over()

    @property
    def needed(self) -> Sequence[str]:
        """The columns that are read; the last one names a refund."""
        return (*_COLUMNS, self._refund_column)

    def read(self, rows: Sequence[Row], first: int) -> Portion:
        """Rows of the needed columns in their order, the first of them with that number; adds up their sums."""
        last = first + len(rows) - 1
        if last > self._rows:
            raise FaultyBill(BillFault.WRONG_LINE, "more rows than lines")
        numbers: Sequence[int] = range(first, last + 1)
        if self._runs_backwards:
            numbers, rows = range(self._rows - last + 1, self._rows - first + 2), rows[::-1]
        columns = tuple(zip(*(self._line(row) for row in rows), strict=True))
        return Portion((numbers, *columns))

    def _line(self, row: Row) -> tuple[object, ...]:
        flow_no, business_no, order_no, at, income, expense, balance, business, remark, refund_no = row
        moment = billed_moment(at)
        if not at.startswith(self._day.isoformat()):
            raise FaultyBill(BillFault.OTHER_DAY)
        come, gone = _sum(income), _sum(expense)
        if (come == 0) == (gone == 0):
            raise FaultyBill(BillFault.WRONG_LINE, "neither income nor expense")
        side = _IN if come else _OUT
        count, fen = self._totals[side]
        self._totals[side] = count + 1, fen + come + gone
        kind = _kind(business)
        number = number_of(refund_no if kind == FlowKind.REFUND else business_no or flow_no)
        voucher = refund_no if kind == FlowKind.REFUND else order_no
        said = (voucher[:_REMARK_LIMIT] or None, kind, come - gone, fen_of(balance), remark[:_REMARK_LIMIT])
        return (moment, number_of(flow_no), number, *said)

    def check(self, totals: Mapping[str, tuple[int, int]]) -> None:
        """Counts and sums of income and expense."""
        for name in (_IN, _OUT):
            count, fen = totals[name]
            agree(name, (count, abs(fen)), self._totals[name])

    def _looked_over(self) -> tuple[int, bool]:
        """How many rows there are, and whether they run backwards: by their moments, within a second by the balance."""
        names: list[str] = []
        rows = 0
        first: list[str] = []
        second: list[str] = []
        last: list[str] = []
        for text in self._archive.pieces():
            for line in text.split("\n"):
                if line.startswith("#") or not line.strip():
                    continue
                values = [value.strip() for value in line.split(",")]
                if not names:
                    names = [column_name(name) for name in values]
                    continue
                rows += 1
                last = values
                first, second = first or last, second or (last if rows > 1 else [])
        if rows < _TWO or not {"发生时间", *_SUMS} <= set(names) or min(map(len, (first, second, last))) < len(names):
            return rows, False
        at = names.index("发生时间")
        if first[at] != last[at]:
            return rows, first[at] > last[at]
        come, gone, balance = (names.index(name) for name in _SUMS)
        moved = _sum(first[come]) - _sum(first[gone])
        return rows, fen_of(first[balance]) == fen_of(second[balance]) + moved


def _sum(written: str) -> int:
    """An income or expense, whose sign its column says already; nothing where it is blank."""
    return abs(fen_of(written)) if written else 0


@lru_cache(maxsize=256)
def _kind(business: str) -> str:
    if _REFUND in business:
        return FlowKind.REFUND.value
    if business in _PAID:
        return FlowKind.PAYMENT.value
    if _PAYOUT in business or business == _RECHARGE:
        # A recharge is a payout the other way: from the bank account to the balance.
        return FlowKind.PAYOUT.value
    is_fee = any(word in business for word in _FEES)
    return FlowKind.FEE.value if is_fee else FlowKind.OTHER.value
