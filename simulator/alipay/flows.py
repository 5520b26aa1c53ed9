"""The seller's balance at Alipay: what it books of each payment and refund, and the next morning's payout (提现)."""

from dataclasses import dataclass
from datetime import date, timedelta

from simulator.alipay.account import AlipayAccount, written

_PAID_OUT_AT = "05:00:00"


@dataclass(frozen=True, slots=True)
class AlipayFlow:
    """A movement of the balance; ``business_no`` is the trade's number, and of a refund the refund's."""

    moment: str
    flow_no: str
    business_no: str
    order_no: str
    business: str
    amount_fen: int


def flows_of(account: AlipayAccount, day: str) -> list[AlipayFlow]:
    """What Alipay books on a day, the payout of yesterday's money among it, in the order of time."""
    moved = moved_on(account, day)
    yesterday = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    owed = settled_fen(account, yesterday)
    if owed:
        number = f"PO{account.seller_id}{day.replace('-', '')}"
        business = "提现" if owed > 0 else "充值"
        moved.append(AlipayFlow(f"{day} {_PAID_OUT_AT}", f"F{number}", number, "", business, -owed))
    return sorted(moved, key=lambda flow: (flow.moment, flow.flow_no))


def moved_on(account: AlipayAccount, day: str) -> list[AlipayFlow]:
    """Payments and refunds of a day as the balance has them."""
    taken = [
        AlipayFlow(written(each["moment"]), f"F{number}", number, each["order"], "交易付款", each["received_fen"])
        for number, each in account.taken_on(day).items()
    ]
    return taken + [
        AlipayFlow(
            written(each["moment"]),
            f"F{number}",
            number,
            account.trade(each["trade"])["order"],
            "交易退款",
            -each["amount_fen"],
        )
        for number, each in account.given_back_on(day).items()
    ]


def settled_fen(account: AlipayAccount, day: str) -> int:
    """What a day's payments and refunds come to."""
    return sum(flow.amount_fen for flow in moved_on(account, day))
