"""The trade bill (交易账单) of type ALL: payments and refunds of a day.

Whether 总交易单数 counts refunds is not written down anywhere: both are believed. The sums leave no line out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import BinaryIO, ClassVar

from services.payment.channels.bills import BillFault, FaultyBill, TradeKind, TradeLine
from services.payment.channels.wechat.bill_file import BillFile, Detail, agree
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
_PAID = "SUCCESS"
_GIVEN_BACK = ("REFUND", "REVOKED")
_NO_REFUND: tuple[str | None, str | None] = (None, None)
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
        self._moments = Moments()
        self._payments = 0
        # How often which amounts stand together: of these there are few, and they are added up at the end.
        self._amounts: Counter[tuple[str, ...]] = Counter()

    def read(self, details: Iterator[Detail]) -> list[TradeLine]:
        """The lines; their amounts are counted, and added up at the end."""
        fen, moments = Amounts(), self._moments
        lines: list[TradeLine] = []
        amounts: list[tuple[str, ...]] = []
        for detail in details:
            self.count += 1
            moment, merchant, transaction, order, state, refund_id, refund_no, refund_state = detail[:8]
            amounts.append(detail[8:])
            due, returned, _, ordered, asked = detail[8:]
            if merchant != self.merchant_id:
                raise FaultyBill(BillFault.OTHER_MERCHANT)
            refund, outcome = _NO_REFUND, state
            if state == _PAID:
                if moment[:10] != self.day:
                    raise FaultyBill(BillFault.OTHER_DAY)
                self._payments += 1
                kind, amount_fen, due_fen = _PAYMENT, fen[ordered], fen[due]
            elif state in _GIVEN_BACK:
                kind, amount_fen, due_fen = _REFUND, fen[asked], fen[returned]
                refund, outcome = (optional_number(refund_no), number_of(refund_id)), number_of(refund_state or state)
            else:
                raise FaultyBill(BillFault.WRONG_LINE, "neither payment nor refund")
            if not 0 <= due_fen <= amount_fen or not amount_fen:
                raise FaultyBill(BillFault.WRONG_LINE, "what is due and what was ordered do not fit")
            numbers = number_of(order), number_of(transaction)
            lines.append(TradeLine(self.count, kind, *numbers, *refund, outcome, amount_fen, due_fen, moments[moment]))
        self._amounts.update(amounts)
        return lines

    def check(self, summary: Mapping[str, str]) -> None:
        """Every total but that of fees, of which WeChat writes five places and adds up otherwise."""
        agree("总交易单数", count_of(summary["总交易单数"]), self.count, self._payments)
        fen = Amounts()
        for place, name in enumerate(_TOTALS):
            ours = sum(times * fen[amounts[place]] for amounts, times in self._amounts.items())
            agree(name, fen_of(summary[name]), ours)
