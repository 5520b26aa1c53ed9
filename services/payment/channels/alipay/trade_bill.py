"""The trade bill (业务明细, type ``trade``): payments (交易) and refunds (退款) of a day.

Both have the same 支付宝交易号: a refund is known by its 退款批次号/请求号, the number that it was asked for under.
商家实收 is what the seller gets, less where a coupon of the seller paid a part.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import BinaryIO, ClassVar

from services.payment.channels.alipay.bill_archive import ArchiveLimits
from services.payment.channels.alipay.bill_file import AlipayBillFile, Row, agree
from services.payment.channels.alipay.bill_values import billed_moment, fen_of, number_of
from services.payment.channels.bills import BillFault, FaultyBill, Portion, TradeKind

_KINDS = {"交易": TradeKind.PAYMENT.value, "退款": TradeKind.REFUND.value}
_PAYMENT = TradeKind.PAYMENT.value
_TOTALS = {"交易合计": TradeKind.PAYMENT.value, "退款合计": TradeKind.REFUND.value}
_OUTCOME = "SUCCESS"


class AlipayTradeBill(AlipayBillFile):
    """Each row is a payment, positive, or a refund, negative."""

    table: ClassVar[str] = "业务明细列表"
    needed: ClassVar[Sequence[str]] = (
        *(
            "支付宝交易号",
            "商户订单号",
            "业务类型",
            "完成时间",
            "订单金额（元）",
            "商家实收（元）",
            "退款批次号/请求号",
        ),
    )

    def __init__(self, file: BinaryIO, seller_id: str, day: date, limits: ArchiveLimits) -> None:
        super().__init__(file, seller_id, day, limits)
        self._counts = dict.fromkeys(_KINDS.values(), 0)
        self._received = dict.fromkeys(_KINDS.values(), 0)

    def read(self, rows: Sequence[Row], first: int) -> Portion:
        """Rows of the needed columns in their order, the first of them with that number; adds up their sums."""
        lines = [self._line(row) for row in rows]
        columns = tuple(zip(*lines, strict=True))
        return Portion((range(first, first + len(rows)), *columns))

    def _line(self, row: Row) -> tuple[object, ...]:
        trade_no, order_no, said, done_at, ordered, received, refund_no = row
        kind = _KINDS.get(said)
        if kind is None:
            raise FaultyBill(BillFault.WRONG_LINE, "neither payment nor refund")
        is_payment = kind == _PAYMENT
        sign = 1 if is_payment else -1
        amount_fen, due_fen = sign * fen_of(ordered), sign * fen_of(received)
        if amount_fen <= 0 or not 0 <= due_fen <= amount_fen:
            raise FaultyBill(BillFault.WRONG_LINE, "what is due and what was ordered do not fit")
        if is_payment and not done_at.startswith(self._day.isoformat()):
            raise FaultyBill(BillFault.OTHER_DAY)
        self._counts[kind] += 1
        self._received[kind] += sign * due_fen
        given_back = None if is_payment else number_of(refund_no)
        numbers = (number_of(order_no), number_of(trade_no), given_back, given_back)
        return (kind, *numbers, _OUTCOME, amount_fen, due_fen, billed_moment(done_at))

    def check(self, totals: Mapping[str, tuple[int, int]]) -> None:
        """Count and 商家实收 of payments, and of refunds."""
        for name, kind in _TOTALS.items():
            agree(name, totals[name], (self._counts[kind], self._received[kind]))
