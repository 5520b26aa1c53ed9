"""The daily bills of a seller's account, out of what Alipay knows itself; a day's bill is there when it is over."""

from datetime import date, timedelta

from simulator.alipay.account import AlipayAccount, AlipayRefusal, written
from simulator.alipay.bill_files import AlipayTradeRow, account_bill, packed, trade_bill
from simulator.alipay.flows import flows_of, settled_fen

TRADE, ACCOUNT = "trade", "signcustomer"


def address(account: AlipayAccount, bill_type: str, day: str, base_url: str) -> str:
    """Where a day's bill is; raises AlipayRefusal where there is none, or none yet."""
    if content(account, bill_type, day) is None:
        raise AlipayRefusal("isp.bill_not_exist")
    return f"{base_url.rstrip('/')}/downloadBillFile.resource?bizType={bill_type}&bizDates={day}"


def content(account: AlipayAccount, bill_type: str, day: str) -> bytes | None:
    """The packed bill of a day; None where there was no business, or the day is not over."""
    if date.fromisoformat(day) >= account.day.today:
        return None
    seller_id = account.seller_id
    if bill_type == TRADE:
        rows = sorted(_trades(account, day), key=lambda row: (row.moment, row.refund_no, row.trade_no))
        file = trade_bill(rows, seller_id=seller_id, day=day) if rows else None
        name = "业务明细"
    else:
        flows = flows_of(account, day)
        yesterday = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
        balance_fen = settled_fen(account, yesterday)
        file = account_bill(flows, balance_fen=balance_fen, seller_id=seller_id, day=day) if flows else None
        name = "账务明细"
    return packed(file, f"{seller_id}0156_{day.replace('-', '')}_{name}") if file is not None else None


def _trades(account: AlipayAccount, day: str) -> list[AlipayTradeRow]:
    paid = [
        AlipayTradeRow(written(each["moment"]), number, each["order"], each["amount_fen"], each["received_fen"])
        for number, each in account.taken_on(day).items()
    ]
    return paid + [
        AlipayTradeRow(
            written(each["moment"]),
            each["trade"],
            account.trade(each["trade"])["order"],
            -each["amount_fen"],
            -each["amount_fen"],
            number,
        )
        for number, each in account.given_back_on(day).items()
    ]
