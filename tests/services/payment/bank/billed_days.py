"""A channel's days as its bills have them: what people paid through payment, what the bills say besides, payouts."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from simulator.wechat.bill_files import FlowRow, TradeRow, fund_flow_bill, trade_bill
from tests.harness.assessments import DUE_FEN
from tests.harness.wechat_peer import APPID, MCHID
from tests.services.payment.running_payment import RunningPayment

FIRST, SECOND, THIRD, FOURTH = "2023-10-08", "2023-10-09", "2023-10-10", "2023-10-11"


@dataclass
class BilledDays:
    """Rows of the two bills by day, offered when their day is over."""

    payment: RunningPayment
    trades: dict[str, list[TradeRow]] = field(default_factory=dict)
    flows: dict[str, list[FlowRow]] = field(default_factory=dict)
    balance_fen: int = 0

    async def pay(self, moment: str, *, booked: str | None = None, in_bill: bool = True) -> UUID:
        """Somebody pays at a moment; the channel books it then, or at another one."""
        (person,) = await self.payment.bill()
        order = await self.payment.order(person)
        await self.payment.paid(order, success_time=f"{moment.replace(' ', 'T')}+08:00")
        if in_bill:
            transaction = await self.payment.one(
                "SELECT transaction_id FROM payment WHERE order_no = $1", order["order_no"]
            )
            self.bill_payment(moment, transaction, order["order_no"], booked=booked)
        return person

    def bill_payment(
        self, moment: str, transaction: str, order: str, fen: int = DUE_FEN, *, booked: str | None = None
    ) -> None:
        """The bills have a payment."""
        self.trades.setdefault(moment[:10], []).append(TradeRow(moment, transaction, order, fen))
        self.flow(booked or moment, transaction, "交易", fen, voucher=order)

    def bill_refund(self, moment: str, transaction: str, refund_id: str, refund_no: str, fen: int = DUE_FEN) -> None:
        """The bills have a refund."""
        row = TradeRow(moment, transaction, "ORDER", fen, 0, refund_id, refund_no, fen)
        self.trades.setdefault(moment[:10], []).append(row)
        self.flow(moment, refund_id, "退款", -fen, voucher=refund_no)

    def payout(self, moment: str, fen: int) -> None:
        """The channel pays out to the bank account."""
        self.flow(moment, f"W{moment[:10]}{fen}", "提现" if fen > 0 else "充值", -fen)

    def flow(self, moment: str, business_no: str, business: str, fen: int, *, voucher: str = "") -> None:
        """The merchant's balance moves."""
        number = business_no.replace("-", "")
        row = FlowRow(moment, number, f"F{number}", business, fen, voucher)
        self.flows.setdefault(moment[:10], []).append(row)

    async def over(self, day: str) -> None:
        """A day is over: its bills are offered, and it is the next one."""
        trades = sorted(self.trades.get(day, []), key=lambda row: row.moment)
        flows = sorted(self.flows.get(day, []), key=lambda row: row.moment)
        bills = self.payment.peer.bills
        none = "NO_STATEMENT_EXIST"
        bills.put("TRADE", day, trade_bill(trades, appid=APPID, mchid=MCHID) if trades else none)
        bills.put("FUND_FLOW", day, fund_flow_bill(flows, balance_fen=self.balance_fen) if flows else none)
        self.balance_fen += sum(row.amount_fen for row in flows)
        tomorrow = date.fromisoformat(day) + timedelta(days=1)
        await self.payment.installation.set_business_date(tomorrow, "payment")
