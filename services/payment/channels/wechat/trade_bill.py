"""The trade bill (交易账单) of type ALL: payments and refunds of a day.

Whether 总交易单数 counts refunds is not written down anywhere: both are believed. The sums leave no line out.
"""

from collections.abc import Iterator, Mapping

from services.payment.channels.bills import BillFault, FaultyBill, TradeKind, TradeLine
from services.payment.channels.wechat.bill_file import BillFile, Detail, agree
from services.payment.channels.wechat.bill_values import (
    Amounts,
    count_of,
    fen_of,
    moment_of,
    number_of,
    optional_number,
)

_PAID = "SUCCESS"
_GIVEN_BACK = ("REFUND", "REVOKED")
_NO_REFUND: tuple[str | None, str | None] = (None, None)
_TOTALS = ("应结订单总金额", "退款总金额", "充值券退款总金额", "订单总金额", "申请退款总金额")


class TradeBill(BillFile):
    """Each detail is a payment (SUCCESS) or a refund (REFUND, or REVOKED where the payment itself was taken back)."""

    needed = (
        "交易时间",
        "商户号",
        "微信订单号",
        "商户订单号",
        "交易状态",
        "微信退款单号",
        "商户退款单号",
        "退款状态",
        "应结订单金额",
        "退款金额",
        "充值券退款金额",
        "订单金额",
        "申请退款金额",
    )
    _payments = 0
    _totals = (0,) * len(_TOTALS)

    def read(self, details: Iterator[Detail]) -> list[TradeLine]:
        """The lines, and their sums added to those so far."""
        fen, day, merchant_id = Amounts(), self.day, self.merchant_id
        lines: list[TradeLine] = []
        sums: list[tuple[int, ...]] = [self._totals]
        for moment, merchant, transaction, order, state, refund_id, refund_no, refund_state, *yuan in details:
            self.count += 1
            due, returned, _, ordered, asked = amounts = tuple([fen[each] for each in yuan])
            sums.append(amounts)
            if merchant != merchant_id:
                raise FaultyBill(BillFault.OTHER_MERCHANT)
            if state == _PAID:
                if moment[:10] != day:
                    raise FaultyBill(BillFault.OTHER_DAY)
                self._payments += 1
                kind, refund, outcome, amount = TradeKind.PAYMENT.value, _NO_REFUND, state, (ordered, due)
            elif state in _GIVEN_BACK:
                kind, amount = TradeKind.REFUND.value, (asked, returned)
                refund, outcome = (optional_number(refund_no), number_of(refund_id)), number_of(refund_state or state)
            else:
                raise FaultyBill(BillFault.WRONG_LINE, "neither payment nor refund")
            if not 0 <= amount[1] <= amount[0] or not amount[0]:
                raise FaultyBill(BillFault.WRONG_LINE, "what is due and what was ordered do not fit")
            numbers = number_of(order), number_of(transaction)
            lines.append(TradeLine(self.count, kind, *numbers, *refund, outcome, *amount, moment_of(moment)))
        self._totals = tuple(map(sum, zip(*sums, strict=True)))
        return lines

    def check(self, summary: Mapping[str, str]) -> None:
        """Every total but that of fees, of which WeChat writes five places and adds up otherwise."""
        agree("总交易单数", count_of(summary["总交易单数"]), self.count, self._payments)
        for name, ours in zip(_TOTALS, self._totals, strict=True):
            agree(name, fen_of(summary[name]), ours)
